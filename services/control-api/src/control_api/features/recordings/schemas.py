"""Bodies and parameters of recordings."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from control_api.web.schema import Reply

Points = Annotated[int, Query(ge=10, le=20_000, description="Most points per channel: steps become longer until they fit.")]


class RecordingPeaks(Reply):
    """What a waveform is drawn from. Point i is the loudest sample between `i * step_ms` and `(i + 1) * step_ms`."""

    duration_ms: int
    step_ms: int
    channels: Annotated[list[str], Field(description="`caller`, `agent`, in the order of the file: left, right.")]
    peaks: Annotated[list[list[float]], Field(description="Per channel; 0 is silence, 1 full scale.")]
