"""/v1/numbers; `{number_id}` is the id or the number itself."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.numbers.schemas import NumberCreate, NumberList, NumberPatch, NumberReply
from control_api.features.numbers.service import NumberService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("numbers")
Service = Annotated[NumberService, Depends(provided(NumberService))]


@router.get("/v1/numbers")
async def list_numbers(caller: Viewer, service: Service, paging: Paging) -> NumberList:
    """Numbers of the tenant."""
    page = await service.list_page(caller, paging)
    return NumberList(numbers=list(page.items), next_cursor=page.next_cursor)


@router.post("/v1/numbers", status_code=201)
async def create_number(caller: Editor, service: Service, body: NumberCreate) -> NumberReply:
    """Add a number; an agent has one number."""
    return await service.create(caller, body)


@router.get("/v1/numbers/{number_id}")
async def get_number(caller: Viewer, service: Service, number_id: str) -> NumberReply:
    """One number."""
    return await service.get(caller, number_id)


@router.patch("/v1/numbers/{number_id}")
async def change_number(caller: Editor, service: Service, number_id: str, body: NumberPatch) -> NumberReply:
    """Change where it leads."""
    return await service.change(caller, number_id, body)


@router.delete("/v1/numbers/{number_id}", status_code=204)
async def remove_number(caller: Editor, service: Service, number_id: str) -> None:
    """Remove the number."""
    await service.remove(caller, number_id)
