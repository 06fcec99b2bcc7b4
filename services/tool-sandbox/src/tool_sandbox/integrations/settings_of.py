"""The settings of an integration as its provider needs them. Wrong ones are the fault of whoever stored them."""

from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tool_sandbox.integrations.port import CalendarRules

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
Clock = Annotated[str, Field(pattern=_CLOCK)]


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


class CalendarSettings(_Settings):
    """Of google and microsoft (rule I5)."""

    calendar_id: str = "primary"
    timezone: str = "UTC"
    working_hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], tuple[Clock, Clock]] = Field(
        default_factory=lambda: dict.fromkeys(_DAYS[:5], ("09:00", "17:00"))
    )
    slot_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 30
    buffer_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    notice_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 30)] = 60
    days_ahead: Annotated[int, Field(ge=1, le=366)] = 60

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise ValueError(f"'{value[:50]}' is no time zone") from err
        return value

    @property
    def rules(self) -> CalendarRules:
        """For the slots."""
        hours: dict[int, tuple[int, int]] = {_DAYS.index(day): (_minutes(start), _minutes(end)) for day, (start, end) in self.working_hours.items()}
        return CalendarRules(self.timezone, hours, self.slot_minutes, self.buffer_minutes, self.notice_minutes, self.days_ahead)


class MessagingSettings(_Settings):
    """Of twilio."""

    account_sid: str
    sender: str


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
