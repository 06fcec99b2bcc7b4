"""Embed tokens: made, changed, withdrawn; the gateways know within a second (rules E1, E6)."""

from collections.abc import Mapping
from datetime import timedelta

from callstage_contracts.buckets import EMBED_TOKENS, embed_aad
from callstage_domain.errors import NotFound
from callstage_kit.crypto import SecretBox, new_secret
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import Caller
from control_api.db.embed_tables import EmbedTokenRow
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.agents.repository import AgentRepository
from control_api.features.embed.repository import EmbedTokenRepository
from control_api.features.embed.schemas import (
    EmbedSecretRotate,
    EmbedSecretRotated,
    EmbedTokenCreate,
    EmbedTokenPatch,
    EmbedTokenReply,
)
from control_api.features.embed.snippet import script_url, snippet
from control_api.features.ids import new_row_id
from control_api.outbox.records import embed_record
from control_api.web.problems import FieldError

TOKEN_PREFIX = "emb_"
SECRET_PREFIX = "embs_"
_SHOWN = ("label", "agent_id", "allowed_origins", "require_authentication", "is_active")


class EmbedTokenService:
    """`gateway_url` is where pages find the script and the session exchange."""

    def __init__(self, writer: Writer, box: SecretBox, gateway_url: str) -> None:
        self._writer = writer
        self._box = box
        self._gateway_url = gateway_url

    async def list_page(self, caller: Caller, request: PageRequest, *, agent_id: str | None) -> Page[EmbedTokenReply]:
        """A page of tokens."""
        async with self._writer.database.session() as session:
            page = await EmbedTokenRepository(session, caller.tenant_id).list_page(request, agent_id=agent_id)
        return Page([self._reply(row) for row in page.items], page.next_cursor)

    async def get(self, caller: Caller, token_id: str) -> EmbedTokenReply:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            return self._reply(await _row(session, caller.tenant_id, token_id))

    async def create(self, caller: Caller, body: EmbedTokenCreate) -> EmbedTokenReply:
        """Active at once. Raises FieldError for an unknown agent."""
        async with self._writer.change(caller) as unit:
            await _check_agent(unit, body.agent_id)
            row = EmbedTokenRow(tenant_id=unit.tenant_id, id=new_row_id(), token=new_secret(TOKEN_PREFIX), created_at=now(), updated_at=now())
            row.label, row.agent_id, row.allowed_origins = body.label, body.agent_id, _once(body.allowed_origins)
            row.require_authentication, row.is_active, row.last_used_at = body.require_authentication, True, None
            row.secret_sealed = self._fresh_secret(row)
            unit.session.add(row)
            await _tell(unit, row, "created", after=_shown(row))
        return self._reply(row)

    async def change(self, caller: Caller, token_id: str, body: EmbedTokenPatch) -> EmbedTokenReply:
        """Running conversations that the token does not allow any more end within seconds. Raises NotFound, FieldError."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, token_id, lock=True)
            before = _shown(row)
            if body.agent_id not in (None, row.agent_id):
                await _check_agent(unit, body.agent_id)
            for name in body.model_fields_set:
                if (value := getattr(body, name)) is None:
                    raise FieldError(name, "cannot be null")
                setattr(row, name, _once(value) if name == "allowed_origins" else value)
            if (after := _shown(row)) != before:
                await _tell(unit, row, "changed", before=before, after=after)
        return self._reply(row)

    async def delete(self, caller: Caller, token_id: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, token_id, lock=True)
            await unit.session.delete(row)
            await unit.publish(EMBED_TOKENS, row.token, None)
            unit.audit("embed_token.deleted", "embed_token", row.id, before=_shown(row))

    async def reveal(self, caller: Caller, token_id: str) -> str:
        """The shared secret; who looked at it is in the audit log. Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, token_id)
            unit.audit("embed_token.secret_revealed", "embed_token", row.id)
        return self._box.open(row.secret_sealed, embed_aad(row.tenant_id, row.id))

    async def rotate(self, caller: Caller, token_id: str, body: EmbedSecretRotate) -> EmbedSecretRotated:
        """A new shared secret; the one before it vouches, too, until its overlap is over. Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, token_id, lock=True)
            row.rotate(self._fresh_secret(row), now() + timedelta(seconds=body.overlap_s))
            if not body.overlap_s:
                row.end_previous()
            await _tell(unit, row, "secret_rotated", after={"overlap_s": body.overlap_s})
        secret = self._box.open(row.secret_sealed, embed_aad(row.tenant_id, row.id))
        return EmbedSecretRotated(shared_secret=secret, previous_expires_at=row.previous_expires_at)

    async def end_previous_secret(self, caller: Caller, token_id: str) -> None:
        """Hashes made with the secret before the rotation are refused from now on. Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = await _row(unit.session, unit.tenant_id, token_id, lock=True)
            if row.previous_secret_sealed is not None:
                row.end_previous()
                await _tell(unit, row, "previous_secret_ended")

    def _fresh_secret(self, row: EmbedTokenRow) -> str:
        return self._box.seal(new_secret(SECRET_PREFIX, bytes_of_entropy=32), embed_aad(row.tenant_id, row.id))

    def _reply(self, row: EmbedTokenRow) -> EmbedTokenReply:
        return EmbedTokenReply(
            id=row.id,
            token=row.token,
            label=row.label,
            agent_id=row.agent_id,
            allowed_origins=row.allowed_origins,
            require_authentication=row.require_authentication,
            is_active=row.is_active,
            created_at=row.created_at,
            updated_at=row.updated_at,
            last_used_at=row.last_used_at,
            previous_expires_at=row.overlap_until,
            snippet=snippet(row.token, self._gateway_url, require_authentication=row.require_authentication),
            script_url=script_url(self._gateway_url),
        )


async def _row(session: AsyncSession, tenant_id: str, token_id: str, *, lock: bool = False) -> EmbedTokenRow:
    row = await EmbedTokenRepository(session, tenant_id).get(token_id, lock=lock)
    if row is None:
        raise NotFound("no such embed token")
    return row


async def _tell(unit: UnitOfWork, row: EmbedTokenRow, done: str, **noted: Mapping[str, object]) -> None:
    """The gateways, and the audit log."""
    row.updated_at = now()
    await unit.publish(EMBED_TOKENS, row.token, embed_record(row))
    unit.audit(f"embed_token.{done}", "embed_token", row.id, **noted)


async def _check_agent(unit: UnitOfWork, agent_id: str) -> None:
    if await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True) is None:
        raise FieldError("agent_id", f"there is no agent '{agent_id}'")


def _once(origins: list[str]) -> list[str]:
    return list(dict.fromkeys(origins))


def _shown(row: EmbedTokenRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in _SHOWN}
