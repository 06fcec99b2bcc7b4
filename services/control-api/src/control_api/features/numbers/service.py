"""Numbers and their routes (rules N1, N2, N5)."""

from collections.abc import Sequence
from typing import Any

from callstage_contracts.buckets import ROUTES, route_key
from callstage_domain.errors import Conflict, NotFound
from callstage_domain.route import Fallback
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import Caller
from control_api.db.agent_tables import NumberRow
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork, Writer
from control_api.features.agents.repository import AgentRepository
from control_api.features.ids import new_row_id
from control_api.features.numbers.phone import e164
from control_api.features.numbers.repository import NumberRepository
from control_api.features.numbers.schemas import NumberCreate, NumberPatch, NumberReply
from control_api.outbox.records import route_record
from control_api.web.problems import FieldError

_COLUMNS = {
    "inboundRoute": "inbound_route",
    "routeTarget": "route_target",
    "aiTransferType": "ai_transfer_type",
    "aiTransferTarget": "ai_transfer_target",
    "fallback": "fallback",
}


class NumberService:
    """Add, show, change, remove. A change reaches the gateways at once."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def list_page(self, caller: Caller, request: PageRequest) -> Page[NumberReply]:
        """A page of numbers."""
        async with self._writer.database.session() as session:
            page = await NumberRepository(session, caller.tenant_id).list_page(request)
            return Page(await _views(session, caller.tenant_id, page.items), page.next_cursor)

    async def get(self, caller: Caller, number_id: str) -> NumberReply:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            row = _present(await NumberRepository(session, caller.tenant_id).get(number_id))
            return (await _views(session, caller.tenant_id, [row]))[0]

    async def create(self, caller: Caller, body: NumberCreate) -> NumberReply:
        """Raises Conflict when the number or the agent is taken, FieldError for a target that is not there."""
        number = e164(body.number, "number")
        async with self._writer.change(caller) as unit:
            if await NumberRepository(unit.session, unit.tenant_id).is_taken(number):
                raise Conflict(f"number: {number} is in use already", details={"errors": [{"field": "number"}]})
            row = NumberRow(tenant_id=unit.tenant_id, id=new_row_id(), number=number, created_at=now(), updated_at=now())
            for name, column in _COLUMNS.items():
                setattr(row, column, body.model_dump(mode="json")[name])
            await _check(unit, row)
            unit.session.add(row)
            await unit.publish(ROUTES, route_key(number), route_record(row))
            unit.audit("number.added", "number", row.id, after=_shown(row))
            return (await _views(unit.session, unit.tenant_id, [row]))[0]

    async def change(self, caller: Caller, number_id: str, patch: NumberPatch) -> NumberReply:
        """Raises NotFound, Conflict, FieldError."""
        sent = patch.model_dump(mode="json", exclude_unset=True)
        if "inboundRoute" in sent and sent["inboundRoute"] is None:
            raise FieldError("inboundRoute", "cannot be null")
        async with self._writer.change(caller) as unit:
            row = _present(await NumberRepository(unit.session, unit.tenant_id).get(number_id, lock=True))
            before = _shown(row)
            with unit.session.no_autoflush:
                for name, value in sent.items():
                    setattr(row, _COLUMNS[name], value)
                row.updated_at = now()
                await _check(unit, row)
            await unit.publish(ROUTES, route_key(row.number), route_record(row))
            unit.audit("number.changed", "number", row.id, before=before, after=_shown(row))
            return (await _views(unit.session, unit.tenant_id, [row]))[0]

    async def remove(self, caller: Caller, number_id: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = _present(await NumberRepository(unit.session, unit.tenant_id).get(number_id, lock=True))
            await unit.session.delete(row)
            await unit.publish(ROUTES, route_key(row.number), None)
            unit.audit("number.removed", "number", row.id, before=_shown(row))


async def _check(unit: UnitOfWork, row: NumberRow) -> None:
    if row.inbound_route == "external" and row.route_target is not None:
        row.route_target = e164(row.route_target, "routeTarget")
    if row.ai_transfer_type == "external" and row.ai_transfer_target is not None:
        row.ai_transfer_target = e164(row.ai_transfer_target, "aiTransferTarget")
    if row.fallback and row.fallback.get("type") in ("external", "message") and not row.fallback.get("target"):
        raise FieldError("fallback.target", f"a fallback of type {row.fallback['type']} needs a target")
    if row.fallback and row.fallback.get("type") == "external":
        row.fallback = {**row.fallback, "target": e164(str(row.fallback["target"]), "fallback.target")}
    if row.ai_transfer_target is not None and row.ai_transfer_type is None:
        raise FieldError("aiTransferType", "is needed with aiTransferTarget")
    if row.inbound_route == "ai_agent" and row.route_target is not None:
        await _check_agent(unit, row, row.route_target)


async def _check_agent(unit: UnitOfWork, row: NumberRow, agent_id: str) -> None:
    if await AgentRepository(unit.session, unit.tenant_id).get(agent_id) is None:
        raise FieldError("routeTarget", f"there is no agent '{agent_id}'")
    other = await NumberRepository(unit.session, unit.tenant_id).of_agent(agent_id)
    if other is not None and other.id != row.id:
        raise Conflict(
            f"the agent '{agent_id}' has the number {other.number} already; an agent has one number, remove that one first",
            code="agent_has_number",
            details={"errors": [{"field": "routeTarget"}]},
        )


async def _views(session: AsyncSession, tenant_id: str, rows: Sequence[NumberRow]) -> list[NumberReply]:
    live = await NumberRepository(session, tenant_id).live_agents(rows)
    return [
        NumberReply.model_validate(
            {**_shown(row), "id": row.id, "created_at": row.created_at, "live": row.inbound_route == "ai_agent" and row.route_target in live}
        )
        for row in rows
    ]


def _shown(row: NumberRow) -> dict[str, Any]:
    fallback = Fallback.model_validate(row.fallback).model_dump() if row.fallback else None
    return {"number": row.number, **{name: getattr(row, column) for name, column in _COLUMNS.items()}, "fallback": fallback}


def _present(row: NumberRow | None) -> NumberRow:
    if row is None:
        raise NotFound("no such number")
    return row
