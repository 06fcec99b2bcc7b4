"""Proves C5 N4 K4 K8 T8 MT1 on the real stack: one test for each row of the failure table that is not in `test_kills`."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import psutil
from callstage_phone.call import CarrierCall
from callstage_testing.drills.fleet import Fleet, Member
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, record_of, said_by


@asynccontextmanager
async def frozen(*pids: int) -> AsyncGenerator[None]:
    """Neither dead nor alive: connections stand, nothing answers."""
    processes = [psutil.Process(pid) for pid in pids]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            if process.is_running():
                process.resume()


async def order(call: CarrierCall) -> None:
    """The caller orders, and is answered."""
    said = await call.say(speech("order_three_pizzas"))
    await call.wait_for_agent_speech(25, after=said.speech_ended_at)
    await call.wait_for_agent_silence(700, 25)


async def greeted(call: CarrierCall) -> None:
    await call.wait_for_agent_speech(15)
    await call.wait_for_agent_silence(500, 20)


async def carrying(fleet: Fleet) -> Member | None:
    """The runtime that has the call, None while it moves."""
    try:
        return await fleet.busy("agent-runtime")
    except RuntimeError:
        return None


async def test_a_frozen_runtime_is_replaced_and_falls_silent_when_it_wakes_up(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: agent-runtime killed, here cut off: its lease has moved on, so that exactly one voice speaks."""
    async with Fleet(stack) as fleet, stack.twilio() as twilio:
        await fleet.all_ready("agent-runtime")
        async with twilio.call(from_="+12025550171", to=stack.dev["number"]) as call:
            await greeted(call)
            owner = await fleet.busy("agent-runtime")
            async with frozen(owner.pid):
                await asyncio.sleep(5)
                await order(call)
            answered = len(call.heard)

            async def has_let_go() -> bool:
                return await fleet.calls_of(owner) == 0

            await eventually(has_let_go, timeout_s=20, what="the old owner notices that the call has moved")
            await call.wait_for_agent_silence(2000, 10)
            assert len(call.heard) == answered, "a second voice spoke"
            await call.hang_up()
            record = await record_of(api, call.call_id, until=has_ended)
    assert [run["tool"] for run in record["tool_runs"]].count("price_order") == 1
    assert said_by(record, "user").lower().count("pizza") == 1


async def test_a_call_moves_to_another_gateway_and_another_runtime_when_its_own_are_restarted(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: rolling deploy, for the first two services of a call; `callstage_testing.drills rolling` does it with all of them and many calls."""
    async with Fleet(stack) as fleet, stack.telnyx() as telnyx:
        await fleet.all_ready("media-gateway")
        await fleet.all_ready("agent-runtime")
        async with telnyx.call(from_="+12025550172", to=stack.dev["number"]) as call:
            await greeted(call)
            stack.kill((await fleet.busy("media-gateway")).pid, signal.SIGTERM)
            await call.wait_for_stream(20, count=2)
            runtime = await eventually(lambda: carrying(fleet), timeout_s=10, what="the call on a runtime")
            stack.kill(runtime.pid, signal.SIGTERM)
            await order(call)
            await call.hang_up()
            record = await record_of(api, call.call_id, until=has_ended)
    assert [run["tool"] for run in record["tool_runs"]] == ["price_order"]
    assert record["ended_reason"] == "caller_hung_up"


async def test_a_killed_sandbox_costs_a_filler_and_no_result(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: tool-sandbox killed."""
    async with Fleet(stack) as fleet, stack.twilio() as twilio, twilio.call(from_="+12025550173", to=stack.dev["number"]) as call:
        await fleet.all_ready("tool-sandbox")
        await greeted(call)
        speaking = call.room.speak(speech("order_three_pizzas"))
        (sandbox,) = stack.pids("tool-sandbox")
        stack.kill(sandbox)
        said = await speaking
        await call.wait_for_agent_speech(25, after=said.speech_ended_at)

        async def record() -> bool:
            found = await record_of(api, call.call_id, until=lambda one: bool(one["tool_runs"]), timeout_s=25)
            return [(run["tool"], run["status"]) for run in found["tool_runs"]] == [("price_order", "ok")]

        assert await record()
        await call.hang_up()
        await fleet.all_ready("tool-sandbox")


async def test_without_nats_calls_are_taken_and_recorded_later(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: NATS down. The running call goes on, a new one uses the last known routes, and their events come through afterwards."""
    async with stack.twilio() as twilio, twilio.call(from_="+12025550174", to=stack.dev["number"]) as running:
        await greeted(running)
        async with frozen(*stack.pids("nats")):
            await order(running)
            async with twilio.call(from_="+12025550175", to=stack.dev["number"]) as fresh:
                await greeted(fresh)
                await fresh.hang_up()
        await running.hang_up()
        for call in (running, fresh):
            # Gateway and runtime each keep their own events, and each tries again in its own time.
            await record_of(api, call.call_id, until=lambda record: has_ended(record) and bool(said_by(record, "assistant")), timeout_s=40)


async def test_without_redis_calls_go_on_in_memory(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: Redis down. Running and new calls talk; the journal says that it cannot be written."""
    async with stack.twilio() as twilio, twilio.call(from_="+12025550176", to=stack.dev["number"]) as running:
        await greeted(running)
        async with frozen(*stack.pids("redis")):
            said = await running.say(speech("opening_hours"))
            await running.wait_for_agent_speech(25, after=said.speech_ended_at)
            await running.wait_for_agent_silence(600, 25)
            async with twilio.call(from_="+12025550177", to=stack.dev["number"]) as fresh:
                await greeted(fresh)
                await fresh.hang_up()
            assert await _journal_errors(stack) > 0
        await order(running)
        await running.hang_up()
        record = await record_of(api, running.call_id, until=has_ended, timeout_s=40)
    assert [run["tool"] for run in record["tool_runs"]] == ["price_order"]


async def _journal_errors(stack: Stack) -> float:
    async with httpx2.AsyncClient() as client:
        pages = [(await client.get(url)).text for url in stack.metrics_urls("agent-runtime")]
    lines = (line for page in pages for line in page.splitlines() if line.startswith("callstage_journal_errors_total "))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
