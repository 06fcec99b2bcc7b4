"""/v1/voicemails."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.recordings.response import RESPONSES, sound_response
from control_api.features.voicemails.schemas import Voicemail, VoicemailList, VoicemailPatch
from control_api.features.voicemails.service import VoicemailService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("voicemails")
Service = Annotated[VoicemailService, Depends(provided(VoicemailService))]
Heard = Annotated[bool | None, Query(description="Only those that were, or were not, heard.")]
OfAgent = Annotated[str | None, Query(max_length=63)]


@router.get("/v1/voicemails")
async def list_voicemails(caller: Viewer, service: Service, paging: Paging, is_heard: Heard = None, agent_id: OfAgent = None) -> VoicemailList:
    """Messages of callers, newest first."""
    return await service.list_page(caller, paging, is_heard=is_heard, agent_id=agent_id)


@router.get("/v1/voicemails/{voicemail_id}/audio", response_class=Response, responses=RESPONSES)
async def get_voicemail_audio(
    caller: Viewer,
    service: Service,
    voicemail_id: str,
    request: Request,
    download: Annotated[bool, Query(description="Name it as a file to be saved instead of played.")] = False,
) -> Response:
    """The sound of a message as MP3; `Range` is honoured."""
    sound = await service.sound(caller, voicemail_id)
    return await sound_response(request, sound, f"voicemail-{voicemail_id}.mp3", as_download=download)


@router.patch("/v1/voicemails/{voicemail_id}")
async def change_voicemail(caller: Editor, service: Service, voicemail_id: str, body: VoicemailPatch) -> Voicemail:
    """Tick a message off, or mark it as new again."""
    return await service.mark(caller, voicemail_id, is_heard=body.is_heard)


@router.delete("/v1/voicemails/{voicemail_id}", status_code=204)
async def delete_voicemail(caller: Editor, service: Service, voicemail_id: str) -> None:
    """The message and its sound are gone for ever."""
    await service.delete(caller, voicemail_id)
