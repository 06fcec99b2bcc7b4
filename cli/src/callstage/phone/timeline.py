"""What happened on the line, as it happens: kept for the report, told to whoever watches."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Who = Literal["you", "agent", "carrier", "phone"]


@dataclass(frozen=True, slots=True)
class Happening:
    """`at_s` counts from the start of the call."""

    at_s: float
    who: Who
    text: str


class Timeline:
    """Ordered happenings of one call; `now` gives seconds of a monotonic clock."""

    def __init__(self, now: Callable[[], float], watch: Callable[[Happening], None]) -> None:
        self._now = now
        self._watch = watch
        self._start_s = now()
        self.happenings: list[Happening] = []

    @property
    def elapsed_s(self) -> float:
        """Since the start of the call."""
        return self._now() - self._start_s

    def note(self, who: Who, text: str) -> None:
        """Keep it and tell it."""
        happening = Happening(self.elapsed_s, who, text)
        self.happenings.append(happening)
        self._watch(happening)
