"""A vendor's wire as messages in and out: no sockets, and no clock of its own."""

from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Reply(Generic[T_co]):
    """What follows: messages to send (behind audio that waits) and events to pass on, each in order."""

    messages: tuple[str, ...] = ()
    events: tuple[T_co, ...] = ()


NOTHING: Final[Reply[Any]] = Reply()


class Dialogue(Protocol[T_co]):
    """One session. Times are seconds of the event loop's clock."""

    @property
    def vendor(self) -> str: ...

    @property
    def opening(self) -> tuple[str, ...]:
        """Messages that set the session up, before any audio."""
        ...

    @property
    def is_ready(self) -> bool:
        """True: the vendor has accepted the session."""
        ...

    @property
    def due_s(self) -> float | None:
        """When `elapsed` is to be called if nothing else happens."""
        ...

    def read(self, message: str | bytes, now_s: float) -> Reply[T_co]:
        """One message of the vendor. Raises DependencyError for a failure that ends the session and for what cannot be read."""
        ...

    def elapsed(self, now_s: float) -> Reply[T_co]:
        """`due_s` is over. Raises DependencyError when the vendor owes an answer."""
        ...
