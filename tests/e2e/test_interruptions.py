"""Proves A2 and T8 on the real stack: nods and noise cost neither words nor new speech, a real interruption is cut where it was heard."""

import re

import httpx2
import pytest
from callstage_phone.call import CarrierCall
from callstage_testing.stack import Stack

from tests.conftest import speech
from tests.platform_steps import eventually, has_ended, make_agent, make_number, record_of, said_by, until_live
from tests.turn_taking.scenes import scenes
from tests.turn_taking.sounds import FULL_SCALE
from tests.turn_taking.voices import Phrase

GREETING = (
    "Hello, this is the town library, we are open every day from nine in the morning until eight in the evening, and on Sunday until noon. "
    "You can return your books at any time in the box beside the door. How can I help you?"
)
_TTS_REQUESTS = re.compile(r'^callstage_provider_first_result_seconds_count\{[^}]*kind="tts"[^}]*\} ([0-9.e+]+)$', re.MULTILINE)


async def _tts_requests(stack: Stack) -> float:
    async with httpx2.AsyncClient() as client:
        pages = [(await client.get(url)).text for url in stack.metrics_urls("agent-runtime")]
    return sum(float(count) for page in pages for count in _TTS_REQUESTS.findall(page))


async def _all_made(stack: Stack) -> float:
    """Requests to text-to-speech, once no more follow: speech is made far faster than it plays."""
    counts: list[float] = []

    async def is_steady() -> bool:
        counts.append(await _tts_requests(stack))
        return counts[-1] > 0 and counts[-10:] == [counts[-1]] * 10

    await eventually(is_steady, what="the whole greeting was made")
    return counts[-1]


@pytest.fixture(scope="module")
def nod() -> bytes:
    return Phrase("slt", "Okay, okay.").signal.astype("<i2").tobytes()


@pytest.fixture(scope="module")
def someone_far_away() -> bytes:
    """A voice in another room: it silences the agent, and no recogniser understands it."""
    scene = next(scene for scene in scenes("test") if scene.event is not None and scene.event[0] == "someone" and scene.event[1] == -38.0)
    line = scene.on_the_line()[scene.at_ms * 8 : scene.at_ms * 8 + 1200 * 8]
    assert abs(line).max() < FULL_SCALE
    return line.astype("<i2").tobytes()


async def _library(stack: Stack, api: httpx2.AsyncClient, agent_id: str) -> str:
    number = await make_number(api, await make_agent(api, agent_id, deploy=False, greeting=GREETING))
    await make_agent(api, agent_id, greeting=GREETING)
    await until_live(stack, agent_id)
    return number


async def _greets(call: CarrierCall) -> None:
    """Long enough that the whole greeting was made."""
    await call.wait_for_agent_speech(10)
    await call.room.until(lambda: call.heard[-1].seconds > 2.0, 10)


async def test_a_nod_and_a_noise_do_not_stop_the_agent(stack: Stack, api: httpx2.AsyncClient, nod: bytes, someone_far_away: bytes) -> None:
    number = await _library(stack, api, "interrupted-by-nothing")
    async with stack.twilio() as twilio, twilio.call(from_="+12025550181", to=number) as call:
        await _greets(call)
        before = await _all_made(stack)
        await call.say(nod)
        assert call.cleared, "the agent was not silenced at once"
        await call.wait_for_agent_speech(10, after=call.cleared[0])
        await call.room.until(lambda: call.heard[-1].seconds > 1.0, 10)
        await call.say(someone_far_away)
        # Longer than the agent is silent while nobody knows what the noise was.
        await call.wait_for_agent_silence(5000, 40)
        assert await _tts_requests(stack) == before
        await call.hang_up()
        record = await record_of(api, call.call_id, until=lambda record: has_ended(record) and bool(said_by(record, "assistant")))
    turns = [(turn["role"], turn["text"], turn["interrupted"]) for turn in record["transcript"]]
    assert turns == [("assistant", GREETING, False)]


async def test_a_real_interruption_is_cut_where_it_was_heard(stack: Stack, api: httpx2.AsyncClient) -> None:
    number = await _library(stack, api, "interrupted")
    async with stack.twilio() as twilio, twilio.call(from_="+12025550182", to=number) as call:
        await _greets(call)
        said = await call.say(speech("wait_stop"))
        assert call.cleared[0] < said.speech_started_at + 1.0
        await call.wait_for_agent_speech(15, after=said.speech_ended_at)
        await call.wait_for_agent_silence(1500, 30)
        await call.hang_up()
        record = await record_of(api, call.call_id, until=lambda record: has_ended(record) and "question" in said_by(record, "user"))
    greeting = record["transcript"][0]
    assert greeting["interrupted"]
    assert GREETING.startswith(greeting["text"])
    assert 0 < len(greeting["text"]) < len(GREETING) / 2
