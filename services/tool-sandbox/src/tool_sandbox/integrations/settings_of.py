"""The settings of a calendar as its slots need them."""

from typing import Final

from callstage_contracts.calendar_settings import CalendarSettings

from tool_sandbox.integrations.port import CalendarRules

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def rules_of(settings: CalendarSettings) -> CalendarRules:
    """For the slots."""
    hours = {_DAYS.index(day): (_minutes(start), _minutes(end)) for day, (start, end) in settings.working_hours.items()}
    return CalendarRules(settings.timezone, hours, settings.slot_minutes, settings.buffer_minutes, settings.notice_minutes, settings.days_ahead)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
