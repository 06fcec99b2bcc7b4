"""Proves I5: free times honour working hours, length, time zone, notice and buffer; taken times are refused."""

from datetime import UTC, date, datetime, timedelta

import pytest
from callstage_contracts.calendar_settings import CalendarSettings
from hypothesis import given
from hypothesis import strategies as st
from tool_sandbox.integrations.port import Busy, CalendarRules
from tool_sandbox.integrations.settings_of import rules_of
from tool_sandbox.integrations.slots import free_slots, refusal

RULES = rules_of(CalendarSettings(timezone="Europe/Brussels", slot_minutes=60))
MONDAY = date(2027, 3, 15)
NOW = datetime(2027, 3, 12, 12, tzinfo=UTC)


def _utc(hour: int, minute: int = 0, day: int = 15) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC)


def _starts(rules: CalendarRules, day: date, *busy: Busy, now: datetime = NOW, minutes: int | None = None) -> list[str]:
    return [start.isoformat() for start, _ in free_slots(rules, day, busy, now, minutes=minutes)]


def test_a_day_with_one_appointment() -> None:
    starts = _starts(RULES, MONDAY, Busy(_utc(9, 30), _utc(10)))
    assert starts[0] == "2027-03-15T09:00:00+01:00"
    assert [start[11:16] for start in starts] == ["09:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]


def test_days_off_and_days_too_far() -> None:
    assert _starts(RULES, date(2027, 3, 14)) == []
    assert _starts(RULES, MONDAY + timedelta(days=63)) == []
    assert _starts(RULES, date(2027, 3, 11)) == []


def test_notice_and_length() -> None:
    assert _starts(RULES, MONDAY, now=_utc(13, 30))[0][11:16] == "16:00"
    assert [start[11:16] for start in _starts(RULES, MONDAY, minutes=240)] == ["09:00", "10:00", "11:00", "12:00", "13:00"]


def test_the_hour_that_does_not_exist() -> None:
    sundays = rules_of(CalendarSettings(timezone="Europe/Brussels", slot_minutes=60, working_hours={"sun": ("01:00", "05:00")}))
    assert [start[11:] for start in _starts(sundays, date(2027, 3, 28))] == ["01:00:00+01:00", "03:00:00+02:00", "04:00:00+02:00"]


@pytest.mark.parametrize(
    ("start", "busy", "words"),
    [
        (_utc(9), [], None),
        (_utc(9), [Busy(_utc(9, 30), _utc(10))], "taken"),
        (_utc(6), [], "working hours"),
        (_utc(16), [], "working hours"),
        (_utc(9, day=14), [], "working hours"),
        (_utc(11, day=12), [], "past"),
        (_utc(12, 30, day=12), [], "too soon"),
        (_utc(9) + timedelta(days=70), [], "60 days"),
    ],
)
def test_refusals(start: datetime, busy: list[Busy], words: str | None) -> None:
    why = refusal(RULES, start, start + timedelta(hours=1), busy, NOW)
    assert why is None if words is None else words in (why or "")


def test_a_buffer_keeps_its_distance() -> None:
    rules = rules_of(CalendarSettings(timezone="UTC", slot_minutes=30, buffer_minutes=15))
    assert [start[11:16] for start in _starts(rules, MONDAY, Busy(_utc(10), _utc(10, 30)))][:3] == ["09:00", "11:00", "11:30"]


@given(st.lists(st.tuples(st.integers(0, 23 * 60), st.integers(1, 180)), max_size=6), st.integers(5, 120))
def test_every_slot_that_is_offered_can_be_booked(taken: list[tuple[int, int]], minutes: int) -> None:
    midnight = _utc(0)
    busy = [Busy(midnight + timedelta(minutes=start), midnight + timedelta(minutes=start + length)) for start, length in taken]
    for start, end in free_slots(RULES, MONDAY, busy, NOW, minutes=minutes):
        assert refusal(RULES, start, end, busy, NOW) is None


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Olympus"}, {"working_hours": {"mon": ("25:00", "17:00")}}, {"slot_minutes": 0}])
def test_settings_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"zone|pattern|greater"):
        CalendarSettings.model_validate(wrong)
