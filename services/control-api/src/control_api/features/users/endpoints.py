"""/v1/users, for owners; /v1/me/account, for everybody."""

from typing import Annotated

from fastapi import Depends

from control_api.access.dependencies import Owner, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.users.schemas import OwnAccountPatch, UserCreate, UserList, UserPatch, UserReply
from control_api.features.users.service import UserService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("users")
Service = Annotated[UserService, Depends(provided(UserService))]


@router.get("/v1/users")
async def list_users(caller: Owner, service: Service, paging: Paging) -> UserList:
    """People of the tenant."""
    page = await service.list_page(caller, paging)
    return UserList(users=[UserReply.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.post("/v1/users", status_code=201)
async def create_user(caller: Owner, service: Service, body: UserCreate) -> UserReply:
    """Add a person."""
    return UserReply.model_validate(await service.create(caller, body))


@router.get("/v1/me/account")
async def own_account(caller: Viewer, service: Service) -> UserReply:
    """The person who is signed in."""
    return UserReply.model_validate(await service.get(caller, caller.id))


@router.patch("/v1/me/account")
async def change_own_account(caller: Viewer, service: Service, body: OwnAccountPatch) -> UserReply:
    """Change one's own name or password; after a new password one signs in again."""
    return UserReply.model_validate(await service.change_own(caller, body))


@router.get("/v1/users/{user_id}")
async def get_user(caller: Owner, service: Service, user_id: str) -> UserReply:
    """One person."""
    return UserReply.model_validate(await service.get(caller, user_id))


@router.patch("/v1/users/{user_id}")
async def change_user(caller: Owner, service: Service, user_id: str, body: UserPatch) -> UserReply:
    """Change name, role, password, or whether the person may sign in."""
    return UserReply.model_validate(await service.change(caller, user_id, body))


@router.delete("/v1/users/{user_id}", status_code=204)
async def remove_user(caller: Owner, service: Service, user_id: str) -> None:
    """Remove a person."""
    await service.remove(caller, user_id)


@router.delete("/v1/users/{user_id}/identities", status_code=204)
async def unlink_user(caller: Owner, service: Service, user_id: str) -> None:
    """Forget which account of the OpenID Connect provider a person signs in with; the next one with their verified e-mail address is linked."""
    await service.unlink(caller, user_id)
