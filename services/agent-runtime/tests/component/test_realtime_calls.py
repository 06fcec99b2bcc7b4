"""Proves A2 S1 S2 S3 T2 T8 B2 P1 P3 V7 C5 K5 on speech-to-speech models: whole calls on OpenAI Realtime and Gemini Live, and what survives a loss."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from agent_runtime.providers.capabilities import LlmCapabilities, SttCapabilities
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.links import Link
from agent_runtime.providers.ports import ProviderSet, TextDelta
from agent_runtime.providers.vendors.gemini.live import GeminiLive
from agent_runtime.providers.vendors.openai.realtime import OpenAiRealtime
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_contracts.redis_keys import journal
from callstage_domain.agent import AgentSnapshot
from callstage_kit.redis.connection import connect_redis
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.gemini_live import FakeGeminiLive
from callstage_testing.fakes.openai_chunks import Reply, ToolCall
from callstage_testing.fakes.openai_realtime import FakeOpenAIRealtime
from callstage_testing.fakes.tones import tone_speech

from .conftest import Gateway, Mirror, World, agent, gateway, ok

# grpc.aio keeps one pair of sockets per process for its poller, made with the first channel.
pytestmark = pytest.mark.leaks_allowed("sockets")

SPEECH = pcm16_to_ulaw(tone_speech("hello there you", 8000))
PAUSE = b"\xff" * 1600
Fake = FakeOpenAIRealtime | FakeGeminiLive
VENDORS = ("openai", "gemini")
_DEADLINES = Deadlines(1.0, 3.0, 3.0)


class RealtimeWorld(World):
    """The cascade stands by: whatever the scripted providers are asked is a fallback."""

    link: Link[Any] | None = None
    contexts: list[dict[str, Any]]

    def resolve(self, snapshot: AgentSnapshot) -> ProviderSet:
        cascade: dict[str, Any] = {"stt": self.stt, "llm": self.llm}
        cascade["stt"].capabilities, cascade["llm"].capabilities = SttCapabilities(formats=self.stt.formats), LlmCapabilities()
        return ProviderSet(self.stt, self.llm, self.tts, realtime=self.link)  # type: ignore[arg-type]

    def brain(self, *replies: Reply) -> Callable[[dict[str, Any]], Reply]:
        """The answers one after the other; what the model saw each time is kept."""
        left = list(replies)
        self.contexts = []

        def answer(context: dict[str, Any]) -> Reply:
            self.contexts.append({**context, "messages": [dict(message) for message in context["messages"]]})
            return left.pop(0) if left else Reply("Yes.")

        return answer


@asynccontextmanager
async def serving(world: RealtimeWorld, vendor: str, *replies: Reply, says: tuple[str, ...] = ("hello",), **changes: Any) -> AsyncGenerator[Fake]:
    """A vendor that answers so, and the agent of the world on its model."""
    settings = {"realtime": {"provider": vendor}, **changes.pop("settings", {})}
    world.mirror = Mirror(agent(settings=settings, **changes))
    brain = world.brain(*replies)
    if vendor == "openai":
        async with FakeOpenAIRealtime(brain, transcripts=says) as openai:
            world.link = Link(OpenAiRealtime("sk-test", openai.url, "gpt-realtime-2.1", "gpt-live-transcribe", "marin", _DEADLINES))
            yield openai
    else:
        async with FakeGeminiLive(brain, transcripts=says) as gemini:
            world.link = Link(GeminiLive("gm-test", gemini.url, "gemini-3.8-live", "Kore", _DEADLINES))
            yield gemini


@pytest.fixture
async def calls(redis_server: str) -> AsyncGenerator[RealtimeWorld]:
    made = RealtimeWorld(redis_server)
    async with made.serving_sandbox():
        yield made


async def _order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
    return ok({"total": 12}, {"customer_id": 7})


async def _begin(line: Gateway, **changes: Any) -> None:
    await line.open(**changes)
    await line.next("opened")
    await line.hear()


async def _began(line: Gateway) -> None:
    """The caller speaks; the gateway notices a moment later."""
    for start in range(0, len(SPEECH), 160):
        if start == 2400:
            await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=0))
        await line.send(audio=SPEECH[start : start + 160])


async def _stopped(line: Gateway) -> None:
    await line.send(audio=PAUSE)
    await line.send(speech_stopped=runtime_pb2.SpeechStopped(at_ms=100, silence_ms=200))


async def _say(line: Gateway) -> None:
    await _began(line)
    await _stopped(line)


def _said(world: World) -> list[tuple[str, str, bool]]:
    return [(event.role, event.text, event.was_interrupted) for event in world.events.of("call.turn")]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_whole_call(calls: RealtimeWorld, vendor: str) -> None:
    calls.sandbox.handlers["place_order"] = _order
    replies = (
        Reply("One moment.", (ToolCall("place_order", {"item": "rose"}, "tc1"),)),
        Reply("That is 12 dollars. Shall I charge your card?"),
        Reply("All right, stopped."),
        Reply("Goodbye!", (ToolCall("end_call", {"reason": "caller_goodbye"}, "tc9"),)),
    )
    says = ("a rose please", "stop", "bye")
    async with serving(calls, vendor, *replies, says=says) as fake, calls.runtime() as target, gateway(calls, target) as line:
        await line.open(lookup_wait_ms=1000)
        await line.send(lookup=runtime_pb2.CallerLookup(variables_json='{"found": true, "name": "Ada"}'))
        await line.next("opened")
        await line.hear()
        assert line.texts() == ["Hello Ada."]

        await _say(line)
        await line.hear()
        utterance = (await line.next("utterance_end")).utterance_id
        assert line.texts()[1:] == ["One moment.", "That is 12 dollars.", "Shall I charge your card?"]
        assert calls.sandbox.requests[0].run_key == f"{calls.call_id}:tc1"
        seen = calls.contexts[1]
        assert "Order placed. Total: 12." in seen["instructions"]
        assert "Take the payment." in seen["instructions"]
        assert seen["tools"] == ["end_call", "transfer_to_human"]
        assert line.heard_ms(utterance) == pytest.approx(len("That is 12 dollars. Shall I charge your card?") * 60, abs=120)

        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
        await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=0))
        await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=1290))
        await line.send(audio=SPEECH)
        await _stopped(line)
        await line.hear()
        await _say(line)
        await line.hear()
        assert (await line.next("hang_up")).reason == "agent_ended"
    assert calls.llm.requests == []
    assert calls.stt.received == 0
    assert [event.stage for event in calls.events.of("call.stage")] == ["order", "payment"]
    assert {event.tool: event.status for event in calls.events.of("tool.run")} == {"place_order": "ok", "end_call": "ok"}
    assert _said(calls) == [
        ("assistant", "Hello Ada.", False),
        ("user", "a rose please", False),
        ("assistant", "One moment.", False),
        ("assistant", "That is 12 dollars.", True),
        ("user", "stop", False),
        ("assistant", "All right, stopped.", False),
        ("user", "bye", False),
        ("assistant", "Goodbye!", False),
    ]
    turn = calls.events.of("call.turn")[5]
    assert turn.latency.response_ms is not None
    assert turn.waterfall.llm[-1].provider == vendor
    assert turn.waterfall.llm[-1].first_token_ms is not None
    told = calls.contexts[3]["messages"]
    if vendor == "openai":
        assert [moment.name for moment in fake.requests[-1].moments if moment.name.startswith("truncated")] == ["truncated 1290"]
        assert [item["content"] for item in told if item["role"] == "assistant"][2] == "That is 12 dollars."
        assert turn.waterfall.llm[-1].output_tokens == 30
    else:
        assert any('heard only: "That is 12 dollars."' in item["content"] for item in told)
    assert len(fake.sessions) == 1
    assert {request.text for request in calls.tts.requests} == {"Hello Ada."}


@pytest.mark.parametrize("vendor", VENDORS)
async def test_cut_off_in_the_making_only_what_was_heard_is_remembered(calls: RealtimeWorld, vendor: str) -> None:
    replies = (Reply("This is a long answer of which nobody will ever hear the very end."), Reply("Fine."))
    async with serving(calls, vendor, *replies, says=("tell me", "stop")) as fake:
        fake.speed = 2.0
        async with calls.runtime() as target, gateway(calls, target) as line:
            await _begin(line)
            await _say(line)
            utterance = (await line.next("audio")).utterance_id
            await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
            async with asyncio.timeout(15):
                while line.heard_ms(utterance) < 1000:
                    await line.next("audio")
            await line.send(speech_started=runtime_pb2.SpeechStarted(at_ms=0))
            await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=900))
            await line.send(audio=SPEECH)
            await _stopped(line)
            await line.hear()
    role, text, was_cut = _said(calls)[2]
    assert (role, was_cut) == ("assistant", True)
    assert "This is a long answer".startswith(text)
    assert text.startswith("This is")
    names = [moment.name for moment in fake.requests[-1].moments]
    if vendor == "openai":
        assert "cancelled" in names
        assert "truncated 900" in names
    else:
        assert "interrupted" in names
        assert any(f'heard only: "{text}"' in message["content"] for message in calls.contexts[1]["messages"])


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_tool_of_another_stage_is_refused(calls: RealtimeWorld, vendor: str) -> None:
    replies = (Reply("", (ToolCall("transfer_to_human", {"reason": "x"}, "tc2"),)), Reply("Sorry."))
    async with serving(calls, vendor, *replies), calls.runtime() as target, gateway(calls, target) as line:
        await _begin(line)
        await _say(line)
        await line.hear()
    assert "not available" in calls.contexts[1]["messages"][-1]["content"]
    assert [event.error_code for event in calls.events.of("tool.run")] == ["not_in_stage"]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_preload_is_in_place_before_the_first_answer(calls: RealtimeWorld, vendor: str) -> None:
    release = asyncio.Event()

    async def prefetch(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        await release.wait()
        return ok({"tier": "gold"})

    calls.sandbox.handlers["prefetch"] = prefetch
    changes: dict[str, Any] = {"preload_tools": ("prefetch",), "settings": {"system_prompt": "Tier {tier}."}}
    async with serving(calls, vendor, Reply("Early."), Reply("Hi."), **changes), calls.runtime() as target, gateway(calls, target) as line:
        await _begin(line)
        await _say(line)
        if vendor == "gemini":
            async with asyncio.timeout(15):
                while not calls.contexts:
                    await asyncio.sleep(0.01)
        release.set()
        await line.hear()
    assert calls.contexts[-1]["instructions"].startswith("Tier gold.")
    assert line.texts()[-1] == ("Hi." if vendor == "gemini" else "Early.")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_the_model_greets_and_typed_words_are_answered(calls: RealtimeWorld, vendor: str) -> None:
    replies = (Reply("Hi, this is Mia."), Reply("Five, yes."))
    async with serving(calls, vendor, *replies, settings={"greeting": None}), calls.runtime() as target, gateway(calls, target) as line:
        await _begin(line)
        await line.send(dtmf=runtime_pb2.DtmfInput(digit="5"))
        await line.send(dtmf=runtime_pb2.DtmfInput(digit="#"))
        await line.hear()
    assert line.texts() == ["Hi, this is Mia.", "Five, yes."]
    assert "Greet the caller now" in calls.contexts[0]["instructions"]
    assert calls.contexts[1]["messages"][-1]["content"] == "[keypad: 5]"
    assert calls.llm.requests == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_killed_runtime_is_taken_over_with_its_history(calls: RealtimeWorld, vendor: str) -> None:
    replies = (Reply("First sentence. Second sentence. Third one."), Reply("Fine."))
    async with serving(calls, vendor, *replies, says=("tell me", "ok")) as fake:
        async with calls.runtime() as target, gateway(calls, target) as line:
            await _begin(line)
            await _say(line)
            utterance = (await line.next("utterance_end")).utterance_id
            await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
            heard_ms = len("First sentence.") * 60 + 100
            await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, heard_ms=heard_ms))
            await _journaled(calls, "progress")
        async with calls.runtime() as target, gateway(calls, target) as line:
            await line.open(resume=runtime_pb2.Resume(utterance_id=utterance, heard_ms=heard_ms))
            assert (await line.next("opened")).resumed
            await line.hear()
            assert line.texts() == ["Second sentence.", "Third one."]
            await _say(line)
            await line.hear()
    assert line.texts()[-1] == "Fine."
    assert len(fake.sessions) == 2
    history = [message["content"] for message in calls.contexts[1]["messages"]]
    assert history == ["Hello there.", "tell me", "First sentence.", "Second sentence. Third one.", "ok"]
    assert calls.llm.requests == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_killed_while_a_tool_runs_the_next_runtime_answers_with_its_outcome(calls: RealtimeWorld, vendor: str) -> None:
    is_running = asyncio.Event()

    async def order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        if not is_running.is_set():
            is_running.set()
            await asyncio.Event().wait()
        return ok({"total": 12})

    calls.sandbox.handlers["place_order"] = order
    replies = (Reply("", (ToolCall("place_order", {"item": "rose"}, "tc1"),)), Reply("That is 12 dollars."))
    async with serving(calls, vendor, *replies, says=("a rose",)) as fake:
        async with calls.runtime() as target, gateway(calls, target) as line:
            await _begin(line)
            await _say(line)
            async with asyncio.timeout(15):
                await is_running.wait()
            await _journaled(calls, "tools_requested")
        async with calls.runtime() as target, gateway(calls, target) as line:
            await line.open(resume=runtime_pb2.Resume())
            await line.next("opened")
            await line.hear()
        assert line.texts()[-1] == "That is 12 dollars."
    assert "Order placed. Total: 12." in calls.contexts[1]["instructions"]
    assert '"total": 12' in calls.contexts[1]["messages"][-1]["content"]
    assert [request.run_key for request in calls.sandbox.requests] == [f"{calls.call_id}:tc1"] * 2
    assert len(fake.sessions) == 2
    assert calls.llm.requests == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_broken_connection_in_the_middle_of_an_answer_loses_nothing(calls: RealtimeWorld, vendor: str) -> None:
    replies = (Reply("First sentence. Second sentence, which is much longer. Third one.", tokens_per_s=1), Reply("Back again."))
    calls.llm.answers = [[TextDelta("Go on with this.")]]
    async with serving(calls, vendor, *replies, says=("tell me", "hello")) as fake, calls.runtime() as target, gateway(calls, target) as line:
        fake.speed = 4.0
        await _begin(line)
        await _say(line)
        await line.next("audio")
        async with asyncio.timeout(15):
            while "First sentence." not in line.texts():
                await line.next("segment_end")
        fake.open_sockets[0].cut()
        await line.hear()
        assert line.texts()[-1].endswith("Go on with this.")
        fake.speed = 50.0
        await _say(line)
        await line.hear()
    assert line.texts()[-1] == "Back again."
    assert calls.llm.requests[0].messages[-2].role == "assistant"
    assert calls.llm.requests[0].messages[-2].content.startswith("First sentence.")
    assert len(calls.llm.requests) == 1


@pytest.mark.parametrize("vendor", VENDORS)
async def test_without_the_vendor_the_cascade_takes_the_call(calls: RealtimeWorld, vendor: str) -> None:
    calls.llm.answers = [[TextDelta("Here I am.")]]
    async with serving(calls, vendor) as fake, calls.runtime() as target, gateway(calls, target) as line:
        fake.faults.add(Fault(status=401), times=None)
        await _begin(line)
        calls.stt.next_text = "hi"
        await _say(line)
        await line.hear()
        async with asyncio.timeout(15):
            while len(_said(calls)) < 3:
                await asyncio.sleep(0.01)
    assert line.texts()[-1] == "Here I am."
    assert _said(calls)[1:] == [("user", "hi", False), ("assistant", "Here I am.", False)]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_connection_lost_in_the_callers_sentence_hears_it_to_the_end(calls: RealtimeWorld, vendor: str) -> None:
    says = ("the whole sentence",)
    async with serving(calls, vendor, Reply("I see."), says=says) as fake, calls.runtime() as target, gateway(calls, target) as line:
        await _begin(line)
        await _began(line)
        async with asyncio.timeout(15):
            while not fake.open_sockets or len(fake.requests[-1].messages) < (2 if vendor == "openai" else 3):
                await asyncio.sleep(0.01)
        fake.open_sockets[0].cut()
        await _stopped(line)
        await line.hear()
    assert ("user", "the whole sentence", False) in _said(calls)
    assert line.texts()[-1] == "I see."
    assert len(fake.sessions) == 2
    assert calls.llm.requests == []


async def test_a_tool_that_an_early_answer_asks_for_runs_only_when_the_turn_is_over(calls: RealtimeWorld) -> None:
    calls.sandbox.handlers["place_order"] = _order
    order = Reply("", (ToolCall("place_order", {"item": "rose"}),))
    settings = {"silence_threshold_ms": 1500}
    replies = (order, order, Reply("That is 12 dollars."))
    async with serving(calls, "gemini", *replies, says=("a rose", "please"), settings=settings) as fake, calls.runtime() as target:
        async with gateway(calls, target) as line:
            await _begin(line)
            await _say(line)
            async with asyncio.timeout(15):
                while not calls.contexts:
                    await asyncio.sleep(0.01)
            assert calls.sandbox.requests == []
            await _say(line)
            await line.hear()
    assert line.texts()[-1] == "That is 12 dollars."
    assert calls.sandbox.runs == ["place_order"]
    assert ("user", "a rose please", False) in _said(calls)
    assert [moment.name for moment in fake.requests[-1].moments].count("generation") == 3


async def test_a_model_that_cannot_be_told_another_task_gets_a_session_for_each_stage(calls: RealtimeWorld) -> None:
    calls.sandbox.handlers["place_order"] = _order
    replies = (Reply("One moment.", (ToolCall("place_order", {"item": "rose"}, "tc1"),)), Reply("That is 12 dollars."), Reply("Thank you."))
    async with serving(calls, "gemini", *replies, says=("a rose", "here")) as fake, calls.runtime() as target, gateway(calls, target) as line:
        assert isinstance(fake, FakeGeminiLive)
        calls.link = Link(GeminiLive("gm-test", fake.url, "gemini-3.1-flash-live-preview", "Kore", _DEADLINES))
        await _begin(line)
        await _say(line)
        await line.hear()
        await line.hear()
        await _say(line)
        await line.hear()
    assert line.texts() == ["Hello there.", "One moment.", "That is 12 dollars.", "Thank you."]
    assert calls.contexts[1]["tools"] == ["end_call", "transfer_to_human"]
    assert "Order placed. Total: 12." in calls.contexts[1]["instructions"]
    assert [message["content"] for message in calls.contexts[2]["messages"]][:3] == ["Hello there.", "a rose", "One moment."]
    assert calls.llm.requests == []


async def test_a_turn_that_the_vendor_ends_is_answered_at_once(calls: RealtimeWorld) -> None:
    options = {"turn_detection": {"type": "semantic_vad"}}
    settings = {"realtime": {"provider": "openai", "options": options}, "silence_threshold_ms": 3000}
    async with serving(calls, "openai", Reply("Sure."), says=("done",), settings=settings) as fake, calls.runtime() as target:
        async with gateway(calls, target) as line:
            assert isinstance(fake, FakeOpenAIRealtime)
            await _begin(line)
            await _say(line)
            async with asyncio.timeout(15):
                while not fake.requests or _appended(fake) < len(SPEECH) + len(PAUSE):
                    await asyncio.sleep(0.01)
            for timed in fake.sessions[0].control('{"type": "input_audio_buffer.commit"}'):
                await fake.open_sockets[0].push(timed.message)
            await line.hear()
    assert line.texts()[-1] == "Sure."
    assert all(message["type"] != "input_audio_buffer.commit" for message in fake.requests[-1].messages)
    assert calls.events.of("call.turn")[1].text == "done"


async def test_a_session_that_is_about_to_end_is_changed_in_a_pause(calls: RealtimeWorld) -> None:
    replies = (Reply("One."), Reply("Two."))
    async with serving(calls, "gemini", *replies, says=("a", "b")) as fake, calls.runtime() as target, gateway(calls, target) as line:
        await _begin(line)
        await _say(line)
        await line.hear()
        await fake.open_sockets[0].push({"goAway": {"timeLeft": "50s"}})
        async with asyncio.timeout(15):
            while len(fake.requests) < 2 or not fake.requests[1].messages:
                await asyncio.sleep(0.01)
        assert fake.requests[1].messages[0]["setup"]["sessionResumption"]["handle"]
        await _say(line)
        await line.hear()
    assert line.texts()[-1] == "Two."
    assert [message["role"] for message in calls.contexts[-1]["messages"]] == ["model", "user", "model", "user"]


def _appended(fake: FakeOpenAIRealtime) -> int:
    return sum(len(base64.b64decode(message["audio"])) for message in fake.requests[-1].messages if "audio" in message)


async def _journaled(world: World, kind: str) -> None:
    async with connect_redis(world.redis_url) as redis, asyncio.timeout(15):
        while True:
            entries: list[bytes] = await redis.lrange(journal(world.session_id), 0, -1)  # type: ignore[misc]
            if any(f'"kind":"{kind}"'.encode() in entry for entry in entries):
                return
            await asyncio.sleep(0.01)
