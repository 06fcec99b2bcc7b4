"""Blocked numbers (rule N3); the gateways know them at once."""

from callstage_contracts.buckets import BLOCKED, blocked_key
from callstage_domain.errors import NotFound

from control_api.access.caller import Caller
from control_api.db.agent_tables import BlockedNumberRow
from control_api.db.rows import Page, PageRequest
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.blocked_numbers.repository import BlockedNumberRepository
from control_api.features.blocked_numbers.schemas import BlockRequest
from control_api.features.numbers.phone import e164
from control_api.outbox.records import blocked_record


class BlockedNumberService:
    """Block, unblock, list, check."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def list_page(self, caller: Caller, request: PageRequest) -> Page[BlockedNumberRow]:
        """A page of them."""
        async with self._writer.database.session() as session:
            return await BlockedNumberRepository(session, caller.tenant_id).list_page(request)

    async def find(self, caller: Caller, number: str) -> tuple[str, BlockedNumberRow | None]:
        """The number as E.164 and its entry, if it is blocked."""
        normal = e164(number, "number")
        async with self._writer.database.session() as session:
            return normal, await BlockedNumberRepository(session, caller.tenant_id).get(normal)

    async def block(self, caller: Caller, body: BlockRequest) -> BlockedNumberRow:
        """Blocking a blocked number changes its reason and direction."""
        number = e164(body.number, "number")
        async with self._writer.change(caller) as unit:
            row = await BlockedNumberRepository(unit.session, unit.tenant_id).get(number, lock=True)
            before = {"direction": row.direction, "reason": row.reason} if row else None
            if row is None:
                row = BlockedNumberRow(tenant_id=unit.tenant_id, number=number, created_at=now())
                unit.session.add(row)
            row.direction, row.reason = body.direction, body.reason
            await unit.publish(BLOCKED, blocked_key(unit.tenant_id, number), blocked_record(row))
            unit.audit("number.blocked", "blocked_number", number, before=before, after={"direction": row.direction, "reason": row.reason})
        return row

    async def unblock(self, caller: Caller, number: str) -> None:
        """Raises NotFound."""
        normal = e164(number, "number")
        async with self._writer.change(caller) as unit:
            row = await BlockedNumberRepository(unit.session, unit.tenant_id).get(normal, lock=True)
            if row is None:
                raise NotFound("this number is not blocked")
            await unit.session.delete(row)
            await unit.publish(BLOCKED, blocked_key(unit.tenant_id, normal), None)
            unit.audit("number.unblocked", "blocked_number", normal, before={"direction": row.direction, "reason": row.reason})
