"""Proves N5 AC4 (failure table: overload): slots and the calls of a tenant are counted over all gateways, and a dead gateway frees its own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from callstage_contracts import redis_keys
from callstage_contracts.buckets import PlanLimits, TenantRecord
from callstage_domain.call import EndedReason
from callstage_domain.ids import CallId, SessionId, TenantId, new_call_id
from callstage_kit.redis.connection import connect_redis
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.leases import LeaseBook
from media_gateway.calls.registry import CallRegistry
from media_gateway.calls.slots import Slots


class _Running:
    """The part of a session that the registry and the slots look at."""

    def __init__(self, call_id: str, tenant_id: str) -> None:
        self.facts = CallFacts(CallId(call_id), SessionId("s"), tenant_id, "a", 1, "twilio", "", "", "", 0)

    def step_back(self) -> None: ...


def tenant(limit: int | None = None, tenant_id: str = "t-slots") -> TenantRecord:
    return TenantRecord(tenant_id=TenantId(tenant_id), name="Demo", plan=PlanLimits(concurrent_calls=limit))


@asynccontextmanager
async def gateway(redis_url: str, instance: str, own_slots: int, lease_s: float = 9.0) -> AsyncGenerator[tuple[Slots, CallRegistry]]:
    async with connect_redis(redis_url) as redis:
        registry = CallRegistry()
        async with Slots(LeaseBook(redis, lease_s=lease_s), registry, instance, own_slots, renew_every_s=lease_s / 3) as slots:
            yield slots, registry


@pytest.fixture(autouse=True)
async def _no_leases(redis_server: str) -> None:
    async with connect_redis(redis_server) as redis:
        await redis.delete(redis_keys.call_slots(), redis_keys.gateway_leases(), redis_keys.tenant_slots("t-slots"))


async def test_a_tenants_limit_holds_over_two_gateways(redis_server: str) -> None:
    async with gateway(redis_server, "a", 10) as (first, _), gateway(redis_server, "b", 10) as (second, _):
        kept = new_call_id()
        assert await first.take(kept, tenant(2)) is None
        assert await second.take(new_call_id(), tenant(2)) is None
        assert await first.take(new_call_id(), tenant(2)) is EndedReason.PLAN_LIMIT
        assert await second.take(new_call_id(), tenant(2)) is EndedReason.PLAN_LIMIT
        assert await second.take(kept, tenant(2)) is None, "the same call once more, after it has moved"
        assert await second.take(new_call_id(), tenant(2, "t-other")) is None


async def test_slots_are_the_sum_of_the_gateways_that_live(redis_server: str) -> None:
    async with gateway(redis_server, "a", 1) as (first, _):
        assert await first.take(new_call_id(), tenant()) is None
        assert await first.take(new_call_id(), tenant()) is EndedReason.OVERLOAD
        async with gateway(redis_server, "b", 1) as (second, _):
            assert await first.take(new_call_id(), tenant()) is None
            assert await second.take(new_call_id(), tenant()) is EndedReason.OVERLOAD
        assert await first.take(new_call_id(), tenant()) is EndedReason.OVERLOAD


async def test_a_call_that_ends_frees_its_slot_and_one_that_runs_keeps_it(redis_server: str, wait_until: Any) -> None:
    async with gateway(redis_server, "a", 1, lease_s=0.6) as (slots, registry), connect_redis(redis_server) as redis:
        running = _Running(new_call_id(), "t-slots")
        assert await slots.take(running.facts.call_id, tenant()) is None
        with registry.entered(running):  # type: ignore[arg-type]
            first = await redis.zscore(redis_keys.call_slots(), running.facts.call_id)
            renewed = 0.0
            while renewed <= float(first or 0) + 600:
                renewed = float(await redis.zscore(redis_keys.call_slots(), running.facts.call_id) or 0)
            assert await slots.take(new_call_id(), tenant()) is EndedReason.OVERLOAD
        verdicts: list[EndedReason | None] = [EndedReason.OVERLOAD]
        while verdicts[-1] is not None:
            verdicts.append(await slots.take(new_call_id(), tenant()))


async def test_the_slots_of_a_dead_gateway_are_free_when_its_leases_run_out(redis_server: str) -> None:
    async with connect_redis(redis_server) as redis:
        dead = LeaseBook(redis, lease_s=0.3)
        await dead.renew(redis_keys.gateway_leases(), ["dead|5"])
        assert await dead.take(new_call_id(), "t-slots", 1) == "ok"
        async with gateway(redis_server, "a", 10) as (slots, _):
            verdicts = [await slots.take(new_call_id(), tenant(1))]
            assert verdicts == [EndedReason.PLAN_LIMIT]
            while verdicts[-1] is not None:
                verdicts.append(await slots.take(new_call_id(), tenant(1)))
            assert await redis.zcard(redis_keys.gateway_leases()) == 1


async def test_without_redis_a_gateway_counts_its_own_calls() -> None:
    async with gateway("redis://127.0.0.1:1/0", "a", 2) as (slots, registry):
        assert await slots.take(new_call_id(), tenant(1)) is None
        with registry.entered(_Running("c1", "t-slots")):  # type: ignore[arg-type]
            assert await slots.take(new_call_id(), tenant(1)) is EndedReason.PLAN_LIMIT
            with registry.entered(_Running("c2", "t-other")):  # type: ignore[arg-type]
                assert await slots.take(new_call_id(), tenant()) is EndedReason.OVERLOAD
                assert not slots.has_room_here


async def test_a_gateway_that_closes_has_freed_the_slots_of_its_last_calls(redis_server: str) -> None:
    async with connect_redis(redis_server) as redis:
        async with gateway(redis_server, "a", 3) as (slots, registry):
            running = _Running(new_call_id(), "t-slots")
            assert await slots.take(running.facts.call_id, tenant()) is None
            with registry.entered(running):  # type: ignore[arg-type]
                assert await redis.zcard(redis_keys.call_slots()) == 1
        assert await redis.zcard(redis_keys.call_slots()) == 0
        assert await redis.zcard(redis_keys.tenant_slots("t-slots")) == 0
        assert await redis.zcard(redis_keys.gateway_leases()) == 0
