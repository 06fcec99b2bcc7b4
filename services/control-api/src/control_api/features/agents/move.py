"""Moving an agent to another tenant (rule A4)."""

from callstage_contracts.buckets import ACTIVE, DEPLOYMENTS, agent_key, deployment_key
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import Conflict, Forbidden
from callstage_domain.ids import TenantId
from sqlalchemy.orm import make_transient

from control_api.access.caller import Caller
from control_api.db.agent_tables import AgentRow, DeploymentRow
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.schemas import AgentMove, AgentMoved, Detached
from control_api.features.agents.service import found, withdraw
from control_api.outbox.records import active_record
from control_api.web.problems import FieldError


class AgentMoveService:
    """For platform-admin keys."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def move(self, caller: Caller, agent_id: str, body: AgentMove) -> AgentMoved:
        """Numbers, connections and secrets stay behind and are listed. Raises NotFound, Forbidden, FieldError, Conflict."""
        source = body.tenant_id if caller.is_platform_admin and body.tenant_id else caller.tenant_id
        target = body.new_tenant_id
        async with self._writer.change(caller) as unit:
            row = found(await AgentRepository(unit.session, source).get(agent_id, lock=True))
            if not caller.is_platform_admin:
                raise Forbidden("moving an agent needs a platform-admin key (scope `platform`)")
            there = AgentRepository(unit.session, target)
            if target == source or not await there.tenant_exists(target):
                raise FieldError("new_tenant_id", "must be another tenant of this platform")
            if await there.get(agent_id) is not None:
                raise Conflict(f"the tenant {target} has an agent '{agent_id}' already")
            detached = await withdraw(unit, row)
            await _rewrite(unit, row, target)
            unit.audit("agent.moved", "agent", agent_id, before={"tenant_id": source}, after={"tenant_id": target})
        return AgentMoved(
            agent_id=agent_id,
            previous_tenant_id=source,
            new_tenant_id=target,
            detached=[Detached(kind=kind, id=thing) for kind, thing in detached],
        )


async def _rewrite(unit: UnitOfWork, row: AgentRow, target: str) -> None:
    """The agent and its snapshots under the new tenant, without references to secrets of the old one."""
    source, agent_id = row.tenant_id, row.agent_id
    snapshots = await AgentRepository(unit.session, source).deployments(agent_id)
    for snapshot in snapshots:
        make_transient(snapshot)
    await unit.session.flush()
    await unit.session.delete(row)
    await unit.session.flush()
    make_transient(row)
    row.tenant_id = target
    row.draft = {**row.draft, "integrations": {}}
    unit.session.add(row)
    await unit.session.flush()
    for snapshot in snapshots:
        await _add_snapshot(unit, snapshot, target)
    await unit.publish(ACTIVE, agent_key(target, agent_id), active_record(row))


async def _add_snapshot(unit: UnitOfWork, snapshot: DeploymentRow, target: str) -> None:
    moved = AgentSnapshot.model_validate(snapshot.snapshot).model_copy(
        update={"tenant_id": TenantId(target), "has_backend": False, "integrations": {}}
    )
    snapshot.tenant_id = target
    snapshot.snapshot = moved.model_dump(mode="json")
    unit.session.add(snapshot)
    await unit.publish(DEPLOYMENTS, deployment_key(target, snapshot.agent_id, snapshot.deployment), moved)
