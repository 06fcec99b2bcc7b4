"""Proves K2: a series of calls is cut into the hours and days of a time zone, and never into more than 367."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from control_api.features.calls.span import LONGEST, Span, end_of, span_of

NOW = datetime(2026, 5, 10, 15, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def test_hours_up_to_three_days_and_days_beyond() -> None:
    assert Span(NOW - 3 * DAY, NOW).bucket == "hour"
    assert Span(NOW - 3 * DAY - timedelta(seconds=1), NOW).bucket == "day"


def test_hours_begin_where_the_zone_begins_them() -> None:
    starts = Span(NOW - timedelta(hours=2), NOW).starts("Asia/Kolkata")
    assert [start.isoformat() for start in starts] == [
        "2026-05-10T12:30:00+00:00",
        "2026-05-10T13:30:00+00:00",
        "2026-05-10T14:30:00+00:00",
    ]


@pytest.mark.parametrize(("year_day", "length_h"), [(datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25)])
def test_days_of_a_clock_change_are_as_long_as_they_are(year_day: datetime, length_h: int) -> None:
    noon = year_day.replace(hour=12, tzinfo=UTC)
    starts = Span(noon - 3 * DAY, noon + 3 * DAY).starts("Europe/Berlin")
    lengths = {(after - before) / timedelta(hours=1) for before, after in pairwise(starts)}
    assert lengths == {24.0, length_h}
    assert len(starts) == 7


def test_an_hour_that_comes_twice_is_two_hours() -> None:
    end = datetime(2026, 10, 25, 3, tzinfo=UTC)
    starts = Span(end - timedelta(hours=4), end).starts("Europe/Berlin")
    assert [start.hour for start in starts] == [23, 0, 1, 2]


def test_a_midnight_that_does_not_exist_and_a_day_that_was_left_out() -> None:
    # Chile's clocks go forward at midnight; Samoa had no 30 December 2011.
    chile = Span(datetime(2026, 9, 3, tzinfo=UTC), datetime(2026, 9, 9, tzinfo=UTC)).starts("America/Santiago")
    samoa = Span(datetime(2011, 12, 27, tzinfo=UTC), datetime(2012, 1, 3, tzinfo=UTC)).starts("Pacific/Apia")
    for starts in (chile, samoa):
        assert starts == sorted(set(starts))


@pytest.mark.parametrize(
    ("wanted", "first", "start"),
    [
        (NOW - 5 * DAY, None, NOW - 5 * DAY),
        (datetime(1, 1, 1), None, NOW - LONGEST),
        (NOW + DAY, None, NOW),
        (None, None, NOW - 30 * DAY),
        (None, NOW - 12 * DAY, NOW - 12 * DAY),
        (None, NOW - timedelta(minutes=3), NOW - DAY),
    ],
)
def test_where_a_span_begins(wanted: datetime | None, first: datetime | None, start: datetime) -> None:
    assert span_of(wanted, NOW, first).start == start


@pytest.mark.parametrize(
    ("wanted", "end"),
    [(None, NOW), (NOW + DAY, NOW), (datetime(2026, 5, 1), datetime(2026, 5, 1, tzinfo=UTC)), (datetime(1, 1, 1), datetime(2000, 1, 1, tzinfo=UTC))],
)
def test_where_a_span_ends(wanted: datetime | None, end: datetime) -> None:
    assert end_of(wanted, NOW) == end


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "Africa/Monrovia"])
def test_the_longest_span_is_bounded_and_covered(zone: str) -> None:
    span = Span(NOW - LONGEST, NOW)
    starts = span.starts(zone)
    assert len(starts) <= 367
    assert starts[0] <= span.start < starts[1]
    assert starts[-1] < span.end
    assert Span(NOW, NOW).starts(zone)
