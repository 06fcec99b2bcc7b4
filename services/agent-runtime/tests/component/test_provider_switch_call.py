"""Proves A2 (fallback) C5 in whole calls: a turn survives its language model and its voice, and a stand-in's voice is not kept as the agent's own."""

from typing import Any

import pytest
from agent_runtime.providers.capabilities import LlmCapabilities, TtsCapabilities
from agent_runtime.providers.failures import disconnected, timed_out
from agent_runtime.providers.fallback import Link, LlmChain, TtsChain
from agent_runtime.providers.ports import TextDelta
from callstage_domain.audio import AudioFormat
from callstage_domain.ids import new_session_id

from .conftest import ScriptedLlm, ScriptedTts, World, call, gateway, ok

# grpc.aio keeps one pair of sockets per process for its poller, made with the first channel.
pytestmark = pytest.mark.leaks_allowed("sockets")


def model(name: str, *answers: Any) -> Any:
    made: Any = ScriptedLlm(*answers)
    made.name, made.capabilities = name, LlmCapabilities()
    return made


def voice(name: str) -> Any:
    made: Any = ScriptedTts()
    made.name, made.capabilities = name, TtsCapabilities((AudioFormat.PCMU_8K,))
    return made


async def test_the_caller_hears_one_answer_of_two_models(world: World) -> None:
    async def order(_: Any) -> Any:
        return ok({"total": 12})

    world.sandbox.handlers["place_order"] = order
    first = model("a", [TextDelta("Your order is ready "), TextDelta("and will"), disconnected("a", "stream")], [TextDelta("Anything else?")])
    second = model("b", [TextDelta("and will be there at five."), call("place_order", {"item": "rose"})], [TextDelta("Done.")])
    # The model that broke off is asked again in the next round, as its breaker is closed.
    world.llm = LlmChain([Link(first), Link(second)])  # type: ignore[assignment]
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.next("opened")
        await line.hear()
        await line.say("is it ready?")
        await line.hear()
        assert line.texts()[1] == "Your order is ready and will be there at five."
        await line.hear()
    history = [message.content for message in first.requests[1].messages if message.role == "assistant" and message.content]
    assert history[-1] == "Your order is ready and will be there at five.", "it stands in the history once"
    assert world.sandbox.runs == ["place_order"]
    turns = [event.text for event in world.events.of("call.turn") if event.role == "assistant"]
    assert turns[:2] == ["Hello there.", "Your order is ready and will be there at five."]


async def test_a_stand_ins_voice_is_heard_and_not_kept(world: World) -> None:
    first, second = voice("a"), voice("b")
    world.tts = TtsChain([Link(first), Link(second)])  # type: ignore[assignment]

    async with world.runtime() as target, gateway(world, target) as line:

        async def greet(channel: int) -> None:
            session_id = new_session_id()
            await line.open(channel, {"session_id": session_id, "call_id": f"call-{session_id}"})
            await line.next("utterance_end", channel=channel)

        first.fails = True
        await greet(1)
        assert [request.text for request in second.requests] == ["Hello there."]
        first.fails = False
        await greet(2)
        assert len(first.requests) == 2, "the greeting is made again in the agent's own voice"
        await greet(3)
        assert len(first.requests) == 2, "and kept from then on"
    assert len(second.requests) == 1


async def test_a_model_that_gives_no_word_is_replaced_unheard(world: World) -> None:
    world.llm = LlmChain([Link(model("a", [timed_out("a", "first_byte")])), Link(model("b", [TextDelta("Here I am.")]))])  # type: ignore[assignment]
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.next("opened")
        await line.hear()
        await line.say("hello?")
        await line.hear()
        assert line.texts() == ["Hello there.", "Here I am."]
