"""`integrations` as tool code sees it (rules I2, I3). Only the listed methods can be reached; accounts and their secrets stay on this side."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic_monty import ClassInstance

from tool_sandbox.backends.port import BackendError
from tool_sandbox.execution.host_calls import HostCalls
from tool_sandbox.execution.rehearsal import Rehearsal
from tool_sandbox.integrations.port import Booking, Busy, CalendarAccount, CalendarRules, EmailAccount, Mail, MessagingAccount
from tool_sandbox.integrations.registry import Connected
from tool_sandbox.integrations.slots import free_slots, opening, refusal

Answer = Coroutine[Any, Any, Any]
EMAIL_METHODS: Final = frozenset({"send"})
CALENDAR_METHODS: Final = frozenset({"get_available_slots", "book"})
WHATSAPP_METHODS: Final = frozenset({"send"})
_MAX_TEXT: Final = 100_000
_MAX_SLOTS: Final = 50
_REHEARSED: Final = "REHEARSED"


class EmailObject:
    """`integrations.get("email")`."""

    def __init__(self, account: EmailAccount, calls: HostCalls, run_key: str, rehearsal: Rehearsal | None) -> None:
        self._account = account
        self._calls = calls
        self._run_key = run_key
        self._rehearsal = rehearsal
        self._count = 0

    def send(self, to: Any, subject: Any, body_text: Any, body_html: Any = None) -> Answer:
        """Send one mail; the message id."""
        self._count += 1
        mail = Mail(
            _text(to, "to").strip(),
            _text(subject, "subject"),
            _text(body_text, "body_text"),
            None if body_html is None else _text(body_html, "body_html"),
            f"{self._run_key}/email/{self._count}",
        )
        arguments = {"to": mail.to, "subject": mail.subject, "body_text": mail.body_text, "body_html": mail.body_html}
        return _performed(self._calls, self._rehearsal, "email", "send", arguments, lambda: self._account.send(mail))


class CalendarObject:
    """`integrations.get("calendar")`."""

    def __init__(
        self, account: CalendarAccount, rules: CalendarRules, lock: asyncio.Lock, calls: HostCalls, run_key: str, rehearsal: Rehearsal | None
    ) -> None:
        self._account = account
        self._rules = rules
        self._lock = lock
        self._calls = calls
        self._run_key = run_key
        self._rehearsal = rehearsal
        self._count = 0

    def get_available_slots(self, date: Any, duration_minutes: Any = None, limit: Any = None) -> Answer:
        """Free times of a day: `[{"start": …, "end": …}]`, ISO 8601 in the calendar's time zone."""
        day = _day(date)
        minutes = None if duration_minutes is None else _whole(duration_minutes, "duration_minutes", 5, 24 * 60)
        most = _MAX_SLOTS if limit is None else _whole(limit, "limit", 1, _MAX_SLOTS)
        arguments = [day.isoformat(), minutes, most]
        return self._calls.perform("calendar.get_available_slots", arguments, lambda: self._slots(day, minutes, most), is_write=False)

    def book(
        self,
        start: Any,
        title: Any,
        duration_minutes: Any = None,
        attendee_name: Any = None,
        attendee_email: Any = None,
        attendee_phone: Any = None,
        notes: Any = None,
    ) -> Answer:
        """Make an appointment; a time that is taken, outside of working hours or too soon is refused with the free ones of that day."""
        self._count += 1
        begin = _moment(start, self._rules)
        end = begin + timedelta(
            minutes=self._rules.slot_minutes if duration_minutes is None else _whole(duration_minutes, "duration_minutes", 5, 24 * 60)
        )
        named = {"Name": attendee_name, "Phone": attendee_phone, "E-mail": attendee_email, "Notes": notes}
        about = "\n".join(f"{name}: {_text(value, name)}" for name, value in named.items() if value)
        email = None if not attendee_email else _text(attendee_email, "attendee_email").strip()
        booking = Booking(begin, end, _text(title, "title"), about, email, f"{self._run_key}/calendar/{self._count}")
        arguments = {"start": begin.isoformat(), "end": end.isoformat(), "title": booking.title, "description": about, "attendee_email": email}
        if self._rehearsal is not None:
            return _performed(self._calls, self._rehearsal, "calendar", "book", arguments, _nothing, first=lambda: self._possible(booking))
        return self._calls.perform_repeatable(
            "calendar.book", list(arguments.values()), lambda is_repeated: self._book(booking, is_repeated=is_repeated)
        )

    async def _slots(self, day: date, minutes: int | None, most: int) -> list[dict[str, str]]:
        slots = free_slots(self._rules, day, await self._busy(day), datetime.now(UTC), minutes=minutes)
        return [{"start": start.isoformat(), "end": end.isoformat()} for start, end in slots[:most]]

    async def _busy(self, day: date) -> list[Busy]:
        hours = opening(self._rules, day)
        return [] if hours is None else await self._account.busy(hours[0] - timedelta(days=1), hours[1] + timedelta(days=1))

    async def _possible(self, booking: Booking) -> None:
        now = datetime.now(UTC)
        day = booking.start.astimezone(ZoneInfo(self._rules.timezone)).date()
        busy = await self._busy(day)
        why = refusal(self._rules, booking.start, booking.end, busy, now)
        if why is not None:
            length = int((booking.end - booking.start).total_seconds() // 60)
            free = [start.strftime("%H:%M") for start, _ in free_slots(self._rules, day, busy, now, minutes=length)[:8]]
            rest = f"; free that day: {', '.join(free)}" if free else "; nothing is free that day"
            raise BackendError(why + rest, kind="validation", vendor="calendar")

    async def _book(self, booking: Booking, *, is_repeated: bool) -> dict[str, str]:
        async with self._lock:
            if not is_repeated:
                await self._possible(booking)
            try:
                made = await self._account.add(booking)
            except BackendError as err:
                if not err.is_ambiguous:
                    raise
                # The key makes one event of both.
                made = await self._account.add(booking)
        return {"id": made, "start": booking.start.isoformat(), "end": booking.end.isoformat(), "status": "booked"}


class WhatsAppObject:
    """`integrations.get("whatsapp")`."""

    def __init__(self, account: MessagingAccount, calls: HostCalls, rehearsal: Rehearsal | None) -> None:
        self._account = account
        self._calls = calls
        self._rehearsal = rehearsal

    def send(self, to: Any, body: Any) -> Answer:
        """Send one message; the vendor's id."""
        number, text = _text(to, "to"), _text(body, "body")
        return _performed(self._calls, self._rehearsal, "whatsapp", "send", {"to": number, "body": text}, lambda: self._account.send(number, text))


def integrations_for_sandbox(
    accounts: Mapping[str, Connected], calls: HostCalls, run_key: str, rehearsal: Rehearsal | None = None
) -> dict[str, ClassInstance]:
    """What the worker gets: for each attached account a reference and its method names."""
    found: dict[str, ClassInstance] = {}
    for category, account in accounts.items():
        if account.email is not None:
            found[category] = ClassInstance(EmailObject(account.email, calls, run_key, rehearsal), allowed_methods=EMAIL_METHODS)
        elif account.calendar is not None and account.rules is not None:
            calendar = CalendarObject(account.calendar, account.rules, account.booking, calls, run_key, rehearsal)
            found[category] = ClassInstance(calendar, allowed_methods=CALENDAR_METHODS)
        elif account.whatsapp is not None:
            found[category] = ClassInstance(WhatsAppObject(account.whatsapp, calls, rehearsal), allowed_methods=WHATSAPP_METHODS)
    return found


def _performed(
    calls: HostCalls,
    rehearsal: Rehearsal | None,
    category: str,
    method: str,
    arguments: dict[str, Any],
    work: Callable[[], Awaitable[Any]],
    *,
    first: Callable[[], Awaitable[None]] | None = None,
) -> Answer:
    """`first` is what even a rehearsal may ask."""

    async def rehearse() -> Any:
        if first is not None:
            await first()
        assert rehearsal is not None
        rehearsal.note(f"{category}.{method}", {name: value for name, value in arguments.items() if value is not None})
        return {**arguments, "id": _REHEARSED, "status": "booked"} if method == "book" else _REHEARSED

    return calls.perform(f"{category}.{method}", list(arguments.values()), rehearse if rehearsal is not None else work, is_write=True)


async def _nothing() -> None:
    """A rehearsal sends nothing."""


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a text")
    if len(value) > _MAX_TEXT:
        raise ValueError(f"{what} may have {_MAX_TEXT} characters at most")
    return value


def _whole(value: Any, what: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise TypeError(f"{what} must be a whole number from {low} to {high}")
    return value


def _day(value: Any) -> date:
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else _plain(value)
    except ValueError as err:
        raise ValueError("date must be a day such as 2027-03-15") from err


def _plain(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise TypeError("date must be a day such as 2027-03-15")


def _moment(value: Any, rules: CalendarRules) -> datetime:
    """A time without zone is one of the calendar's own."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value, "start"))
    except ValueError as err:
        raise ValueError("start must be a time such as 2027-03-15T10:30") from err
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(rules.timezone))
