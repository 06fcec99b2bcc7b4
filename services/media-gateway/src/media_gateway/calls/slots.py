"""Room for calls, over all gateways: a slot is a lease with a heartbeat, so that a killed process frees its slots in ten seconds (rules N5, AC4)."""

import asyncio
import secrets
from collections import defaultdict
from types import TracebackType
from typing import Self

import structlog
from callstage_contracts import redis_keys
from callstage_contracts.buckets import TenantRecord
from callstage_domain.call import EndedReason
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, forever, settle

from media_gateway.calls.facts import CallFacts
from media_gateway.calls.leases import RENEW_EVERY_S, LeaseBook
from media_gateway.calls.registry import CallRegistry

_log = structlog.get_logger(__name__)
_LAST_ONES_S = 1.0
_REASONS = {"ok": None, "overload": EndedReason.OVERLOAD, "plan_limit": EndedReason.PLAN_LIMIT}


class Slots:
    """This gateway's part while entered: `own_slots` calls of its own. While Redis is away it counts its own calls alone."""

    def __init__(self, book: LeaseBook, registry: CallRegistry, instance: str, own_slots: int, *, renew_every_s: float = RENEW_EVERY_S) -> None:
        self._book = book
        self._registry = registry
        # Several processes of one host may go by the same name.
        self._member = f"{instance}.{secrets.token_hex(4)}|{own_slots}"
        self._is_open = False
        self._own_slots = own_slots
        self._renew_every_s = renew_every_s
        self._giving_back: set[asyncio.Task[None]] = set()
        self._scope = TaskScope("slots")

    async def __aenter__(self) -> Self:
        await self._renew()
        self._is_open = True
        self._registry.on_left(self.release)
        self._scope.start(forever(self._renew_every_s, self._renew, name="renew_slots"), name="renew")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        self._is_open = False
        try:
            await self._book.give_back(redis_keys.gateway_leases(), self._member)
            async with asyncio.timeout(_LAST_ONES_S):
                # The calls that ended last must not count for as long as a lease lasts.
                await settle(self._giving_back)
        except (DependencyError, TimeoutError):
            _log.warning("slots_not_given_back")
        await self._scope.close()

    @property
    def has_room_here(self) -> bool:
        """False when this very process is full: the call belongs on another one."""
        return len(self._registry) < self._own_slots

    async def take(self, call_id: str, tenant: TenantRecord) -> EndedReason | None:
        """Reserve a slot for a call that is announced; its stream has to open before the lease runs out. Returns why there is none."""
        limit = tenant.plan.concurrent_calls
        try:
            return _REASONS[await self._book.take(call_id, tenant.tenant_id, limit)]
        except DependencyError as err:
            _log.warning("slots_counted_locally", error=err.message)
        if not self.has_room_here:
            return EndedReason.OVERLOAD
        return EndedReason.PLAN_LIMIT if limit is not None and self._registry.of_tenant(tenant.tenant_id) >= limit else None

    def release(self, facts: CallFacts) -> None:
        """The call is over, or moves: whoever has it then renews its lease."""
        if self._is_open:
            task = self._scope.start(self._give_back(facts.call_id, facts.tenant_id), name="give_back")
            self._giving_back.add(task)
            task.add_done_callback(self._giving_back.discard)

    async def _give_back(self, call_id: str, tenant_id: str) -> None:
        try:
            await self._book.give_back(redis_keys.call_slots(), call_id)
            await self._book.give_back(redis_keys.tenant_slots(tenant_id), call_id)
        except DependencyError as err:
            _log.warning("slot_not_given_back", error=err.message)

    async def _renew(self) -> None:
        by_tenant: defaultdict[str, list[str]] = defaultdict(list)
        for session in self._registry:
            by_tenant[session.facts.tenant_id].append(session.facts.call_id)
        try:
            await self._book.renew(redis_keys.gateway_leases(), [self._member])
            if by_tenant:
                await self._book.renew(redis_keys.call_slots(), [call_id for calls in by_tenant.values() for call_id in calls])
            for tenant_id, calls in by_tenant.items():
                await self._book.renew(redis_keys.tenant_slots(tenant_id), calls)
        except DependencyError as err:
            _log.warning("slots_not_renewed", error=err.message)
