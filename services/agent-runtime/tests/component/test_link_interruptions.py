"""Proves A2 C5 T8 over a real link: a false interruption costs no new speech and no new answer, a real one is cut where it was heard."""

import asyncio
import json

import pytest
from agent_runtime.providers.ports import TextDelta
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_contracts.redis_keys import journal
from callstage_kit.redis.connection import connect_redis

from .conftest import Gateway, World, gateway

pytestmark = pytest.mark.leaks_allowed("sockets")

STORY = "We are open from nine to six. On Saturday we close at noon."


async def _speaking(world: World, line: Gateway, answer: list[TextDelta | asyncio.Event] | None = None) -> str:
    """An answer plays; the id of its utterance."""
    world.llm.answers = [answer or [TextDelta(STORY)], [TextDelta("All right.")]]
    await line.open()
    assert (await line.next("opened")).decides_interruptions
    await line.hear()
    await line.say("when are you open")
    utterance = (await line.next("audio")).utterance_id
    await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
    return utterance


async def _cut_in(line: Gateway, utterance: str, text: str, *, heard_ms: int = 300) -> None:
    """The gateway silences the agent and holds the rest; what the caller said is `text`."""
    line.world.stt.next_text = text
    await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=5000))
    await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=heard_ms, is_held=True))
    await line.send(speech_stopped=runtime_pb2.SpeechStopped(at_ms=5300, silence_ms=200, said=9))


@pytest.mark.parametrize("text", ["Mm-hm.", "", "from nine to six"])
async def test_a_nod_noise_and_echo_go_on_without_new_speech(world: World, text: str) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        utterance = await _speaking(world, line)
        await line.next("utterance_end")
        asked, spoken = len(world.llm.requests), len(world.tts.requests)
        await _cut_in(line, utterance, text)
        assert (await line.next("resume_playout")).said == 9
        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, heard_ms=line.heard_ms(utterance), is_finished=True))
        await _journaled(world, "heard", count=2)
        assert (len(world.llm.requests), len(world.tts.requests)) == (asked, spoken)
    turns = [(event.role, event.text, event.was_interrupted) for event in world.events.of("call.turn")]
    assert turns[-1] == ("assistant", STORY, False)
    assert len([turn for turn in turns if turn[0] == "user"]) == 1


async def test_an_answer_in_the_making_is_made_on_while_it_is_held(world: World) -> None:
    more = asyncio.Event()
    async with world.runtime() as target, gateway(world, target) as line:
        utterance = await _speaking(world, line, [TextDelta("We are open from nine to six. "), more, TextDelta("On Saturday we close at noon.")])
        await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=5000))
        await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=300, is_held=True))
        await _journaled(world, "overheard", count=2)
        more.set()
        assert (await line.next("utterance_end")).utterance_id == utterance
        assert line.texts()[-1] == "On Saturday we close at noon."
        world.stt.next_text = "okay"
        await line.send(speech_stopped=runtime_pb2.SpeechStopped(at_ms=5300, silence_ms=200, said=9))
        await line.next("resume_playout")
        assert len(world.llm.requests) == 1


async def test_a_real_interruption_is_cut_where_it_was_heard(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        utterance = await _speaking(world, line)
        await line.next("utterance_end")
        await _cut_in(line, utterance, "no, on Sunday", heard_ms=len("We are open from nine to six.") * 20 + 1)
        await line.next("clear")
        await line.hear()
        assert line.texts()[-1] == "All right."
        assert not any(message.HasField("resume_playout") for message in line.down)
    history = [message.content for message in world.llm.requests[-1].messages]
    assert history[-2:] == ["We are open from nine to six.", "no, on Sunday"]


async def test_who_hangs_up_before_it_is_decided_has_heard_no_more(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        utterance = await _speaking(world, line)
        await line.next("utterance_end")
        await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=5000))
        heard_ms = len("We are open from nine to six.") * 20 + 1
        await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=heard_ms, is_held=True))
        await line.send(close=runtime_pb2.CloseCall(reason="caller_hung_up"))
        await _journaled(world, "ended")
    last = world.events.of("call.turn")[-1]
    assert (last.text, last.was_interrupted) == ("We are open from nine to six.", True)


async def test_nobody_waits_for_a_voice_that_is_unknown_here(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        await _speaking(world, line)
        await _cut_in(line, "of-another-process", "")
        await line.next("clear")


async def test_a_process_lost_while_the_voice_is_held_loses_nothing(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        utterance = await _speaking(world, line)
        await line.next("utterance_end")
        await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=5000))
        await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=300, is_held=True))
        await _journaled(world, "overheard")
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(resume=runtime_pb2.Resume(utterance_id=utterance, heard_ms=300, sent_ms=300))
        await line.next("opened")
        world.stt.next_text = ""
        await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=500))
        await line.send(speech_stopped=runtime_pb2.SpeechStopped(at_ms=900, silence_ms=200, said=9))
        await line.hear()
        assert " ".join(line.texts()) == STORY


async def _journaled(world: World, kind: str, *, count: int = 1) -> None:
    """Wait until the journal holds so many entries of a kind."""
    async with asyncio.timeout(10), connect_redis(world.redis_url) as redis:
        while True:
            stored: list[bytes] = await redis.lrange(journal(world.session_id), 0, -1)  # type: ignore[misc]
            if sum(json.loads(entry)["kind"] == kind for entry in stored) >= count:
                return
            await asyncio.sleep(0.01)
