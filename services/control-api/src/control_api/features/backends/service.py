"""The backend of an agent; its secret is sealed and write-only (rule AC5)."""

from callstage_contracts.buckets import BACKENDS, BackendConnection, agent_key, backend_aad
from callstage_domain.errors import NotFound
from callstage_kit.crypto import SecretBox

from control_api.access.caller import Caller
from control_api.db.agent_tables import BackendRow
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.backends.repository import BackendRepository
from control_api.features.backends.sandbox import SandboxClient
from control_api.features.backends.schemas import BackendPut, BackendReply
from control_api.outbox.records import backend_record
from control_api.web.problems import FieldError


class BackendService:
    """Store, show, remove, try."""

    def __init__(self, writer: Writer, box: SecretBox, sandbox: SandboxClient) -> None:
        self._writer = writer
        self._box = box
        self._sandbox = sandbox

    async def get(self, caller: Caller, agent_id: str) -> BackendRow:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            row = await BackendRepository(session, caller.tenant_id).get(agent_id)
        return _present(row)

    async def put(self, caller: Caller, agent_id: str, body: BackendPut) -> BackendRow:
        """Store or replace; it works at once, deployments refer to it. Raises FieldError when there is no secret to use."""
        async with self._writer.change(caller) as unit:
            found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            row = await BackendRepository(unit.session, unit.tenant_id).get(agent_id)
            before = _shown(row) if row else None
            sealed = self._sealed(caller.tenant_id, agent_id, body, row)
            if row is None:
                row = BackendRow(tenant_id=unit.tenant_id, agent_id=agent_id)
                unit.session.add(row)
            row.kind, row.url, row.database, row.login = body.kind, body.url, body.database, body.login
            row.secret_sealed, row.updated_at = sealed, now()
            await unit.publish(BACKENDS, agent_key(unit.tenant_id, agent_id), backend_record(row))
            unit.audit("backend.stored", "backend", agent_id, before=before, after=_shown(row))
        return row

    async def remove(self, caller: Caller, agent_id: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = _present(await BackendRepository(unit.session, unit.tenant_id).get(agent_id))
            await unit.session.delete(row)
            await unit.publish(BACKENDS, agent_key(unit.tenant_id, agent_id), None)
            unit.audit("backend.removed", "backend", agent_id, before=_shown(row))

    async def test(self, caller: Caller, agent_id: str, body: BackendPut | None) -> tuple[bool, str, str]:
        """Try the stored connection, or the one in the body before it is stored (rule I4)."""
        async with self._writer.database.session() as session:
            found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            row = await BackendRepository(session, caller.tenant_id).get(agent_id)
        if body is None:
            return await self._sandbox.test_backend(backend_record(_present(row)))
        sealed = self._sealed(caller.tenant_id, agent_id, body, row)
        plain = body.model_dump(exclude={"password", "api_key"})
        connection = BackendConnection.model_validate({**plain, "tenant_id": caller.tenant_id, "agent_id": agent_id, "secret_sealed": sealed})
        return await self._sandbox.test_backend(connection)

    def _sealed(self, tenant_id: str, agent_id: str, body: BackendPut, row: BackendRow | None) -> str:
        if body.secret is not None:
            return self._box.seal(body.secret, backend_aad(tenant_id, agent_id))
        # A stored secret must not be sent to another address than the one it was given for.
        if row is None or row.url != body.url:
            raise FieldError("password", "a password or api_key is needed")
        return row.secret_sealed


def _present(row: BackendRow | None) -> BackendRow:
    if row is None:
        raise NotFound("this agent has no backend")
    return row


def _shown(row: BackendRow) -> dict[str, object]:
    return BackendReply.model_validate(row).model_dump(mode="json", exclude={"updated_at", "has_secret"})
