"""Is this process alive, and should it get traffic (rule MT2)."""

from collections.abc import Callable


class Health:
    """Readiness = every named check is true and the service is not draining. Checks are cheap and do not await."""

    def __init__(self) -> None:
        self._checks: dict[str, Callable[[], bool]] = {}
        self._is_draining = False
        self._listeners: list[Callable[[], None]] = []
        self.loop_lag_s = 0.0
        """How late the event loop is, over the last second or two; kept by `telemetry.loop_lag`."""

    def add(self, name: str, check: Callable[[], bool]) -> None:
        """Readiness needs `check()` to be true."""
        self._checks[name] = check

    def on_drain(self, listener: Callable[[], None]) -> None:
        """Called once when draining begins."""
        self._listeners.append(listener)

    def drain(self) -> None:
        """Stop getting new work; readiness is false from now on."""
        if not self._is_draining:
            self._is_draining = True
            for listener in self._listeners:
                listener()

    @property
    def is_draining(self) -> bool:
        """True once `drain` was called."""
        return self._is_draining

    def report(self) -> dict[str, bool]:
        """Every check by name."""
        return {name: check() for name, check in self._checks.items()} | {"not_draining": not self._is_draining}

    @property
    def is_ready(self) -> bool:
        """True when all of `report` is."""
        return all(self.report().values())
