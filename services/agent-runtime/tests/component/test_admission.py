"""Proves N5 AC4 C5 (failure table: overload): a full or late process refuses new conversations at once, and never one that already runs."""

import pytest
from agent_runtime.call_registry import CallRegistry
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_domain.errors import LimitExceeded
from callstage_kit.health import Health

from .conftest import World, gateway

pytestmark = pytest.mark.leaks_allowed("sockets")


async def test_a_full_process_refuses_new_calls_and_goes_on_with_running_ones(world: World) -> None:
    world.max_calls = 1
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.next("opened")
        await line.open(2, {"call_id": "second", "session_id": ""})
        assert (await line.next("failed", channel=2)).code == "overload"
        await line.open(3, {"call_id": "third"}, resume=runtime_pb2.Resume())
        assert (await line.next("opened", channel=3)).session_id == world.session_id


def test_a_late_event_loop_counts_as_full() -> None:
    health = Health()
    registry = CallRegistry(health, 10, max_loop_lag_s=0.25)
    health.loop_lag_s = 0.3
    with pytest.raises(LimitExceeded) as refused, registry.admitted("twilio"):
        pass
    assert refused.value.code == "overload"
    with registry.admitted("twilio", goes_on=True):
        assert registry.count == 1
    health.loop_lag_s = 0.1
    with registry.admitted("twilio"):
        assert registry.count == 1
