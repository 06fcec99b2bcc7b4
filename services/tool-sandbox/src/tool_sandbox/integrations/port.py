"""What tools can do with connected accounts. Failures are `BackendError`, in the vendor's own words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. `key` names it for ever: sent again with the same key it is recognisably the same message."""

    to: str
    subject: str
    body_text: str
    body_html: str | None
    key: str


class EmailAccount(Protocol):
    """A mailbox to send from."""

    async def send(self, mail: Mail) -> str:
        """The message id. Raises BackendError."""
        ...

    async def check(self) -> str:
        """Log in and send nothing; who answered."""
        ...


@dataclass(frozen=True, slots=True)
class Busy:
    """A time that is taken; both with time zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment to be made. `key` as of `Mail`."""

    start: datetime
    end: datetime
    title: str
    description: str
    attendee_email: str | None
    key: str


class CalendarAccount(Protocol):
    """A calendar."""

    async def busy(self, start: datetime, end: datetime) -> list[Busy]:
        """What is taken between these times, in no order."""
        ...

    async def add(self, booking: Booking) -> str:
        """The event's id; the same `key` makes no second event. Raises BackendError."""
        ...

    async def check(self) -> str:
        """Read the calendar's name."""
        ...


class MessagingAccount(Protocol):
    """A sender of short messages."""

    async def send(self, to: str, body: str) -> str:
        """The vendor's id of the message. Raises BackendError."""
        ...

    async def check(self) -> str:
        """Log in and send nothing; who answered."""
        ...


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """When appointments can be made (rule I5). `hours`: weekday (0 is Monday) → (from, until) in minutes of the day, in `timezone`."""

    timezone: str
    hours: dict[int, tuple[int, int]]
    slot_minutes: int = 30
    buffer_minutes: int = 0
    notice_minutes: int = 60
    days_ahead: int = 60
