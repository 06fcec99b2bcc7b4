"""Slows down guessing of passwords."""

from collections import OrderedDict
from time import monotonic

from callstage_domain.errors import LimitExceeded

_WINDOW_S = 300.0
_MAX_FAILURES = 10
_MAX_NAMES = 10_000


class FailedAttempts:
    """Failures per e-mail address in this process; after ten in five minutes further tries are refused."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Raises LimitExceeded when there were too many."""
        recent = [moment for moment in self._failures.get(name, []) if monotonic() - moment < _WINDOW_S]
        if len(recent) >= _MAX_FAILURES:
            wait_s = int(_WINDOW_S - (monotonic() - recent[0])) + 1
            raise LimitExceeded("too many failed sign-ins; try again later", details={"retry_after_s": wait_s})

    def failed(self, name: str) -> None:
        """One more failure; the oldest name is forgotten when there are too many names."""
        recent = [moment for moment in self._failures.pop(name, []) if monotonic() - moment < _WINDOW_S]
        self._failures[name] = [*recent, monotonic()]
        while len(self._failures) > _MAX_NAMES:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failures."""
        self._failures.pop(name, None)
