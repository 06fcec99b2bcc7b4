"""Proves C1 C3 C4 C5 N3 N5 V7 X3 with a simulated Twilio: a call, barge-in, tickets, resume, refusals, fallbacks."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
from callstage_contracts import buckets
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.ids import AgentId
from callstage_domain.route import Fallback, NumberRoute
from callstage_phone.carrier import CarrierSettings
from callstage_phone.twilio import TwilioCaller, twilio_signature
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

TOKEN = "twilio-auth-token"
CALLER, NUMBER, CLOSED_NUMBER = "+32470123456", "+14155550100", "+14155550101"


def carrier(gateway: Any, *, query: str = "", token: str = TOKEN, with_status: bool = False) -> TwilioCaller:
    status = f"{gateway.http}/api/twilio/status" if with_status else None
    return TwilioCaller(CarrierSettings(f"{gateway.http}/api/twilio/voice{query}", status_callback_url=status), auth_token=token)


async def post(gateway: Any, path: str, form: dict[str, str], *, signed: bool = True) -> httpx2.Response:
    url = gateway.http + path
    headers = {"X-Twilio-Signature": twilio_signature(TOKEN, url, form)} if signed else {}
    async with httpx2.AsyncClient() as client:
        return await client.post(url, data=form, headers=headers)


async def test_a_call_is_answered_heard_and_hung_up_by_the_agent(gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with carrier(gateway, query=f"?api_key={gateway.api_key}") as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        context = runtime_call.open.context
        assert (context.channel, context.caller_phone, context.to_number, context.carrier_call_id) == ("twilio", CALLER, NUMBER, call.call_id)
        assert (context.agent_id, context.deployment, context.tenant_id) == ("front-desk", 3, gateway.tenant_id)
        runtime_call.speak("u1", 0.6, segments=2)
        await call.wait_for_agent_speech(3)
        finished = await wait_until(lambda: [report for report in runtime_call.bodies("playout") if report.is_finished])
        assert finished[0].utterance_id == "u1"
        assert finished[0].heard_ms == 600
        await call.dtmf("5")
        await call.say(speech)
        await wait_until(lambda: runtime_call.bodies("speech_stopped"))
        kinds = [up.WhichOneof("body") for up in runtime_call.ups if up.WhichOneof("body") != "playout"]
        assert kinds == ["dtmf", "speech_started", "speech_stopped"]
        assert runtime_call.bodies("speech_stopped")[0].silence_ms in {192, 224}
        assert len(runtime_call.audio) % 160 == 0
        runtime_call.down(hang_up=pb.HangUp(reason="agent_ended"))
        assert await call.wait_ended(5) == "hung_up" or call.ended_by
        assert "<Hangup/>" in call.documents[-1]
        assert not call.problems
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "agent_ended"
    assert [event.type for event in gateway.events] == ["call.started", "call.answered", "call.ended"]


async def test_audio_goes_up_in_few_pieces_and_all_of_it_before_the_end_of_speech(gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        await call.say(speech)
        await wait_until(lambda: runtime_call.bodies("speech_stopped"))
        heard_bytes = len(runtime_call.audio)
        stopped = runtime_call.bodies("speech_stopped")[0]
    assert heard_bytes >= (stopped.at_ms + stopped.silence_ms) * 8
    assert runtime_call.audio_messages < heard_bytes / 160 / 2


async def test_barge_in_clears_at_once_and_tells_what_was_heard(gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.speak("u1", 8, is_complete=False)
        await call.wait_for_agent_speech(3)
        await asyncio.sleep(0.7)
        said = await call.say(speech)
        interrupted = await wait_until(lambda: runtime_call.bodies("interrupted"))
        assert call.cleared[0] - said.started_at < 0.6
        assert interrupted[0].utterance_id == "u1"
        assert 700 < interrupted[0].heard_ms < 1800
        runtime_call.speak("u1", 1)
        runtime_call.down(utterance_end=pb.UtteranceEnd(utterance_id="u1"))
        runtime_call.speak("u2", 0.4)
        finished = await wait_until(lambda: [report for report in runtime_call.bodies("playout") if report.is_finished])
        assert [report.utterance_id for report in finished] == ["u2"]


async def test_an_agent_that_must_not_be_interrupted_is_not(gateway: Any, wait_until: Any, speech: bytes) -> None:
    gateway.runtime.sensitivity = 0.0
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.speak("u1", 4)
        await call.wait_for_agent_speech(3)
        await call.say(speech)
        await wait_until(lambda: runtime_call.bodies("speech_stopped"))
        assert not call.cleared
        assert not runtime_call.bodies("interrupted")


async def test_the_caller_hangs_up(gateway: Any, wait_until: Any) -> None:
    async with carrier(gateway, with_status=True) as twilio:
        async with twilio.call(from_=CALLER, to=NUMBER):
            runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        closed = await wait_until(lambda: runtime_call.bodies("close"))
        assert closed[0].reason == "caller_hung_up"
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert [event.reason for event in ended] == ["caller_hung_up"]


async def test_a_broken_socket_is_taken_over_over_the_resume_address(gateway: Any, wait_until: Any) -> None:
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        first = (await wait_until(lambda: gateway.runtime.calls))[0]
        call.drop_socket()
        second = (await wait_until(lambda: gateway.runtime.calls[1:]))[0]
        assert second.open.context.session_id == first.open.context.session_id
        assert second.open.context.call_id == first.open.context.call_id
        assert second.open.HasField("resume")
        assert not second.open.resume.new_call
        await wait_until(lambda: len(gateway.events_of("call.answered")) == 2)
        assert [event.is_takeover for event in gateway.events_of("call.answered")] == [False, True]
        assert not gateway.events_of("call.ended")


async def test_a_lost_runtime_is_replaced_and_the_unanswered_words_are_said_again(start_gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with start_gateway(with_spare=True) as gateway, carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        first = (await wait_until(lambda: gateway.runtime.calls + gateway.spare.calls))[0]
        other = gateway.spare if first.runtime is gateway.runtime else gateway.runtime
        first.speak("u1", 4, is_complete=False)
        await call.wait_for_agent_speech(3)
        await wait_until(lambda: [report for report in first.bodies("playout") if report.is_started])
        await asyncio.sleep(0.5)
        await call.say(speech)
        await wait_until(lambda: first.bodies("speech_stopped"))
        first.speak("u2", 5, is_complete=False)
        await call.wait_for_agent_speech(3)
        await call.say(speech)
        await wait_until(lambda: len(first.bodies("speech_stopped")) == 2)
        await first.runtime.stop()
        second = (await wait_until(lambda: other.calls))[0]
        assert second.open.context.call_id == first.open.context.call_id
        assert second.open.HasField("resume")
        assert not second.open.resume.new_call
        again = await wait_until(lambda: second.bodies("speech_stopped"))
        began = second.bodies("speech_started")[0]
        assert began.at_ms < again[0].at_ms
        spoken_ms = again[0].at_ms - began.at_ms
        assert abs(spoken_ms - (first.bodies("speech_stopped")[1].at_ms - first.bodies("speech_started")[1].at_ms)) <= 40
        assert len(second.audio) / 8 >= again[0].at_ms
        assert not gateway.events_of("call.ended")


async def test_what_the_journal_has_is_not_said_again_to_the_next_runtime(start_gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with start_gateway(with_spare=True) as gateway, carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        first = (await wait_until(lambda: gateway.runtime.calls + gateway.spare.calls))[0]
        other = gateway.spare if first.runtime is gateway.runtime else gateway.runtime
        await call.say(speech)
        stopped = (await wait_until(lambda: first.bodies("speech_stopped")))[0]
        other.said = stopped.said
        await first.runtime.stop()
        second = (await wait_until(lambda: other.calls))[0]
        await call.dtmf("7")
        await wait_until(lambda: second.bodies("dtmf"))
        assert second.bodies("dtmf")[0].said == stopped.said + 1
        assert not second.bodies("speech_started")
        assert not second.bodies("speech_stopped")


async def test_audio_already_sent_keeps_playing_when_the_runtime_is_lost(start_gateway: Any, wait_until: Any) -> None:
    async with start_gateway(with_spare=True) as gateway, carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        first = (await wait_until(lambda: gateway.runtime.calls + gateway.spare.calls))[0]
        other = gateway.spare if first.runtime is gateway.runtime else gateway.runtime
        first.speak("u1", 1.5, is_complete=False)
        await call.wait_for_agent_speech(3)
        await wait_until(lambda: first.bodies("playout"))
        await asyncio.sleep(0.4)
        await first.runtime.stop()
        second = (await wait_until(lambda: other.calls))[0]
        assert second.open.resume.utterance_id == "u1"
        assert 300 < second.open.resume.heard_ms < 1500
        finished = await wait_until(lambda: [report for report in second.bodies("playout") if report.is_finished])
        assert (finished[0].utterance_id, finished[0].heard_ms) == ("u1", 1500)
        assert not call.cleared
        assert not call.underruns


async def test_without_another_runtime_the_call_gets_its_fallback(gateway: Any, wait_until: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("media_gateway.calls.placement.LINK_TIMEOUT_MS", 500)
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.speak("u1", 0.2)
        await wait_until(lambda: runtime_call.bodies("playout"))
        await gateway.runtime.stop()
        await call.wait_ended(5)
        assert call.said_by_carrier
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "runtime_lost"


async def test_ticket_cannot_be_replayed_or_used_by_another_call(gateway: Any, wait_until: Any) -> None:
    form = {"CallSid": "CA77", "From": CALLER, "To": NUMBER}
    answer = await post(gateway, "/api/twilio/voice", form)
    assert answer.status_code == 200
    parameters = dict(re.findall(r'<Parameter name="([^"]+)" value="([^"]+)"', answer.text))
    stream_url = re.findall(r'<Stream url="([^"]+)"', answer.text)[0]

    async def close_code(call_sid: str, given: dict[str, str], *, wait_s: float = 20.0) -> int | None:
        async with connect(stream_url) as socket:
            start = {"callSid": call_sid, "streamSid": "MZ1", "customParameters": given}
            await socket.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}))
            try:
                async with asyncio.timeout(wait_s):
                    await socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None
            except TimeoutError:
                return 0
        return None

    assert await close_code("CA78", parameters) == 1008
    assert await close_code("CA77", {"ticket": parameters["ticket"][:-2] + "xx"}) == 1008
    assert await close_code("CA77", {}) == 1008
    assert await close_code("CA77", parameters, wait_s=1.0) == 0
    assert await close_code("CA77", parameters) == 1008
    assert len(gateway.runtime.calls) == 1


async def test_signature_key_and_parameters_are_checked(gateway: Any) -> None:
    form = {"CallSid": "CA1", "From": CALLER, "To": NUMBER}
    unsigned = await post(gateway, "/api/twilio/voice", form, signed=False)
    assert (unsigned.status_code, unsigned.json()["code"]) == (403, "invalid_signature")
    bad_key = await post(gateway, "/api/twilio/voice?api_key=vx_nope", form)
    assert bad_key.status_code == 200
    assert "<Say>" in bad_key.text
    assert "<Hangup/>" in bad_key.text
    assert (await post(gateway, "/api/twilio/voice", {"From": CALLER, "To": NUMBER})).status_code == 400
    assert (await post(gateway, "/api/twilio/voice", {"CallSid": "CA1", "From": CALLER})).status_code == 400
    unknown = await post(gateway, "/api/twilio/voice", {"CallSid": "CA1", "From": CALLER, "To": "+14155559999"})
    assert "not in service" in unknown.text
    async with httpx2.AsyncClient() as client:
        assert (await client.get(f"{gateway.http}/api/twilio/voice")).status_code == 405
        assert (await client.post(f"{gateway.http}/api/twilio/voice", content=b"x" * 70_000)).status_code == 413
        forged = await client.post(f"{gateway.http}/api/twilio/resume?token=abc.def", data={"CallSid": "CA1"})
        assert forged.status_code == 401
    assert not gateway.runtime.calls


async def test_blocked_callers_and_missing_deployments_never_reach_a_stream(gateway: Any, wait_until: Any) -> None:
    async with carrier(gateway) as twilio:
        async with twilio.call(from_="+14155550666", to=NUMBER) as call:
            await call.wait_ended(5)
            assert "<Reject/>" in call.documents[0]
        async with twilio.call(from_=CALLER, to=CLOSED_NUMBER) as call:
            await wait_until(lambda: call.documents)
            assert "<Dial" in call.documents[0]
            assert "+14155550199" in call.documents[0]
    rejected = await wait_until(lambda: len(gateway.events_of("call.rejected")) == 2 and gateway.events_of("call.rejected"))
    assert [event.reason for event in rejected] == ["blocked", "not_deployed"]
    assert not gateway.runtime.calls


async def test_without_a_runtime_the_fallback_is_given_at_once(gateway: Any, wait_until: Any) -> None:
    await gateway.runtime.stop()
    await wait_until(lambda: not gateway.health.is_ready)
    answer = await post(gateway, "/api/twilio/voice", {"CallSid": "CA5", "From": CALLER, "To": NUMBER})
    assert "<Say>" in answer.text
    rejected = await wait_until(lambda: gateway.events_of("call.rejected"))
    assert rejected[0].reason == "runtime_lost"


async def test_a_runtime_that_cannot_open_the_call_gives_the_fallback_after_connect(gateway: Any, wait_until: Any) -> None:
    gateway.runtime.failure = pb.CallFailed(code="provider_failed", message="no key")
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        await call.wait_ended(5)
        assert call.said_by_carrier
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "provider_failed"


async def test_an_agent_that_cannot_go_on_leaves_the_caller_to_the_fallback_of_the_number(gateway: Any, wait_until: Any) -> None:
    route = NumberRoute(
        tenant_id=gateway.tenant_id, number=CLOSED_NUMBER, route_target="front-desk", fallback=Fallback(type="external", target="+14155550177")
    )
    await gateway.put(buckets.ROUTES, buckets.route_key(CLOSED_NUMBER), route)

    async def is_known() -> bool:
        answer = await post(gateway, "/api/twilio/voice", {"CallSid": "CA-probe", "From": CALLER, "To": CLOSED_NUMBER})
        return "<Connect" in answer.text

    async with asyncio.timeout(15):
        while not await is_known():
            await asyncio.sleep(0.02)
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=CLOSED_NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.down(hang_up=pb.HangUp(reason="provider_failed"))
        await wait_until(lambda: len(call.documents) > 1)
        assert "+14155550177" in call.documents[1]
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "provider_failed"


async def test_a_transfer_dials_the_target_of_the_number(gateway: Any, wait_until: Any) -> None:
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        runtime_call.down(hang_up=pb.HangUp(reason="transferred", transfer_json='{"reason": "asked"}'))
        await wait_until(lambda: len(call.documents) > 1)
        assert "+14155550188" in call.documents[1]
    ended = await wait_until(lambda: gateway.events_of("call.ended"))
    assert ended[0].reason == "transferred"


async def test_caller_lookup_runs_when_the_agent_has_a_backend(gateway: Any, wait_until: Any) -> None:
    connection = buckets.BackendConnection(
        tenant_id=gateway.tenant_id, agent_id=AgentId("front-desk"), kind="odoo", url="http://odoo", secret_sealed="x"
    )
    await gateway.put(buckets.BACKENDS, buckets.agent_key(gateway.tenant_id, "front-desk"), connection)

    async def looked_up() -> bool:
        await post(gateway, "/api/twilio/voice", {"CallSid": "CA-probe", "From": CALLER, "To": NUMBER})
        return bool(gateway.runtime.sandbox.lookups)

    await looked_up()
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER):
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        assert 0 < runtime_call.open.lookup_wait_ms <= 1500
        found = await wait_until(lambda: runtime_call.bodies("lookup"))
        assert json.loads(found[0].variables_json) == {"found": True, "name": "Anna"}
        assert gateway.runtime.sandbox.lookups[-1].caller_phone == CALLER


async def test_a_repeated_webhook_is_the_same_call(gateway: Any, wait_until: Any) -> None:
    form = {"CallSid": "CA9", "From": CALLER, "To": NUMBER}
    first, second = await post(gateway, "/api/twilio/voice", form), await post(gateway, "/api/twilio/voice", form)
    assert first.status_code == second.status_code == 200
    assert "<Stream" in second.text
    await wait_until(lambda: gateway.events_of("call.started"))
    assert len(gateway.events_of("call.started")) == 1


async def test_garbage_on_the_media_socket_is_bounded(gateway: Any, wait_until: Callable[..., Any]) -> None:
    async with connect(f"{gateway.ws}/ws/twilio/stream") as socket:
        for _ in range(20):
            try:
                await socket.send(b"\x00\x01")
            except ConnectionClosed:
                break
        await socket.wait_closed()
        assert socket.close_code == 1003
    async with connect(f"{gateway.ws}/ws/twilio/stream") as socket:
        await socket.close()
