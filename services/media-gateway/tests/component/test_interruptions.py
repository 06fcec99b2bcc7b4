"""Proves A2 C3 C5 at the gateway: a barge-in is held until the runtime says what it was; a lost runtime loses nothing; browsers go on, too."""

import asyncio
from typing import Any

from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_phone.browser import BrowserCaller
from callstage_phone.carrier import CarrierSettings
from callstage_phone.twilio import TwilioCaller

CALLER, NUMBER = "+32470123456", "+14155550100"


def carrier(gateway: Any) -> TwilioCaller:
    return TwilioCaller(CarrierSettings(f"{gateway.http}/api/twilio/voice"), auth_token="twilio-auth-token")


async def cut_in(call: Any, runtime_call: Any, wait_until: Any, speech: bytes, *, seconds: float = 6.0) -> Any:
    """The agent speaks, the caller speaks over him; what the gateway says about it."""
    runtime_call.speak("u1", seconds, segments=4)
    await call.wait_for_agent_speech(3)
    await wait_until(lambda: runtime_call.bodies("playout"))
    await asyncio.sleep(0.7)
    await call.say(speech)
    return (await wait_until(lambda: runtime_call.bodies("interrupted")))[0]


async def test_a_false_alarm_goes_on_without_new_audio(gateway: Any, wait_until: Any, speech: bytes) -> None:
    gateway.runtime.decides_interruptions = True
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        interrupted = await cut_in(call, runtime_call, wait_until, speech, seconds=4.0)
        assert (interrupted.utterance_id, interrupted.is_held) == ("u1", True)
        assert call.cleared
        await wait_until(lambda: runtime_call.bodies("speech_stopped"))
        runtime_call.speak("u2", 0.4)
        resumed_at = call.room.now
        runtime_call.down(resume_playout=pb.ResumePlayout())
        await call.wait_for_agent_speech(5, after=resumed_at)
        reports = await wait_until(lambda: [one for one in runtime_call.bodies("playout") if one.is_finished and one.utterance_id == "u2"], 15)
        assert reports[0].heard_ms == 400
        first = next(one for one in runtime_call.bodies("playout") if one.is_finished)
        assert (first.utterance_id, first.heard_ms) == ("u1", 4000)
        assert sum(run.seconds for run in call.heard) > 4.1, "something of 4.4 s was not heard"
        assert len(runtime_call.bodies("interrupted")) == 1


async def test_a_real_interruption_drops_what_was_held(gateway: Any, wait_until: Any, speech: bytes) -> None:
    gateway.runtime.decides_interruptions = True
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        await cut_in(call, runtime_call, wait_until, speech)
        runtime_call.down(clear=pb.ClearPlayout())
        dropped = await wait_until(lambda: [one for one in runtime_call.bodies("interrupted") if not one.is_held])
        assert dropped[0].utterance_id == "u1"
        runtime_call.down(resume_playout=pb.ResumePlayout())
        runtime_call.speak("u2", 0.4)
        finished = await wait_until(lambda: [one for one in runtime_call.bodies("playout") if one.is_finished])
        assert [one.utterance_id for one in finished] == ["u2"]


async def test_a_runtime_that_decides_nothing_is_not_waited_for(gateway: Any, wait_until: Any, speech: bytes, monkeypatch: Any) -> None:
    monkeypatch.setattr("media_gateway.playout.player.HOLD_LIMIT_MS", 300)
    gateway.runtime.decides_interruptions = True
    async with carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        runtime_call = (await wait_until(lambda: gateway.runtime.calls))[0]
        await cut_in(call, runtime_call, wait_until, speech)
        both = await wait_until(lambda: runtime_call.bodies("interrupted")[1:] and runtime_call.bodies("interrupted"))
        assert [(one.is_held, one.heard_ms) for one in both] == [(True, both[0].heard_ms), (False, both[0].heard_ms)]


async def test_a_runtime_lost_while_audio_is_held_loses_nothing(start_gateway: Any, wait_until: Any, speech: bytes) -> None:
    async with start_gateway(with_spare=True) as gateway, carrier(gateway) as twilio, twilio.call(from_=CALLER, to=NUMBER) as call:
        gateway.runtime.decides_interruptions = gateway.spare.decides_interruptions = True
        first = (await wait_until(lambda: gateway.runtime.calls + gateway.spare.calls))[0]
        other = gateway.spare if first.runtime is gateway.runtime else gateway.runtime
        interrupted = await cut_in(call, first, wait_until, speech)
        await first.runtime.stop()
        second = (await wait_until(lambda: other.calls))[0]
        resume = second.open.resume
        assert (resume.utterance_id, resume.heard_ms, resume.sent_ms) == ("u1", interrupted.heard_ms, interrupted.heard_ms)
        await wait_until(lambda: second.bodies("speech_started"))
        resumed_at = call.room.now
        second.down(resume_playout=pb.ResumePlayout())
        second.speak("u2", 0.4)
        await call.wait_for_agent_speech(5, after=resumed_at)
        finished = await wait_until(lambda: [one for one in second.bodies("playout") if one.is_finished])
        assert [one.utterance_id for one in finished] == ["u2"]


async def test_a_browser_hears_the_rest_of_its_sentences(gateway: Any, wait_until: Any, speech: bytes) -> None:
    gateway.runtime.decides_interruptions = True
    for audio_format in ("mp3", "pcm16_24k"):
        query = {"api_key": gateway.api_key, "agent_id": "front-desk", "format": audio_format}
        async with BrowserCaller(f"{gateway.ws}/ws/voice", query) as browser:
            runtime_call = (await wait_until(lambda: [call for call in gateway.runtime.calls if not call.ups]))[0]
            runtime_call.speak("u1", 3.0, segments=3)
            await wait_until(lambda call=runtime_call: call.bodies("playout"))
            await asyncio.sleep(0.6)
            await browser.say(speech)
            await wait_until(lambda call=runtime_call: call.bodies("interrupted"))
            await browser.wait_for("audioStop", 20)
            runtime_call.down(resume_playout=pb.ResumePlayout())
            finished = await wait_until(lambda call=runtime_call: [one for one in call.bodies("playout") if one.is_finished], 15)
            assert (finished[0].utterance_id, finished[0].heard_ms) == ("u1", 3000)
            await browser.wait_for("audioEnd", 20)
