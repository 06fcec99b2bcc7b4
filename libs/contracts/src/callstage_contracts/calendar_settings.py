"""When appointments can be made in a connected calendar (rule I5): what control-api takes and tool-sandbox goes by."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _known(value: str) -> str:
    """The IANA name itself. Raises ValueError."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise ValueError("not a time zone such as Europe/Brussels") from err
    return value


Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
TimeZone = Annotated[str, StringConstraints(max_length=60), AfterValidator(_known)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CalendarSettings(BaseModel):
    """`settings` of a google or microsoft integration. Times of the day are those of `timezone`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    calendar_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "primary"
    timezone: TimeZone = "UTC"
    working_hours: dict[Weekday, tuple[Clock, Clock]] = Field(
        default_factory=lambda: dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00", "17:00"))
    )
    slot_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 30
    buffer_minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    notice_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 30)] = 60
    days_ahead: Annotated[int, Field(ge=1, le=366)] = 60
