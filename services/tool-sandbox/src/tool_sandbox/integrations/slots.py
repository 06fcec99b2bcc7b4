"""Which times are free: working hours, length, notice, and what is taken (rule I5). Pure."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tool_sandbox.integrations.port import Busy, CalendarRules


def opening(rules: CalendarRules, day: date) -> tuple[datetime, datetime] | None:
    """When appointments of a day may begin and must have ended; None on a day off. Days with a clock change are as long as they are."""
    hours = rules.hours.get(day.weekday())
    if hours is None:
        return None
    zone = ZoneInfo(rules.timezone)
    start, end = (_at(day, minutes, zone) for minutes in hours)
    return (start, end) if start < end else None


def free_slots(
    rules: CalendarRules, day: date, busy: Iterable[Busy], now: datetime, *, minutes: int | None = None
) -> list[tuple[datetime, datetime]]:
    """Slots of the day in the rules' time zone, in order, `slot_minutes` apart."""
    hours = opening(rules, day)
    if hours is None or not _is_bookable(rules, day, now):
        return []
    length, step = timedelta(minutes=minutes or rules.slot_minutes), timedelta(minutes=rules.slot_minutes)
    taken = _padded(rules, busy)
    found: list[tuple[datetime, datetime]] = []
    start = hours[0].astimezone(UTC)
    while start + length <= hours[1]:
        if start >= now + timedelta(minutes=rules.notice_minutes) and not _overlaps(start, start + length, taken):
            found.append((start.astimezone(hours[0].tzinfo), (start + length).astimezone(hours[0].tzinfo)))
        start += step
    return found


def refusal(rules: CalendarRules, start: datetime, end: datetime, busy: Iterable[Busy], now: datetime) -> str | None:
    """Why an appointment cannot be made, for the caller's ears; None: it can."""
    zone = ZoneInfo(rules.timezone)
    day = start.astimezone(zone).date()
    hours = opening(rules, day)
    if start < now + timedelta(minutes=rules.notice_minutes):
        return "that time is too soon" if start > now else "that time is in the past"
    if not _is_bookable(rules, day, now):
        return f"appointments can be made {rules.days_ahead} days ahead at most"
    if hours is None or start < hours[0] or end > hours[1]:
        return "that is outside of working hours"
    if _overlaps(start, end, _padded(rules, busy)):
        return "that time is taken"
    return None


def _is_bookable(rules: CalendarRules, day: date, now: datetime) -> bool:
    today = now.astimezone(ZoneInfo(rules.timezone)).date()
    return today <= day <= today + timedelta(days=rules.days_ahead)


def _padded(rules: CalendarRules, busy: Iterable[Busy]) -> list[Busy]:
    pad = timedelta(minutes=rules.buffer_minutes)
    return [Busy(one.start - pad, one.end + pad) for one in busy]


def _overlaps(start: datetime, end: datetime, busy: Iterable[Busy]) -> bool:
    return any(start < one.end and one.start < end for one in busy)


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # 24:00 is the next day's beginning.
    whole, rest = divmod(minutes, 24 * 60)
    moment = datetime(day.year, day.month, day.day, rest // 60, rest % 60, tzinfo=zone)
    return moment + timedelta(days=whole)
