"""One change: rows, audit entries and outbox entries that are committed together (rules AC6, N4)."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from callstage_contracts.buckets import Bucket
from callstage_domain.errors import CallerError
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import Caller
from control_api.db.access_tables import AuditRow, OutboxRow
from control_api.db.database import Database

MAX_RECORD_BYTES = 900_000
"""NATS takes messages of 1 MiB. A larger one would never arrive, and everything behind it would wait for it."""


class RecordTooLarge(CallerError):
    """What would have to travel to the data plane is too large (422)."""

    code = "too_large"


class UnitOfWork:
    """An open transaction of one caller."""

    def __init__(self, session: AsyncSession, caller: Caller) -> None:
        self.session = session
        self.caller = caller
        self.has_outbox_rows = False

    @property
    def tenant_id(self) -> str:
        """The tenant everything in this unit belongs to."""
        return self.caller.tenant_id

    async def publish(self, bucket: Bucket[Any], key: str, record: BaseModel | None) -> None:
        """Put (or delete, for None) a configuration value after the commit. Rows are written first, so that their locks order the outbox, too."""
        await self.session.flush()
        value = None if record is None else record.model_dump_json()
        if value is not None and (size := len(value.encode())) > MAX_RECORD_BYTES:
            raise RecordTooLarge(f"this would be {size} bytes for the data plane, {MAX_RECORD_BYTES} at most: shorten prompts, tool code or lists")
        self.session.add(OutboxRow(bucket=bucket.name, key=key, value=value))
        await self.session.flush()
        self.has_outbox_rows = True

    def audit(
        self, action: str, entity: str, entity_id: str, *, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
    ) -> None:
        """Note who did what; only fields that differ are kept. Never pass a secret."""
        old, new = dict(before or {}), dict(after or {})
        if before is not None and after is not None:
            changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
            old, new = {key: old.get(key) for key in changed}, {key: new.get(key) for key in changed}
        self.session.add(
            AuditRow(
                tenant_id=self.tenant_id,
                actor_kind=self.caller.kind,
                actor_id=self.caller.id,
                actor_name=self.caller.name,
                action=action,
                entity=entity,
                entity_id=entity_id,
                before=None if before is None else old,
                after=None if after is None else new,
            )
        )


class Writer:
    """Opens units of work; `on_outbox` wakes the publisher after a commit that changed configuration."""

    def __init__(self, database: Database, on_outbox: Callable[[], None]) -> None:
        self.database = database
        self._on_outbox = on_outbox

    @asynccontextmanager
    async def change(self, caller: Caller) -> AsyncGenerator[UnitOfWork]:
        """Committed when the block ends well, rolled back otherwise."""
        async with self.database.session() as session:
            unit = UnitOfWork(session, caller)
            yield unit
            await session.commit()
        if unit.has_outbox_rows:
            self._on_outbox()
