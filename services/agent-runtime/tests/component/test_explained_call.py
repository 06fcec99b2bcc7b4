"""Proves K2 K5 K6 MT1: a call over a real link leaves waterfalls, a replayable journal, and one trace; today's code decides as it did."""

import json
import re
from typing import Any

import pytest
from agent_runtime.conversation.recording import Recording, from_json, unpacked
from agent_runtime.providers.ports import LlmDone, TextDelta
from agent_runtime.replay.anonymous import anonymous
from agent_runtime.replay.fixture import fixture_text, recordings_in
from agent_runtime.replay.player import replay, snapshot_of
from agent_runtime.stages.entries import parse_entry
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_contracts.waterfall import Waterfall
from callstage_kit.telemetry.traces import CallSpan

from .conftest import Gateway, Mirror, World, agent, call, gateway, ok

# grpc.aio keeps one pair of sockets per process for its poller, made with the first channel.
pytestmark = pytest.mark.leaks_allowed("sockets")

PERSONAL = ("Ada", "Lovelace", "+12025550142", "2025550142", "ada@lovelace.example", "Ockham", "Babbage")


class SpanList:
    """Collects what a trace is told."""

    is_on = True

    def __init__(self) -> None:
        self.roots: list[tuple[str, CallSpan]] = []
        self.pieces: list[tuple[str, CallSpan]] = []

    def add(self, call_id: str, span: CallSpan, *, is_root: bool = False) -> None:
        (self.roots if is_root else self.pieces).append((call_id, span))


async def _order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
    return ok({"total": 1250, "deliver_to": "Ada Lovelace, 12 Ockham Park", "email": "ada@lovelace.example"}, {"customer_name": "Ada Lovelace"})


async def _talk(world: World, line: Gateway) -> None:
    """Greeting with a looked-up name, an order with a tool and a change of stage, a barge-in, a goodbye."""
    world.sandbox.handlers["place_order"] = _order
    world.llm.answers = [
        [TextDelta("One moment, Ada. "), call("place_order", {"item": "rose", "name": "Ada Lovelace", "phone": "+12025550142"})],
        [TextDelta("That is 1250 dollars to Ockham Park. "), TextDelta("Shall I charge your card?"), LlmDone("stop", 90, 12)],
        [TextDelta("All right, Mrs Lovelace.")],
        [TextDelta("Goodbye!"), call("end_call", {"reason": "caller_goodbye", "summary": "Ada ordered."}, "tc9")],
    ]
    await line.open(lookup_wait_ms=1000, context={"caller_phone": "+12025550142"})
    await line.send(lookup=runtime_pb2.CallerLookup(variables_json='{"found": true, "name": "Ada"}'))
    await line.next("opened")
    await line.hear()
    await line.say("this is Ada Lovelace, a rose please, my email is ada@lovelace.example, and greet Babbage")
    await line.hear()
    utterance = (await line.next("utterance_end")).utterance_id
    await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
    await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=500))
    await line.say("stop, not to Ockham Park")
    await line.hear()
    await line.say("bye")
    await line.hear()
    await line.next("hang_up")


def _recordings(world: World) -> list[Recording]:
    told = sorted(world.events.of("call.journal"), key=lambda event: event.started_at_ms)
    return [from_json(unpacked(event.journal)) for event in told]


async def test_every_answer_tells_how_it_came_about(world: World) -> None:
    spans = SpanList()
    world.traces = spans
    async with world.runtime() as target, gateway(world, target) as line:
        await _talk(world, line)
    lines: list[Waterfall] = [event.waterfall for event in world.events.of("call.turn") if event.role == "assistant"]
    greeting, announcement, told = lines[0], lines[1], lines[2]
    assert greeting.speech_end_ms is None
    assert greeting.tts is not None
    assert greeting.tts.provider == "fake_tts"
    assert greeting.heard_ms is not None
    assert announcement.stt is not None
    moments = [announcement.speech_end_ms, announcement.stt.final_ms, announcement.decided_ms, announcement.llm[0].request_ms, announcement.heard_ms]
    assert all(moment is not None for moment in moments)
    assert moments == sorted(moment for moment in moments if moment is not None)
    assert announcement.reason
    assert announcement.stt.provider == "fake_stt"
    assert announcement.stt.audio_s == pytest.approx(0.2)
    both = [*announcement.llm, *told.llm]
    assert [(part.provider, part.was_dropped, part.is_fallback) for part in both] == [("fake_llm", False, False)] * 2
    assert (both[1].input_tokens, both[1].output_tokens) == (90, 12)
    assert both[1].first_token_ms is not None
    assert both[1].first_sentence_ms is not None
    tools = [*announcement.tools, *told.tools]
    assert [(part.tool, part.run_key, part.status) for part in tools] == [("place_order", f"{world.call_id}:tc1", "ok")]
    assert both[0].request_ms <= tools[0].start_ms <= tools[0].end_ms <= both[1].request_ms
    assert told.tts is not None
    assert told.tts.characters > 20
    assert told.tts.audio_s > 1

    (root,) = spans.roots
    assert root[0] == world.call_id
    assert root[1].attributes["callstage.ended_reason"] == "agent_ended"
    assert root[1].attributes["callstage.fault"] == "nobody"
    assert [span.name for _, span in spans.pieces] == ["turn"] * len(lines)
    children = {child.name for _, span in spans.pieces for child in span.children}
    assert children == {"endpointing", "stt", "llm", "tool", "tts", "transport"}
    for _, span in spans.pieces:
        # The test says that the caller was silent for 200 ms as soon as the call is open.
        assert root[1].start_ns - 200_000_000 <= span.start_ns <= span.end_ns <= root[1].end_ns
        assert all(span.start_ns <= child.start_ns <= child.end_ns <= span.end_ns for child in span.children)
    assert not [word for word in PERSONAL for _, span in spans.pieces if word in repr(span)]


async def test_a_recorded_call_decides_the_same_today(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        await _talk(world, line)
    (recording,) = _recordings(world)
    outcome = replay(recording)
    assert outcome.differences == ()
    assert outcome.decisions >= 25
    assert replay(recordings_in(fixture_text([recording]).encode())[0]).is_same

    other = snapshot_of(recording)
    stages = (other.stages[0].model_copy(update={"transitions": (), "prompt": "Sell more."}), *other.stages[1:])
    changed = replay(recording, snapshot=other.model_copy(update={"stages": stages}))
    assert {"the prompt", "what follows from the tools"} <= {difference.what for difference in changed.differences}
    assert "Sell more." in "\n".join(line for difference in changed.differences for line in difference.lines())


async def test_a_fixture_holds_nobody_and_decides_the_same(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        await _talk(world, line)
    recordings = _recordings(world)
    made = anonymous(recordings)
    text = fixture_text(made)
    words = set(re.findall(r"\w+", text.casefold()))
    assert not words & {word.casefold() for word in (*PERSONAL, "t1", "shop", "1250")}
    assert not [secret for secret in ("2025550142", "ada@", world.call_id, world.session_id) if secret in text]
    assert replay(made[0]).is_same
    said = [parse_entry(json.dumps(item[2]).encode()) for item in made[0].items if item[0] == "entry" and item[2]["kind"] == "user_said"]
    first: Any = said[0]
    assert first.text.startswith("this is ")
    assert first.text.endswith(tuple("abcdefghijklmnopqrstuvwxyz"))
    assert "my email is person1@example.com" in first.text
    # The same person is the same word everywhere.
    name = first.text.removeprefix("this is ").split()[0]
    assert f"Hello {name}." in text
    assert f" moment, {name}." in text


async def test_each_process_of_a_call_leaves_its_part(world: World) -> None:
    world.sandbox.handlers["place_order"] = _order
    world.llm.answers = [[TextDelta("Sure.")], [TextDelta("Good."), call("place_order", {"item": "rose"})], [TextDelta("Done.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.next("opened")
        await line.hear()
        await line.say("hello")
        await line.hear()
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        assert (await line.next("opened")).resumed
        await line.say("a rose")
        await line.hear()
        await line.send(close=runtime_pb2.CloseCall(reason="caller_hung_up"))
    recordings = _recordings(world)
    assert [bool(recording.before) for recording in recordings] == [False, True]
    for recording in recordings:
        assert replay(recording).differences == ()
    assert all(replay(recording).is_same for recording in anonymous(recordings))


async def test_an_agent_that_keeps_no_journal_still_tells_what_was_used(world: World) -> None:
    world.mirror = Mirror(agent(settings={"keep_journal": False}))
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.next("opened")
        await line.hear()
        await line.send(close=runtime_pb2.CloseCall(reason="caller_hung_up"))
    (told,) = world.events.of("call.journal")
    assert told.journal == ""
