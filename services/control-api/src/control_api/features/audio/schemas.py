"""Bodies of uploaded audio."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from control_api.web.schema import Reply

AudioName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class AudioFile(Reply):
    """A greeting or hold music, stored as 8 kHz mono WAV."""

    name: str
    size_bytes: int
    duration_ms: int
    updated_at: datetime


class AudioFileList(Reply):
    """By name."""

    files: list[AudioFile]
    next_cursor: str | None
