"""/v1/blocked-numbers."""

from typing import Annotated

from fastapi import Depends, Query

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.blocked_numbers.schemas import BlockCheck, BlockedNumberList, BlockedNumberReply, BlockRequest
from control_api.features.blocked_numbers.service import BlockedNumberService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("blocked numbers")
Service = Annotated[BlockedNumberService, Depends(provided(BlockedNumberService))]


@router.get("/v1/blocked-numbers")
async def list_blocked_numbers(caller: Viewer, service: Service, paging: Paging) -> BlockedNumberList:
    """Blocked numbers of the tenant."""
    page = await service.list_page(caller, paging)
    return BlockedNumberList(blocked_numbers=[BlockedNumberReply.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/v1/blocked-numbers", status_code=201)
async def block_number(caller: Editor, service: Service, body: BlockRequest) -> BlockedNumberReply:
    """Block a number."""
    return BlockedNumberReply.model_validate(await service.block(caller, body))


@router.get("/v1/blocked-numbers/check")
async def check_blocked_number(
    caller: Viewer, service: Service, number: Annotated[str, Query(min_length=3, max_length=40, description="E.164; write + as %2B.")]
) -> BlockCheck:
    """Whether a number is blocked."""
    # A plus sign that was not escaped arrives as a space.
    normal, row = await service.find(caller, "+" + number.strip() if number.startswith(" ") else number)
    if row is None:
        return BlockCheck(blocked=False, number=normal)
    return BlockCheck.model_validate({"blocked": True, "number": normal, "direction": row.direction, "reason": row.reason})


@router.delete("/v1/blocked-numbers/{number}", status_code=204)
async def unblock_number(caller: Editor, service: Service, number: str) -> None:
    """Unblock a number."""
    await service.unblock(caller, number)
