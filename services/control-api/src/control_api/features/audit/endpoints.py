"""GET /v1/audit, for owners."""

from typing import Annotated

from fastapi import Depends, Query

from control_api.access.dependencies import Owner
from control_api.access.idempotent_route import api_router
from control_api.features.audit.schemas import AuditEntry, AuditPage
from control_api.features.audit.service import AuditService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("audit")
_Filter = Annotated[str | None, Query(max_length=200)]


@router.get("/v1/audit")
async def list_audit(
    caller: Owner,
    service: Annotated[AuditService, Depends(provided(AuditService))],
    paging: Paging,
    entity: _Filter = None,
    entity_id: _Filter = None,
) -> AuditPage:
    """Who changed what, newest first."""
    page = await service.list_page(caller, paging, entity=entity, entity_id=entity_id)
    return AuditPage(entries=[AuditEntry.model_validate(row) for row in page.items], next_cursor=page.next_cursor)
