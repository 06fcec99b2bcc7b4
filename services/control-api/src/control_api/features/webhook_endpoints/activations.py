"""Tells integrators that an agent's deployment went live."""

from callstage_domain.ids import new_event_id

from control_api.consumers.webhook_messages import delivery_insert, message
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork


async def tell_activated(unit: UnitOfWork, agent_id: str, deployment: int) -> None:
    """Committed with the activation."""
    subject = {"agent_id": agent_id, "deployment": deployment, "activated_by": unit.caller.name}
    await unit.session.execute(delivery_insert(), message(unit.tenant_id, "deployment.activated", new_event_id(), now(), subject))
