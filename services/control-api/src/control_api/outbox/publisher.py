"""Moves committed changes to NATS KV in their order, at once after the commit (rules D3, AC2), and repairs the buckets at the start."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic
from types import TracebackType
from typing import Self

import structlog
from callstage_domain.errors import DependencyError
from callstage_kit.nats.connection import NatsConnection
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope
from nats.errors import Error as NatsError
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.db.access_tables import OutboxRow
from control_api.db.database import Database
from control_api.outbox.expected import expected_buckets

_log = structlog.get_logger(__name__)
_BATCH = 200
_LOCK_ID = 0x0CA115
"""One publisher at a time over all replicas of control-api: order would be lost otherwise."""
_RECONCILE_TIMEOUT_S = 120.0
_RECONCILE_EVERY_S = 3600.0
"""Also takes out what ended by itself, such as webhook keys whose overlap is over."""
_KV_TIMEOUT_S = 5.0


class OutboxPublisher:
    """Entered = running. Postgres and NATS may come and go."""

    def __init__(self, database: Database, nats: NatsConnection, *, poll_s: float) -> None:
        self._database = database
        self._nats = nats
        self._poll_s = poll_s
        self._wake = asyncio.Event()
        self._scope = TaskScope("outbox")
        self._buckets: dict[str, KeyValue] = {}
        self._is_stopping = False
        self._is_reconciled = False
        self._reconciled_at = 0.0

    async def __aenter__(self) -> Self:
        self._scope.start(self._run(), name="run")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        self._is_stopping = True
        await self._scope.close()

    def wake(self) -> None:
        """Something was committed."""
        self._wake.set()

    @property
    def is_reconciled(self) -> bool:
        """True while the buckets are known to hold what Postgres holds."""
        return self._is_reconciled

    async def _run(self) -> None:
        waits = backoff_s(0.1, limit_s=2.0)
        while not self._is_stopping:
            try:
                await self._round()
                waits = backoff_s(0.1, limit_s=2.0)
            except (DependencyError, NatsError, TimeoutError, OSError) as err:
                # NATS may come back empty: compare everything again.
                self._is_reconciled = False
                self._buckets.clear()
                _log.warning("outbox_waits", error=str(err) or type(err).__name__)
                await asyncio.sleep(next(waits))
            except Exception:
                _log.exception("outbox_failed")
                await asyncio.sleep(next(waits))

    async def _round(self) -> None:
        if not self._nats.is_up:
            raise ConnectionError("NATS is not connected")
        if not self._is_reconciled or monotonic() - self._reconciled_at > _RECONCILE_EVERY_S:
            await self._reconcile()
            self._is_reconciled, self._reconciled_at = True, monotonic()
        self._wake.clear()
        while await self._publish_batch() == _BATCH:
            pass
        try:
            async with asyncio.timeout(self._poll_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _publish_batch(self) -> int:
        async with self._database.session() as session:
            await self._lock(session)
            rows = (await session.scalars(select(OutboxRow).order_by(OutboxRow.id).limit(_BATCH))).all()
            for row in rows:
                await self._write(row.bucket, row.key, row.value)
            if rows:
                await session.execute(delete(OutboxRow).where(OutboxRow.id.in_([row.id for row in rows])))
            await session.commit()
        return len(rows)

    async def _reconcile(self) -> None:
        """Every bucket holds exactly what Postgres says: put what differs, delete strays.

        The snapshot is taken after the lock: what is committed later is in the outbox and is published after this.
        """
        changed = 0
        async with self._database.session(timeout_s=_RECONCILE_TIMEOUT_S) as locked:
            await self._lock(locked)
            async with self._database.session(timeout_s=_RECONCILE_TIMEOUT_S) as session:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                expected = await expected_buckets(session)
                for bucket, wanted in expected.items():
                    changed += await self._put_missing(bucket, wanted)
                for bucket, wanted in reversed(expected.items()):
                    changed += await self._delete_strays(bucket, wanted)
                await session.execute(delete(OutboxRow))
                await session.commit()
        _log.info("buckets_reconciled", changed=changed)

    async def _put_missing(self, bucket: str, wanted: dict[str, str]) -> int:
        count = 0
        for key, value in wanted.items():
            current = await self._read(bucket, key)
            if current is None or json.loads(current) != json.loads(value):
                await self._write(bucket, key, value)
                count += 1
        return count

    async def _delete_strays(self, bucket: str, wanted: dict[str, str]) -> int:
        strays = [key for key in await self._keys(bucket) if key not in wanted]
        for key in strays:
            await self._write(bucket, key, None)
        return len(strays)

    async def _keys(self, bucket: str) -> list[str]:
        async with _kv_deadline():
            kv = await self._bucket(bucket)
            watcher = await kv.watchall(ignore_deletes=True, meta_only=True)  # pyright: ignore[reportUnknownVariableType]
            keys: list[str] = []
            try:
                while isinstance(entry := await watcher.updates(timeout=_KV_TIMEOUT_S), KeyValue.Entry):
                    keys.append(entry.key)
            finally:
                await watcher.stop()
            return keys

    async def _read(self, bucket: str, key: str) -> bytes | None:
        try:
            async with _kv_deadline():
                return (await (await self._bucket(bucket)).get(key)).value
        except KeyNotFoundError:
            return None

    async def _write(self, bucket: str, key: str, value: str | None) -> None:
        async with _kv_deadline():
            kv = await self._bucket(bucket)
            if value is None:
                await kv.delete(key)
            else:
                await kv.put(key, value.encode())

    async def _bucket(self, name: str) -> KeyValue:
        if name not in self._buckets:
            self._buckets[name] = await self._nats.bucket(name)
        return self._buckets[name]

    @staticmethod
    async def _lock(session: AsyncSession) -> None:
        await session.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})


@asynccontextmanager
async def _kv_deadline() -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(_KV_TIMEOUT_S):
            yield
    except KeyNotFoundError:
        raise
    except (NatsError, TimeoutError, OSError) as err:
        raise DependencyError(f"NATS KV: {str(err) or type(err).__name__}", vendor="nats") from err
