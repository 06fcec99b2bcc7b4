"""Proves K2 K3 K5 K6 RE2: waterfalls, cost inputs, faults and recorded decisions of calls reach the API, add up over processes, and are forgotten."""

import base64
import json
import secrets
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from callstage_contracts.events import CallEnded, CallJournaled, CallStarted, TurnCompleted
from callstage_contracts.waterfall import LlmPart, SttPart, ToolPart, TtsPart, Waterfall
from callstage_domain.call import EndedReason
from callstage_domain.ids import new_call_id, trace_id_of
from control_api.consumers.reaper import CallReaper
from control_api.in_process import InProcess, TenantAccess, until

WATERFALL = Waterfall(
    speech_end_ms=4000.0,
    decided_ms=4710.5,
    reason="silence",
    stt=SttPart(finalize_ms=4200.0, final_ms=4290.0, provider="deepgram", model="nova-3", audio_s=2.4),
    llm=(LlmPart(request_ms=4711.0, first_token_ms=5003.0, done_ms=5400.0, provider="openai", input_tokens=900, output_tokens=21, is_fallback=True),),
    tools=(ToolPart(tool="track_order", run_key="c:1", start_ms=5010.0, end_ms=5210.0, status="ok"),),
    tts=TtsPart(request_ms=5050.0, first_byte_ms=5230.0, done_ms=5600.0, provider="elevenlabs", characters=64, audio_s=3.2),
    first_packet_ms=5260.0,
    heard_ms=5260.0,
)


def _packed(recording: dict[str, Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(recording).encode())).decode()


async def _call(tenant: TenantAccess, call_id: str) -> dict[str, Any]:
    reply = await tenant.http.get(f"/v1/calls/{call_id}")
    return reply.json() if reply.status_code == 200 else {}


def _started(at: dict[str, Any]) -> CallStarted:
    return CallStarted(**at, session_id="s", agent_id="pizza", deployment=1, channel="twilio")


async def test_a_waterfall_comes_back_as_it_was_told(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = new_call_id()
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    turn = TurnCompleted(**at, session_id="s", turn=1, role="assistant", text="On its way.", stage="help", waterfall=WATERFALL)
    await stack.publish(_started(at), turn)

    async def told() -> dict[str, Any]:
        found = await _call(tenant, call_id)
        return found if found.get("transcript") else {}

    record = await until(told)
    assert Waterfall.model_validate(record["transcript"][0]["waterfall"]) == WATERFALL
    assert record["trace_id"] == trace_id_of(call_id) == call_id.replace("-", "")


@pytest.mark.parametrize("order", ["forwards", "backwards"])
async def test_cost_inputs_of_all_processes_add_up(stack: InProcess, tenant: TenantAccess, order: str) -> None:
    call_id = secrets.token_hex(8)
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    first = CallJournaled(**at, usage={"llm_output_tokens": 20, "stt_seconds": 1.5})
    second = CallJournaled(**at, started_at_ms=9000, usage={"llm_output_tokens": 5, "tts_characters": 40})
    ended = CallEnded(**at, reason="caller_hung_up", duration_ms=60_000, usage={"carrier_seconds": 60})
    events = [_started(at), first, second, ended]
    await stack.publish(*(events if order == "forwards" else reversed(events)))
    # The same events once more: nothing is counted twice.
    for event in (first, second):
        await stack.nats.jetstream.publish(event.subject, event.model_dump_json().encode())

    async def whole() -> dict[str, Any]:
        found = await _call(tenant, call_id)
        return found if found.get("agent_id") and len(found["usage"] or {}) == 4 else {}

    assert (await until(whole))["usage"] == {"llm_output_tokens": 25, "stt_seconds": 1.5, "tts_characters": 40, "carrier_seconds": 60}


async def test_recorded_decisions_are_the_tenants_own_and_are_forgotten_in_time(stack: InProcess, tenant: TenantAccess) -> None:
    call_id = secrets.token_hex(8)
    at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": call_id}
    old = datetime.now(UTC) - timedelta(days=31)
    await stack.publish(
        _started(at),
        CallJournaled(**at, started_at_ms=7000, journal=_packed({"format": 1, "items": ["later"]})),
        CallJournaled(**at, journal=_packed({"format": 1, "items": ["first"]})),
        CallJournaled(**at, occurred_at=old, started_at_ms=1, journal=_packed({"format": 1, "items": ["old"]})),
        CallJournaled(**at, journal=""),
    )

    async def parts() -> list[Any]:
        reply = await tenant.http.get(f"/v1/calls/{call_id}/journal")
        return [part["recording"]["items"][0] for part in reply.json()["parts"]] if reply.status_code == 200 else []

    async def all_told() -> bool:
        return await parts() == ["first", "old", "later"]

    await until(all_told)
    await CallReaper(stack.database, interval_s=60, journal_days=30).reap()
    assert await parts() == ["first", "later"]
    other = await stack.tenant()
    assert (await other.http.get(f"/v1/calls/{call_id}/journal")).status_code == 404
    assert (await tenant.http.get("/v1/calls/unknown/journal")).status_code == 404


async def test_calls_are_found_by_fault(stack: InProcess, tenant: TenantAccess) -> None:
    for reason in EndedReason:
        at: dict[str, Any] = {"tenant_id": tenant.id, "call_id": f"{reason}-{secrets.token_hex(4)}"}
        await stack.publish(_started(at), CallEnded(**at, reason=reason, duration_ms=1))
    await stack.publish(_started(at := {"tenant_id": tenant.id, "call_id": "newer"}), CallEnded(**at, reason="moon_phase", duration_ms=1))

    async def found(fault: str) -> set[str]:
        reply = await tenant.http.get("/v1/calls", params={"fault": fault, "limit": 100})
        return {call["ended_reason"] for call in reply.json()["calls"] if call["fault"] == fault}

    async def complete() -> bool:
        return await found("tool") == {"tool_failed"} and (await _call(tenant, "newer")).get("fault") == "platform"

    await until(complete)
    for fault in ("nobody", "caller", "agent", "tool", "provider", "carrier", "platform"):
        assert await found(fault) == {reason.value for reason in EndedReason if reason.fault == fault}
    assert (await tenant.http.get("/v1/calls", params={"fault": "moon"})).status_code == 422
