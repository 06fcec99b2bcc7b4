"""Bodies of voicemails (rules B3, X2)."""

from datetime import datetime

from pydantic import Field

from control_api.web.schema import Body, Reply


class Voicemail(Reply):
    """A message of a caller."""

    voicemail_id: str
    call_id: str
    agent_id: str
    caller_phone: str
    to_number: str
    reason: str = Field(description="Why the agent took a message.")
    transcript: str
    duration_ms: int
    is_heard: bool
    has_audio: bool = Field(description="False for a moment after the call, and when its recording was lost.")
    left_at: datetime


class VoicemailList(Reply):
    """Newest first."""

    voicemails: list[Voicemail]
    unheard: int = Field(description="Messages of the tenant that nobody has heard yet, on all pages.")
    next_cursor: str | None


class VoicemailPatch(Body):
    """What can be changed."""

    is_heard: bool
