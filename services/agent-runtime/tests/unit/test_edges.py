"""Proves T11, K5, P5 and WS7 in part: argument checks, latency parts, caches, queues and admission at their limits."""

import asyncio
import time

import pytest
from agent_runtime.call_info import CallInfo
from agent_runtime.call_registry import CallRegistry
from agent_runtime.conversation.inbox import CallInbox
from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.turns.events import SpeechStarted, TurnTimes
from agent_runtime.rpc.convert import json_object, session_event
from agent_runtime.rpc.outbox import LinkOutbox, LinkOutlet
from agent_runtime.snapshots import Snapshots
from agent_runtime.tools.arguments import checked_arguments
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import CallerError, LimitExceeded, ModelFacingError, NotFound
from callstage_kit.health import Health

SCHEMA = {
    "type": "object",
    "properties": {"count": {"type": "integer", "minimum": 1}, "source": {"type": "string", "default": "phone_call"}},
    "required": ["count"],
    "additionalProperties": False,
}


def test_good_arguments_get_their_defaults() -> None:
    assert checked_arguments('{"count": 2}', SCHEMA) == {"count": 2, "source": "phone_call"}
    assert checked_arguments("", {}) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "'count' is a required property"),
        ('{"count": 0}', "'count'"),
        ('{"count": 1, "x": 1}', "'x' was unexpected"),
    ],
)
def test_bad_arguments_say_what_to_correct(text: str, says: str) -> None:
    with pytest.raises(ModelFacingError, match=says):
        checked_arguments(text, SCHEMA)


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "http://example.com/schema.json"}, {"$ref": "#"}])
def test_a_broken_schema_is_the_tools_fault(schema: dict[str, object]) -> None:
    with pytest.raises(ModelFacingError, match="not set up correctly"):
        checked_arguments("{}", schema)


def test_a_slow_pattern_of_an_old_snapshot_does_not_stall_the_process() -> None:
    began = time.perf_counter()
    assert checked_arguments('{"p": "%s"}' % ("a" * 64 + "b"), {"properties": {"p": {"pattern": "(a+)+$"}}}) == {"p": "a" * 64 + "b"}
    assert time.perf_counter() - began < 20


def test_latency_parts_are_differences_and_absent_where_a_moment_is() -> None:
    clock = TurnClock(TurnTimes(100, 300, 350, 400), llm_request_ms=401, first_token_ms=551, first_audio_ms=700, heard_ms=720)
    parts = clock.parts()
    assert (parts.endpointing_ms, parts.stt_ms, parts.llm_first_token_ms, parts.transport_ms, parts.response_ms) == (300, 50, 150, 20, 620)
    assert parts.tts_first_byte_ms is None


def test_the_phrase_cache_is_bounded() -> None:
    cache = PhraseCache(10)
    keys = [("p", "m", "v", 1.0, "en", "f", str(number)) for number in range(3)]
    for key in keys:
        cache.put(key, b"12345")
    assert cache.get(keys[0]) is None
    assert cache.get(keys[2]) == b"12345"


async def test_too_much_audio_drops_the_oldest_and_too_many_events_are_refused() -> None:
    inbox = CallInbox(AudioFormat.PCMU_8K)
    for number in range(60):
        inbox.push_audio(bytes([number]) * 800)
    audio = inbox.take_audio()
    assert len(audio) == 40_000
    assert audio[-1] == 59
    assert inbox.take_audio() == b""
    for _ in range(1024):
        inbox.push(SpeechStarted())
    with pytest.raises(LimitExceeded):
        inbox.push(SpeechStarted())


async def test_output_of_all_calls_leaves_together_and_urgent_output_at_once() -> None:
    outbox = LinkOutbox(flush_s=30)
    first, second = LinkOutlet(1, outbox), LinkOutlet(2, outbox)
    first.utterance_end("u")
    await second.audio("v", 0, b"xx", is_first=True)
    batch = await outbox.batch()
    assert [(call.channel, call.WhichOneof("body")) for call in batch.calls] == [(1, "utterance_end"), (2, "audio")]


async def test_speech_waits_for_a_gateway_that_does_not_read() -> None:
    outbox = LinkOutbox(flush_s=0)
    outlet = LinkOutlet(1, outbox)
    for _ in range(8):
        await outlet.audio("u", 0, bytes(1 << 20), is_first=False)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(outlet.audio("u", 0, b"x", is_first=False), 0.05)
    sizes = [len((await outbox.batch()).SerializeToString()) for _ in range(5)]
    assert max(sizes) < 4 << 20
    async with asyncio.timeout(20):
        await outlet.audio("u", 0, b"x", is_first=False)


@pytest.mark.parametrize("text", ["{", "[1]", '"x"'])
def test_variables_must_be_an_object(text: str) -> None:
    with pytest.raises(CallerError):
        json_object(text)


def test_an_empty_message_is_nothing() -> None:
    assert session_event(runtime_pb2.CallUp(channel=1)) is None
    assert session_event(runtime_pb2.CallUp(channel=1, dtmf=runtime_pb2.DtmfInput())) is None


def test_a_full_or_draining_process_takes_no_more_calls() -> None:
    health = Health()
    registry = CallRegistry(health, 1)
    with registry.admitted("browser"), pytest.raises(LimitExceeded), registry.admitted("browser"):
        pass
    assert registry.count == 0
    health.drain()
    with pytest.raises(LimitExceeded), registry.admitted("browser"):
        pass


async def test_an_unknown_deployment_is_refused_after_a_moment() -> None:
    class Nothing:
        def get(self, key: str) -> None:
            return None

        def on_change(self, listener: object) -> None:
            return None

    with pytest.raises(NotFound) as caught:
        await Snapshots(Nothing(), arrival_s=0.01).of(CallInfo("c", "s", "t", "a", 1))
    assert caught.value.code == "not_deployed"
