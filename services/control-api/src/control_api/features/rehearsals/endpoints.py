"""/v1/agents/{agent_id}/rehearse."""

from typing import Annotated

from fastapi import Depends, Header
from starlette.responses import Response, StreamingResponse

from control_api.access.dependencies import Editor
from control_api.access.idempotent_route import api_router
from control_api.features.rehearsals.schemas import DEFAULT_CALLS, Rehearsal, RehearsalAsk
from control_api.features.rehearsals.service import RehearsalService, failure
from control_api.web import event_stream
from control_api.web.provide import provided

router = api_router("deployments")
Service = Annotated[RehearsalService, Depends(provided(RehearsalService))]
Accept = Annotated[str, Header(description="`text/event-stream` tells of each call as it is done: events `begun`, `call`, `done`, `error`.")]


@router.post("/v1/agents/{agent_id}/rehearse", response_model=Rehearsal, responses=event_stream.RESPONSES)
async def rehearse_deploy(
    caller: Editor, service: Service, agent_id: str, body: RehearsalAsk | None = None, accept: Accept = ""
) -> Response | Rehearsal:
    """Replay recent recorded calls against the draft, with their recorded tool results.

    Callers knew of the recording; nothing is stored.
    """
    last = body.last if body else DEFAULT_CALLS
    if event_stream.MEDIA_TYPE in accept:
        events = await service.begin(caller, agent_id, last)
        return StreamingResponse(event_stream.told(events, failure), media_type=event_stream.MEDIA_TYPE)
    return await service.rehearse(caller, agent_id, last)
