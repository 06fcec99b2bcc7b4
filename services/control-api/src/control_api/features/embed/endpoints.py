"""/v1/embed-tokens."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.embed.schemas import (
    EmbedSecret,
    EmbedSecretRotate,
    EmbedSecretRotated,
    EmbedTokenCreate,
    EmbedTokenList,
    EmbedTokenPatch,
    EmbedTokenReply,
)
from control_api.features.embed.service import EmbedTokenService
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("embed")
Service = Annotated[EmbedTokenService, Depends(provided(EmbedTokenService))]


@router.get("/v1/embed-tokens")
async def list_embed_tokens(
    caller: Viewer, service: Service, paging: Paging, agent_id: Annotated[str | None, Query(max_length=63)] = None
) -> EmbedTokenList:
    """Embed tokens of the tenant, newest first."""
    page = await service.list_page(caller, paging, agent_id=agent_id)
    return EmbedTokenList(embed_tokens=list(page.items), next_cursor=page.next_cursor)


@router.post("/v1/embed-tokens", status_code=201)
async def create_embed_token(caller: Editor, service: Service, body: EmbedTokenCreate) -> EmbedTokenReply:
    """A token for one web site."""
    return await service.create(caller, body)


@router.get("/v1/embed-tokens/{token_id}")
async def get_embed_token(caller: Viewer, service: Service, token_id: str) -> EmbedTokenReply:
    """One token with its snippet."""
    return await service.get(caller, token_id)


@router.patch("/v1/embed-tokens/{token_id}")
async def change_embed_token(caller: Editor, service: Service, token_id: str, body: EmbedTokenPatch) -> EmbedTokenReply:
    """Change what is sent. Conversations that the token does not allow any more end within seconds."""
    return await service.change(caller, token_id, body)


@router.delete("/v1/embed-tokens/{token_id}", status_code=204)
async def delete_embed_token(caller: Editor, service: Service, token_id: str) -> None:
    """The token stops working at once."""
    await service.delete(caller, token_id)


@router.post("/v1/embed-tokens/{token_id}/reveal-secret")
async def reveal_embed_secret(caller: Editor, service: Service, token_id: str, response: Response) -> EmbedSecret:
    """Show the shared secret. Noted in the audit log."""
    response.headers["Cache-Control"] = "no-store"
    return EmbedSecret(shared_secret=await service.reveal(caller, token_id))


@router.post("/v1/embed-tokens/{token_id}/rotate-secret")
async def rotate_embed_secret(
    caller: Editor, service: Service, token_id: str, response: Response, body: EmbedSecretRotate | None = None
) -> EmbedSecretRotated:
    """Replace the shared secret; the old one works, too, for an hour, or for as long as is said. One that was before it ends at once."""
    response.headers["Cache-Control"] = "no-store"
    return await service.rotate(caller, token_id, body or EmbedSecretRotate())


@router.delete("/v1/embed-tokens/{token_id}/previous-secret", status_code=204)
async def end_previous_embed_secret(caller: Editor, service: Service, token_id: str) -> None:
    """End the overlap of a rotation now: only the newest shared secret works."""
    await service.end_previous_secret(caller, token_id)
