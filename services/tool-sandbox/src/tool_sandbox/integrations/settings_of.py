"""The settings of an integration as its provider needs them. Wrong ones are the fault of whoever stored them."""

from typing import Final, Literal

from callstage_contracts.calendar_settings import CalendarSettings
from pydantic import BaseModel, ConfigDict

from tool_sandbox.integrations.port import CalendarRules

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Settings(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class MailSettings(_Settings):
    """Of smtp and gmail."""

    sender: str
    sender_name: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Literal["tls", "starttls", "none"] = "starttls"
    username: str = ""


def rules_of(settings: CalendarSettings) -> CalendarRules:
    """For the slots."""
    hours = {_DAYS.index(day): (_minutes(start), _minutes(end)) for day, (start, end) in settings.working_hours.items()}
    return CalendarRules(settings.timezone, hours, settings.slot_minutes, settings.buffer_minutes, settings.notice_minutes, settings.days_ahead)


class MessagingSettings(_Settings):
    """Of twilio."""

    account_sid: str
    sender: str


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
