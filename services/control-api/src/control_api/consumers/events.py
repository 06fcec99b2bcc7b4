"""The durable consumer of the event stream (rules K4, N4): nothing is acknowledged before it is committed."""

import asyncio
from types import TracebackType
from typing import Self

import structlog
from callstage_contracts.events import AnyEvent, parse_event
from callstage_contracts.subjects import STREAM, STREAM_SUBJECTS
from callstage_domain.errors import DependencyError
from callstage_kit.nats.connection import NatsConnection
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import EVENTS_TOTAL
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from sqlalchemy.dialects.postgresql import insert

from control_api.consumers.apply import apply_events
from control_api.consumers.prices import PriceList
from control_api.db.call_tables import RefusedEventRow
from control_api.db.database import Database

_log = structlog.get_logger(__name__)
DURABLE = "control-api"
_BATCH = 100
_FETCH_TIMEOUT_S = 1.0
"""A fetch that got one message waits this long for more of the batch, so it is also how late a lonely event is applied. Transactions cost, events
do not: at 20 calls a second is one transaction instead of four, and an idle consumer asks once a second."""
_ACK_WAIT_S = 60.0
_MAX_DELIVERIES = 5
_RETRY_DELAY_S = 2.0
_MAX_REMEMBERED_FAILURES = 10_000

_Parsed = tuple[Msg, AnyEvent]


class EventConsumer:
    """Entered = events are applied whenever NATS and Postgres are both there. Replicas share the work."""

    def __init__(self, database: Database, nats: NatsConnection, prices: PriceList | None = None) -> None:
        self._prices = prices or PriceList()
        self._database = database
        self._nats = nats
        self._scope = TaskScope("event_consumer")
        # Failures of the message itself by stream sequence; deliveries while Postgres was away do not count.
        self._failures: dict[int, int] = {}
        self._is_stopping = False

    async def __aenter__(self) -> Self:
        self._scope.start(self._run(), name="run")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        self._is_stopping = True
        await self._scope.close()

    async def _run(self) -> None:
        waits = backoff_s(0.1, limit_s=5.0)
        while not self._is_stopping:
            try:
                subscription = await self._subscribe()
                waits = backoff_s(0.1, limit_s=5.0)
                await self._consume(subscription)
            except (NatsError, TimeoutError, OSError, DependencyError) as err:
                _log.warning("event_consumer_waits", error=str(err) or type(err).__name__)
            except Exception:
                _log.exception("event_consumer_failed")
            await asyncio.sleep(next(waits))

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        config = ConsumerConfig(
            durable_name=DURABLE,
            ack_policy=AckPolicy.EXPLICIT,
            deliver_policy=DeliverPolicy.ALL,
            ack_wait=_ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=_BATCH * 10,
            filter_subject=STREAM_SUBJECTS[0],
        )
        return await self._nats.jetstream.pull_subscribe(STREAM_SUBJECTS[0], durable=DURABLE, stream=STREAM, config=config)

    async def _consume(self, subscription: JetStreamContext.PullSubscription) -> None:
        try:
            while not self._is_stopping:
                if not self._database.is_up:
                    await asyncio.sleep(0.2)
                    continue
                try:
                    messages = await subscription.fetch(_BATCH, timeout=_FETCH_TIMEOUT_S)
                except TimeoutError:
                    continue
                await self._apply_all(messages)
        finally:
            if self._nats.is_up:
                await subscription.unsubscribe()

    async def _apply_all(self, messages: list[Msg]) -> None:
        """One transaction for all; when it fails, one for each, so that a bad message is found and holds nothing up."""
        batch: list[_Parsed] = []
        alone: list[_Parsed] = []
        try:
            for message in messages:
                try:
                    # JSON may hold a NUL (a tool may return one), a Postgres text may not: the record of the call matters more than that character.
                    event = parse_event(message.data.replace(b"\\u0000", b"\\ufffd"))
                except Exception as err:
                    await self._refuse(message, err)
                    continue
                has_failed = bool(self._failures) and message.metadata.sequence.stream in self._failures
                (alone if has_failed else batch).append((message, event))
            if batch and not await self._apply_together(batch):
                alone = [*batch, *alone]
            for message, event in alone:
                await self._apply(message, event)
        except DependencyError as err:
            # Postgres is away: everything goes back and waits in JetStream.
            left = [message for message in messages if not message.is_acked]
            _log.warning("events_deferred", count=len(left), error=err.message)
            for message in left:
                await message.nak(delay=_RETRY_DELAY_S)
            await asyncio.sleep(_RETRY_DELAY_S)

    async def _apply_together(self, batch: list[_Parsed]) -> bool:
        try:
            new = await self._commit([event for _, event in batch])
        except Exception as err:
            # Also when Postgres seems to be away: a deadlock or a statement that took too long looks the same, and the first message alone will tell.
            _log.warning("event_batch_split", count=len(batch), error=type(err).__name__)
            return False
        EVENTS_TOTAL.labels("applied").inc(new)
        EVENTS_TOTAL.labels("duplicate").inc(len(batch) - new)
        for message, _ in batch:
            await message.ack()
        return True

    async def _apply(self, message: Msg, event: AnyEvent) -> None:
        try:
            new = await self._commit([event])
        except DependencyError:
            raise
        except Exception as err:
            await self._refuse(message, err)
            return
        self._failures.pop(message.metadata.sequence.stream, None)
        EVENTS_TOTAL.labels("applied" if new else "duplicate").inc()
        await message.ack()

    async def _commit(self, events: list[AnyEvent]) -> int:
        async with self._database.session() as session:
            connection = await session.connection()
            new = await connection.run_sync(apply_events, events, self._prices)
            await session.commit()
            return new

    async def _refuse(self, message: Msg, error: Exception) -> None:
        """Try a bad message again a few times, then keep it aside: it must not hold up the others."""
        sequence = message.metadata.sequence.stream
        failures = self._failures.get(sequence, 0) + 1
        EVENTS_TOTAL.labels("failed").inc()
        _log.error("event_not_applied", sequence=sequence, subject=message.subject, failures=failures, error=type(error).__name__)
        if failures < _MAX_DELIVERIES:
            if len(self._failures) > _MAX_REMEMBERED_FAILURES:
                self._failures.clear()
            self._failures[sequence] = failures
            await message.nak(delay=0.2 * 2**failures)
            return
        async with self._database.session() as session:
            # A NUL cannot be stored in a Postgres text.
            body = message.data.decode(errors="replace").replace("\x00", "\ufffd")
            values = {
                "stream_sequence": sequence,
                "subject": message.subject,
                "body": body,
                "error": f"{type(error).__name__}: {error}"[:2000].replace("\x00", ""),
            }
            await session.execute(insert(RefusedEventRow).values(**values).on_conflict_do_nothing())
            await session.commit()
        self._failures.pop(sequence, None)
        await message.term()
