"""Which hours or days a series of calls is cut into. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

WITHOUT_START = timedelta(days=30)
"""How far a series without `from` reaches back at most."""
LONGEST = timedelta(days=366)
_SHORTEST_WITHOUT_START = timedelta(days=1)
_HOURS_UP_TO = timedelta(days=3)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """`start` ≤ `end`, at most `LONGEST` apart: up to 73 hours or 367 days."""

    start: datetime
    end: datetime

    @property
    def bucket(self) -> Literal["hour", "day"]:
        """Hours up to three days, days beyond."""
        return "hour" if self.end - self.start <= _HOURS_UP_TO else "day"

    def starts(self, timezone: str) -> list[datetime]:
        """When each hour or day begins, in UTC, rising. The first may begin before the span. Days are 23 to 25 hours long."""
        zone = ZoneInfo(timezone)
        first = self.start.astimezone(zone)
        if self.bucket == "hour":
            hour = first.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
            hours = int((self.end - hour) / timedelta(hours=1)) + 1
            found = [hour + timedelta(hours=number) for number in range(hours)]
        else:
            days = (self.end.astimezone(zone).date() - first.date()).days + 1
            # A day that a zone left out begins with the next one.
            midnights = (datetime.combine(first.date() + timedelta(days=number), time(), zone).astimezone(UTC) for number in range(days))
            found = list(dict.fromkeys(midnights))
        # What begins when the span ends holds nothing.
        return [start for start in found if start < self.end] or found[:1]


def end_of(wanted: datetime | None, now: datetime) -> datetime:
    """No call begins in the future."""
    return now if wanted is None else min(max(_aware(wanted), _EARLIEST), now)


def span_of(wanted: datetime | None, end: datetime, first_call: datetime | None) -> Span:
    """From what was asked for; else from the first call of the last 30 days, but for a whole day at least."""
    if wanted is not None:
        return Span(min(max(_aware(wanted), end - LONGEST), end), end)
    reach = end - WITHOUT_START
    return Span(reach if first_call is None else max(reach, min(first_call, end - _SHORTEST_WITHOUT_START)), end)


def _aware(moment: datetime) -> datetime:
    """Moments without a zone are UTC, as in every filter."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
