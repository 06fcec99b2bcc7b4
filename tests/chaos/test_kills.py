"""Proves C5, N4, K4, T8, MT1 on the real stack: processes die in mid-call, callers and records do not notice."""

import asyncio
import signal

import httpx2
import psutil
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, record_of, said_by

GAP_LIMIT_S = 1.0
PROVIDER_LIMIT_S = 3.0
"""Offline recognition, brain and voice, on a machine that runs this whole test."""


async def _busy(stack: Stack, service: str) -> int:
    """The process of a service that carries a call."""
    async with httpx2.AsyncClient() as client:
        for item in stack.dev["services"]:
            if item["name"] == service:
                text = (await client.get(item["metrics_url"])).text
                active = [line for line in text.splitlines() if line.startswith("callstage_active_calls{")]
                if sum(float(line.rsplit(" ", 1)[1]) for line in active) > 0:
                    return int(item["pid"])
    raise AssertionError(f"no {service} carries a call")


async def _all_back(stack: Stack, service: str, count: int) -> None:
    async def ready() -> bool:
        async with httpx2.AsyncClient() as client:
            replies = []
            for item in stack.dev["services"]:
                if item["name"] == service and item["pid"]:
                    try:
                        replies.append((await client.get(item["ready_url"])).status_code)
                    except httpx2.TransportError:
                        return False
            return replies == [200] * count

    await eventually(ready, timeout_s=40, what=f"{service} back")


async def test_a_killed_runtime_is_not_heard(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: agent-runtime killed."""
    await _all_back(stack, "agent-runtime", 2)
    async with stack.twilio() as twilio, twilio.call(from_="+12025550161", to=stack.dev["number"]) as call:
        await call.wait_for_agent_speech(10)
        await call.wait_for_agent_silence(600, 20)
        said = await call.say(speech("order_three_pizzas"))
        await call.wait_for_agent_speech(15, after=said.speech_ended_at)
        await call.wait_for_agent_silence(700, 25)
        stack.kill(await _busy(stack, "agent-runtime"))
        said = await call.say(speech("my_name_is_anna"))
        answered = await call.wait_for_agent_speech(20, after=said.speech_ended_at)
        assert answered - said.speech_ended_at < GAP_LIMIT_S + PROVIDER_LIMIT_S
        await call.wait_for_agent_silence(700, 25)
        await call.hang_up()
        record = await record_of(api, call.call_id, until=has_ended)
    assert "oven" in said_by(record, "assistant")
    assert [run["tool"] for run in record["tool_runs"]].count("price_order") == 1
    assert [stage["stage"] for stage in record["stages"]] == ["order", "checkout"]
    await _all_back(stack, "agent-runtime", 2)


async def test_a_runtime_killed_while_it_speaks_goes_on_with_the_sentence(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: agent-runtime killed."""
    await _all_back(stack, "agent-runtime", 2)
    async with stack.twilio() as twilio, twilio.call(from_="+12025550162", to=stack.dev["number"]) as call:
        await call.wait_for_agent_speech(10)
        stack.kill(await _busy(stack, "agent-runtime"))
        await call.wait_for_agent_silence(900, 20)
        said = await call.say(speech("order_three_pizzas"))
        await call.wait_for_agent_speech(15, after=said.speech_ended_at)
        await call.wait_for_agent_silence(700, 25)
        await call.hang_up()
        record = await record_of(api, call.call_id, until=has_ended)
    assert "order" in said_by(record, "assistant")
    assert any(run["tool"] == "price_order" and run["status"] == "ok" for run in record["tool_runs"])
    await _all_back(stack, "agent-runtime", 2)


async def test_a_killed_gateway_is_survived_over_the_resume_url(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: media-gateway killed (PSTN)."""
    await _all_back(stack, "media-gateway", 2)
    async with stack.twilio() as twilio, twilio.call(from_="+12025550163", to=stack.dev["number"]) as call:
        await call.wait_for_agent_speech(10)
        await call.wait_for_agent_silence(600, 20)
        said = await call.say(speech("order_three_pizzas"))
        await call.wait_for_agent_speech(15, after=said.speech_ended_at)
        await call.wait_for_agent_silence(700, 25)
        killed_at = call.room.now
        stack.kill(await _busy(stack, "media-gateway"))
        resumed = await call.wait_for_stream(5, count=2)
        assert resumed.at - killed_at < 3.0
        said = await call.say(speech("my_name_is_anna"))
        await call.wait_for_agent_speech(20, after=said.speech_ended_at)
        await call.wait_for_agent_silence(700, 25)
        await call.hang_up()
        record = await record_of(api, call.call_id, until=has_ended)
    assert "oven" in said_by(record, "assistant")
    assert [run["tool"] for run in record["tool_runs"]].count("price_order") == 1
    await _all_back(stack, "media-gateway", 2)


async def test_calls_need_neither_postgres_nor_control_api(stack: Stack, api: httpx2.AsyncClient) -> None:
    """Row: control-api or Postgres down."""
    (postgres,) = stack.pids("postgres")
    frozen = [psutil.Process(postgres), *psutil.Process(postgres).children(recursive=True)]
    (control_api,) = stack.pids("control-api")
    for process in frozen:
        process.suspend()
    stack.kill(control_api, signal.SIGSTOP)
    try:
        async with stack.twilio() as twilio, twilio.call(from_="+12025550164", to=stack.dev["number"]) as call:
            await call.wait_for_agent_speech(10)
            await call.wait_for_agent_silence(600, 20)
            said = await call.say(speech("order_three_pizzas"))
            await call.wait_for_agent_speech(15, after=said.speech_ended_at)
            await call.wait_for_agent_silence(500, 25)
            stack.kill(control_api, signal.SIGKILL)
            await call.hang_up()
    finally:
        for process in frozen:
            if process.is_running():
                process.resume()

    async def record() -> dict[str, object] | None:
        try:
            async with stack.api() as client:
                return await record_of(client, call.call_id, until=has_ended, timeout_s=5)
        except (httpx2.TransportError, AssertionError, KeyError):
            await asyncio.sleep(0.5)
            return None

    found = await eventually(record, timeout_s=60, what="the record after the return of Postgres and control-api")
    assert any(run["tool"] == "price_order" for run in found["tool_runs"])  # type: ignore[attr-defined]
    assert "pizza" in said_by(found, "user").lower()
