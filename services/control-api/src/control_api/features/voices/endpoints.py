"""/v1/voices."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from control_api.access.dependencies import SCHEMES, Editor, Viewer
from control_api.access.idempotent_route import CheckedRoute
from control_api.features.voices.schemas import Gender, PreviewRequest, VoiceList, VoiceReply
from control_api.features.voices.service import VoiceService
from control_api.web.provide import provided

# A preview is the same whenever it is asked for: there is nothing to keep by an Idempotency-Key, which would hold text only.
router = APIRouter(tags=["voices"], route_class=CheckedRoute, dependencies=SCHEMES)
Service = Annotated[VoiceService, Depends(provided(VoiceService))]
_WAV = {200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/v1/voices")
async def list_voices(
    caller: Viewer,
    service: Service,
    provider: Annotated[str | None, Query(max_length=63)] = None,
    language: Annotated[str | None, Query(max_length=35, description="Two letters are enough.")] = None,
    gender: Annotated[Gender | None, Query()] = None,
) -> VoiceList:
    """Voices by provider, language and gender."""
    found = await service.find(caller, provider, language, gender)
    return VoiceList(voices=[VoiceReply.model_validate(voice) for voice in found.voices], notes=found.notes)


@router.post("/v1/voices/preview", response_class=Response, responses={**_WAV})
async def preview_voice(caller: Editor, service: Service, body: PreviewRequest) -> Response:
    """How a voice sounds, as 24 kHz mono WAV."""
    wav = await service.preview(caller, body)
    return Response(wav, media_type="audio/wav", headers={"Cache-Control": "private, max-age=3600"})
