"""Sends due deliveries (rule RE3). Every replica of control-api runs one: what one has claimed the others leave alone.

An endpoint has one lane in a process, with few requests at a time: a slow receiver holds up nobody but itself. A claim is a lease. When the
process dies, or Postgres is away when the answer comes, the delivery is due again after it, under the same `webhook-id`.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog
from callstage_domain.errors import DependencyError
from callstage_kit.retry import backoff_s
from callstage_kit.tasks import TaskScope, all_of
from callstage_kit.telemetry.metrics import WEBHOOK_ATTEMPTS_TOTAL
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import system_caller
from control_api.db.database import Database
from control_api.db.tables import now
from control_api.db.unit_of_work import UnitOfWork
from control_api.db.webhook_tables import WebhookDeliveryRow, WebhookEndpointRow
from control_api.features.webhook_endpoints.bodies import told_body
from control_api.features.webhook_endpoints.repository import WebhookDeliveryRepository, WebhookEndpointRepository, endpoints_with_work
from control_api.features.webhook_endpoints.schedule import Disabled, verdict
from control_api.features.webhook_endpoints.sending import TIMEOUT_S, Answer, Target, WebhookSender

_log = structlog.get_logger(__name__)
_LANES = 64
_PER_LANE = 4
_LEASE = timedelta(seconds=4 * TIMEOUT_S)

_Endpoint = tuple[str, str]
"""Tenant and endpoint."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    message_id: str
    body: str


class WebhookWorker:
    """Entered = running."""

    def __init__(self, database: Database, sender: WebhookSender, *, poll_s: float) -> None:
        self._database = database
        self.sender = sender
        self._poll_s = poll_s
        self._wake = asyncio.Event()
        self._scope = TaskScope("webhooks")
        self._busy: set[_Endpoint] = set()

    async def __aenter__(self) -> Self:
        self._scope.start(self._run(), name="run")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def _run(self) -> None:
        waits = backoff_s(0.2, limit_s=5.0)
        while True:
            try:
                await self._round()
                waits = backoff_s(0.2, limit_s=5.0)
            except DependencyError as err:
                _log.warning("webhooks_wait", error=err.message)
                await asyncio.sleep(next(waits))
            except Exception:
                _log.exception("webhooks_failed")
                await asyncio.sleep(next(waits))

    async def _round(self) -> None:
        self._wake.clear()
        if self._database.is_up and len(self._busy) < _LANES:
            async with self._database.session() as session:
                found = await endpoints_with_work(session, now(), _LANES)
            for endpoint in [item for item in found if item not in self._busy][: _LANES - len(self._busy)]:
                self._busy.add(endpoint)
                self._scope.start(self._lane(endpoint), name="lane")
        try:
            async with asyncio.timeout(self._poll_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _lane(self, endpoint: _Endpoint) -> None:
        try:
            if await self.send_some(endpoint) == _PER_LANE:
                self._wake.set()
        except DependencyError as err:
            _log.warning("webhooks_wait", error=err.message)
        finally:
            self._busy.discard(endpoint)

    async def send_some(self, endpoint: _Endpoint) -> int:
        """Claim up to four due deliveries of one endpoint, send them at the same time, note the answers. How many were claimed."""
        target, claimed = await self._claim(endpoint)
        if target is None or not claimed:
            return 0
        answers = await all_of(*(self.sender.send(target, item.message_id, item.body) for item in claimed))
        await self._note(endpoint, claimed, answers)
        return len(claimed)

    async def _claim(self, endpoint: _Endpoint) -> tuple[Target | None, list[_Claimed]]:
        tenant_id, endpoint_id = endpoint
        claimed: list[_Claimed] = []
        async with self._database.session() as session:
            to = await WebhookEndpointRepository(session, tenant_id).get(endpoint_id)
            if to is None:
                return None, []
            moment = now()
            for row in await WebhookDeliveryRepository(session, tenant_id, endpoint_id).claim(moment, _PER_LANE):
                row.body = body = row.body or await told_body(session, row)
                if body is None or not to.is_active:
                    row.status, row.error = "failed", "what it tells of is not there any more" if body is None else "the endpoint was switched off"
                    continue
                row.attempts, row.last_attempt_at, row.next_attempt_at = row.attempts + 1, moment, moment + _LEASE
                claimed.append(_Claimed(row.message_id, body))
            await session.commit()
        return Target.of(to), claimed

    async def _note(self, endpoint: _Endpoint, claimed: list[_Claimed], answers: list[Answer]) -> None:
        tenant_id, endpoint_id = endpoint
        async with self._database.session() as session:
            to = await WebhookEndpointRepository(session, tenant_id).get(endpoint_id, lock=True)
            if to is None:
                return
            deliveries, moment = WebhookDeliveryRepository(session, tenant_id, endpoint_id), now()
            outcomes: list[str] = []
            for item, answer in zip(claimed, answers, strict=True):
                row = await deliveries.get(item.message_id, lock=True)
                if row is not None:
                    outcomes.append(_noted(session, to, row, answer, moment))
            await session.commit()
        for outcome in outcomes:
            WEBHOOK_ATTEMPTS_TOTAL.labels(outcome).inc()


def _noted(session: AsyncSession, to: WebhookEndpointRow, row: WebhookDeliveryRow, answer: Answer, moment: datetime) -> str:
    row.response_status, row.response, row.duration_ms, row.error = answer.status, answer.response, answer.duration_ms, answer.error
    said = verdict(row.attempts, answer.status, failing_since=to.failing_since, moment=moment)
    if said.outcome == "delivered":
        row.status, to.failing_since, to.last_delivered_at = "delivered", None, moment
        return said.outcome
    to.failing_since = to.failing_since or moment
    if said.outcome == "retried":
        row.next_attempt_at = moment + timedelta(seconds=said.wait_s)
    else:
        row.status = "failed"
    if said.disables and to.is_active:
        _disable(session, to, said.disables)
    return said.outcome


def _disable(session: AsyncSession, to: WebhookEndpointRow, reason: Disabled) -> None:
    to.is_active, to.disabled_reason, to.updated_at = False, reason, now()
    before, after = {"is_active": True}, {"is_active": False, "disabled_reason": reason}
    UnitOfWork(session, system_caller(to.tenant_id)).audit("webhook_endpoint.disabled", "webhook_endpoint", to.id, before=before, after=after)
    _log.warning("webhook_endpoint_disabled", tenant_id=to.tenant_id, endpoint_id=to.id, reason=reason)
