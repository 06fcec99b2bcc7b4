"""/v1/calls/{call_id}/recording, and the same under /api/dashboard (rule RE2)."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.recordings.response import RESPONSES, sound_response
from control_api.features.recordings.schemas import Points, RecordingPeaks
from control_api.features.recordings.service import RecordingService
from control_api.web.provide import provided

router = api_router("calls")
Service = Annotated[RecordingService, Depends(provided(RecordingService))]
Download = Annotated[bool, Query(description="Name it as a file to be saved instead of played.")]


@router.get("/v1/calls/{call_id}/recording", response_class=Response, responses=RESPONSES)
async def get_recording(caller: Viewer, service: Service, call_id: str, request: Request, download: Download = False) -> Response:
    """The sound of a call as stereo MP3, the caller left, the agent right; `Range` is honoured."""
    sound = await service.sound(caller, call_id)
    return await sound_response(request, sound, f"call-{call_id}.mp3", as_download=download)


@router.get("/v1/calls/{call_id}/recording/peaks")
async def get_recording_peaks(caller: Viewer, service: Service, call_id: str, points: Points = 2000) -> RecordingPeaks:
    """What a waveform of the recording is drawn from, without reading the sound."""
    return await service.peaks(caller, call_id, points)


@router.delete("/v1/calls/{call_id}/recording", status_code=204)
async def delete_recording(caller: Editor, service: Service, call_id: str) -> None:
    """The sound is gone for ever; the record of the call stays."""
    await service.delete(caller, call_id)
