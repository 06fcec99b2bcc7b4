"""Proves S2 S3 T2 T8 T11 P1 P3 P4 W2 W4 B1 B2 A6 V7 V8 WS4 WS6 D2 C5: whole calls over a real link, and what survives a lost process."""

import asyncio
import json
from typing import Any

import grpc
import pytest
from agent_runtime.providers.ports import TextDelta
from callstage_contracts.pb.runtime.v1 import runtime_pb2, runtime_pb2_grpc
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_contracts.redis_keys import journal
from callstage_domain.errors import DependencyError
from callstage_kit.redis.connection import connect_redis

from .conftest import Gateway, Mirror, World, agent, call, gateway, ok

# grpc.aio keeps one pair of sockets per process for its poller, made with the first channel.
pytestmark = pytest.mark.leaks_allowed("sockets")


async def _order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
    return ok({"total": 12}, {"customer_id": 7})


async def test_a_whole_call(world: World) -> None:
    world.sandbox.handlers["place_order"] = _order
    world.llm.answers = [
        [TextDelta("One moment. "), call("place_order", {"item": "rose"})],
        [TextDelta("That is 12 dollars. "), TextDelta("Shall I charge your card?")],
        [TextDelta("All right, stopped.")],
        [TextDelta("Goodbye!"), call("end_call", {"reason": "caller_goodbye"}, "tc9")],
    ]
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(lookup_wait_ms=1000)
        await line.send(lookup=runtime_pb2.CallerLookup(variables_json='{"found": true, "name": "Ada"}'))
        opened = await line.next("opened")
        assert (opened.agent_name, opened.vad_stop_ms, opened.resumed) == ("Mia", 200, False)
        await line.hear()
        assert line.texts() == ["Hello Ada."]

        await line.say("a rose please")
        await line.hear()
        utterance = (await line.next("utterance_end")).utterance_id
        assert "Order placed. Total: 12." in world.llm.requests[1].system
        assert "Take the payment." in world.llm.requests[1].system
        assert [tool.name for tool in world.llm.requests[1].tools] == ["end_call", "transfer_to_human"]
        assert json.loads(world.sandbox.requests[0].args_json) == {"item": "rose"}
        assert world.sandbox.requests[0].run_key == f"{world.call_id}:tc1"

        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
        spoken_ms = len("That is twelve dollars.") * 20
        await line.send(interrupted=runtime_pb2.Interrupted(utterance_id=utterance, heard_ms=spoken_ms + 1))
        await line.say("stop")
        await line.hear()
        assert [message.content for message in world.llm.requests[2].messages][-2:] == ["That is 12 dollars.", "stop"]

        await line.say("bye")
        await line.hear()
        hang_up = await line.next("hang_up")
        assert hang_up.reason == "agent_ended"
    assert world.stt.received > 0
    assert [event.stage for event in world.events.of("call.stage")] == ["order", "payment"]
    assert {event.tool: event.status for event in world.events.of("tool.run")} == {"place_order": "ok", "end_call": "ok"}
    turns = [(event.role, event.text, event.was_interrupted) for event in world.events.of("call.turn")]
    assert turns == [
        ("assistant", "Hello Ada.", False),
        ("user", "a rose please", False),
        ("assistant", "One moment.", False),
        ("assistant", "That is 12 dollars.", True),
        ("user", "stop", False),
        ("assistant", "All right, stopped.", False),
        ("user", "bye", False),
        ("assistant", "Goodbye!", False),
    ]
    assert [event.turn for event in world.events.of("call.turn")] == list(range(8))
    assert world.events.of("call.turn")[2].latency.response_ms is not None
    assert line.notices("variables")[-1]["customer_id"] == 7
    assert [notice["name"] for notice in line.notices("tool")] == ["place_order", "end_call"]
    greeted, answered, *_ = [notice["waterfall"] for notice in line.notices("latency")]
    assert (greeted["speech_end_ms"], greeted["llm"]) == (None, [])
    assert answered["speech_end_ms"] <= answered["llm"][0]["request_ms"] <= answered["tts"]["first_byte_ms"] <= answered["heard_ms"]


async def _opened(line: Gateway, **changes: Any) -> None:
    await line.open(**changes)
    await line.next("opened")
    await line.hear()


async def test_a_slow_tool_gets_one_filler_and_a_refused_one_is_told_to_the_model(world: World) -> None:
    release = asyncio.Event()

    async def slow(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        await release.wait()
        return ok({"found": "it"})

    world.sandbox.handlers["lookup"] = slow
    world.llm.answers = [
        [call("lookup")],
        [call("transfer_to_human", {"reason": "x"}, "tc2")],
        [call("place_order", {}, "tc3")],
        [TextDelta("Sorry.")],
    ]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("look it up")
        await line.hear()
        assert line.texts()[-1] == "Let me check that for you."
        release.set()
        await line.hear()
    assert "it" in world.llm.requests[1].messages[-1].content
    assert "not available" in world.llm.requests[2].messages[-1].content
    assert "'item' is a required property" in world.llm.requests[3].messages[-1].content
    assert world.sandbox.runs == ["lookup"]
    assert [event.error_code for event in world.events.of("tool.run")] == ["", "not_in_stage", "invalid_arguments"]


async def test_a_webhook_sentence_is_said_without_the_model_and_a_lost_sandbox_is_tried_again(world: World) -> None:
    async def sent(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        return ok({"status": "sent"}, speech="I have sent it.")

    world.sandbox.handlers["lookup"] = sent
    world.sandbox.unavailable = 3
    world.llm.answers = [[call("lookup")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("send it")
        while "I have sent it." not in line.texts():
            await line.hear()
    assert len(world.llm.requests) == 1
    assert {request.run_key for request in world.sandbox.requests} == {f"{world.call_id}:tc1"}


async def test_preload_is_there_before_the_first_answer_and_never_delays_the_greeting(world: World) -> None:
    release = asyncio.Event()

    async def prefetch(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        await release.wait()
        return ok({"tier": "gold", "orders": [{"id": 1}], "_run_llm": True}, run_llm=True)

    world.sandbox.handlers["prefetch"] = prefetch
    world.mirror = Mirror(agent(preload_tools=("prefetch",), settings={"system_prompt": "Tier {tier}.", "disclosure": True}))
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        assert line.texts() == ["Hello, you are speaking with Mia, an AI assistant.", "Hello there."]
        await line.say("hi")
        release.set()
        await line.hear()
    assert world.sandbox.requests[0].is_preload
    assert json.loads(world.sandbox.requests[0].args_json)["caller_phone"] == "+15550100"
    assert world.llm.requests[0].system.startswith("Tier gold.")
    assert '{"prefetch":{"orders":[{"id":1}]}}' in world.llm.requests[0].system
    assert len(world.llm.requests) == 1


async def test_a_greeting_is_made_once_and_then_comes_from_the_cache(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        await line.hear()
        await line.open(2, {"call_id": "other", "session_id": "ses_other_" + world.session_id})
        await line.next("utterance_end", channel=2)
    assert [request.text for request in world.tts.requests] == ["Hello there."]


async def test_a_transfer_hands_the_caller_over(world: World) -> None:
    world.mirror = Mirror(agent(first_stage="payment"))
    world.llm.answers = [[call("transfer_to_human", {"reason": "angry", "department": "sales"})]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("a human, now")
        await line.hear()
        hang_up = await line.next("hang_up")
    assert hang_up.reason == "transferred"
    assert json.loads(hang_up.transfer_json)["department"] == "sales"
    assert line.texts()[-1] == "One moment please, I will connect you."


async def test_the_model_greets_when_no_greeting_is_set(world: World) -> None:
    world.mirror = Mirror(agent(settings={"greeting": None}))
    world.llm.answers = [[TextDelta("Hi, this is Mia.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        assert line.texts() == ["Hi, this is Mia."]
    assert "Greet the caller now" in world.llm.requests[0].system


@pytest.mark.parametrize(
    ("context", "draining", "code"),
    [({"deployment": 9}, False, "not_deployed"), ({"agent_id": ""}, False, "internal"), ({}, True, "overload")],
)
async def test_a_call_that_cannot_be_opened_is_refused(world: World, context: dict[str, Any], draining: bool, code: str) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        if draining:
            world.health.drain()
        await line.open(context=context)
        assert (await line.next("failed")).code == code


async def test_a_call_without_a_voice_fails(world: World) -> None:
    world.tts.fails = True
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open()
        assert (await line.next("failed")).code == "provider_failed"


async def test_a_failing_model_is_apologised_for_and_then_ends_the_call(world: World) -> None:
    world.llm.answers = [[DependencyError("down", vendor="fake_llm")], [DependencyError("down", vendor="fake_llm")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("hi")
        await line.hear()
        assert line.texts()[-2:] == ["I am sorry, I did not get that.", "Could you say it again?"]
        await line.say("hi")
        await line.hear()
        assert (await line.next("hang_up")).reason == "provider_failed"


async def test_a_call_goes_on_without_redis(world: World) -> None:
    world.redis_url = "redis://127.0.0.1:1/0"
    world.llm.answers = [[TextDelta("Here I am.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("hi")
        await line.hear()
    assert line.texts()[-1] == "Here I am."


async def test_killed_while_speaking_the_rest_is_said_by_another_process(world: World) -> None:
    world.llm.answers = [[TextDelta("First sentence. Second sentence. Third one.")], [TextDelta("Fine.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("tell me")
        utterance = (await line.next("utterance_end")).utterance_id
        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
        heard_ms = len("First sentence.") * 20 + 100
        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, heard_ms=heard_ms))
        await _journaled(world, "progress")
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(resume=runtime_pb2.Resume(utterance_id=utterance, heard_ms=heard_ms))
        assert (await line.next("opened")).resumed
        await line.hear()
        assert line.texts() == ["Second sentence.", "Third one."]
        await line.say("ok")
        await line.hear()
    assert [message.content for message in world.llm.requests[1].messages] == [
        "Hello there.",
        "tell me",
        "First sentence.",
        "Second sentence. Third one.",
        "ok",
    ]


async def test_killed_while_speaking_what_the_gateway_holds_plays_on_and_is_not_said_again(world: World) -> None:
    world.llm.answers = [[TextDelta("First sentence. Second sentence.")], [TextDelta("Fine.")]]
    sent_ms = len("First sentence.") * 20 + len("Second sentence.") * 20
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("tell me")
        utterance = (await line.next("utterance_end")).utterance_id
        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, is_started=True))
        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, heard_ms=100))
        await _journaled(world, "progress")
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(resume=runtime_pb2.Resume(utterance_id=utterance, heard_ms=100, sent_ms=sent_ms))
        assert (await line.next("opened")).resumed
        await line.send(playout=runtime_pb2.PlayoutReport(utterance_id=utterance, heard_ms=sent_ms, is_finished=True))
        await line.say("ok")
        await line.hear()
        assert line.texts() == ["Fine."]
    assert [message.content for message in world.llm.requests[1].messages] == ["Hello there.", "tell me", "First sentence. Second sentence.", "ok"]


async def test_a_turn_in_the_journal_is_acknowledged_by_its_number(world: World) -> None:
    world.llm.answers = [[TextDelta("Fine.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.send(text=runtime_pb2.TextInput(text="tell me", said=5))
        assert (await line.next("turn_taken")).said == 5
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(resume=runtime_pb2.Resume())
        assert (await line.next("opened")).said == 5


async def test_words_of_a_turn_that_a_lost_gateway_cut_short_are_answered(world: World) -> None:
    world.llm.answers = [[TextDelta("Fine.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.send(speech_started=runtime_pb2.SpeechStarted())
        await _journaled(world, "overheard")
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(resume=runtime_pb2.Resume(new_gateway=True))
        await line.hear()
        assert line.texts()[0].startswith("I am sorry")


async def test_killed_in_a_tool_the_tool_takes_effect_once(world: World) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def order(request: sandbox_pb2.RunToolRequest) -> sandbox_pb2.RunToolReply:
        started.set()
        reply = ok({"total": 3})
        world.sandbox.ledger[request.run_key] = reply
        await release.wait()
        return reply

    world.sandbox.handlers["place_order"] = order
    world.llm.answers = [[call("place_order", {"item": "rose"})], [TextDelta("It is placed.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("a rose")
        await asyncio.wait_for(started.wait(), 5)
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(resume=runtime_pb2.Resume())
        await line.hear()
        assert line.texts()[-1] == "It is placed."
    assert world.sandbox.runs == ["place_order"]
    assert {request.run_key for request in world.sandbox.requests} == {f"{world.call_id}:tc1"}
    assert "Order placed. Total: 3." in world.llm.requests[1].system
    release.set()


async def test_killed_while_thinking_the_turn_is_answered_by_another_process(world: World) -> None:
    world.llm.answers = [[asyncio.Event()], [TextDelta("Here is your answer.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("question")
        await _journaled(world, "user_said")
    async with world.runtime() as target, gateway(world, target) as line:
        await line.open(resume=runtime_pb2.Resume())
        await line.hear()
        assert line.texts() == ["Here is your answer."]


async def test_the_older_owner_falls_silent_when_the_call_is_taken_over(world: World) -> None:
    async with world.runtime() as target, world.runtime() as second_target:
        async with gateway(world, target) as old, gateway(world, second_target) as new:
            await _opened(old)
            await new.open(resume=runtime_pb2.Resume())
            await new.next("opened")
            await new.say("hello")
            await new.hear()
            before = len(old.down)
            await old.say("hello")
            await _journaled(world, "replied", count=2)
            await new.say("again")
            await new.hear()
            assert not any(message.HasField("failed") or message.HasField("hang_up") for message in old.down[before:])


async def test_a_browser_comes_back_to_its_session_and_to_no_other(world: World) -> None:
    world.llm.answers = [[TextDelta("Nice.")], [TextDelta("Welcome back.")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.say("I am Ada")
        await line.hear()
        await line.send(close=runtime_pb2.CloseCall(reason="client_stopped"))
        await _journaled(world, "ended")
        resume = runtime_pb2.Resume(new_call=True)
        await line.open(2, {"call_id": "c2"}, resume=resume)
        opened = await line.next("opened", channel=2)
        assert (opened.session_id, opened.resumed) == (world.session_id, True)
        await line.open(3, {"call_id": "c3", "session_id": "ses_unknown"}, resume=resume)
        opened = await line.next("opened", channel=3)
        assert opened.session_id not in ("ses_unknown", world.session_id)
        assert not opened.resumed
        world.mirror.values["t2.shop.1"] = agent()
        await line.open(4, {"call_id": "c4", "tenant_id": "t2"}, resume=resume)
        opened = await line.next("opened", channel=4)
        assert opened.session_id != world.session_id
        await line.send(2, text=runtime_pb2.TextInput(text="do you know me"))
        await line.next("utterance_end", channel=2)
    assert [message.content for message in world.llm.requests[1].messages] == ["Hello there.", "I am Ada", "Nice.", "do you know me"]


async def _journaled(world: World, kind: str, *, count: int = 1) -> None:
    """Wait until the journal holds so many entries of a kind."""
    async with asyncio.timeout(5), connect_redis(world.redis_url) as redis:
        client: Any = redis
        while True:
            stored = await client.lrange(journal(world.session_id), 0, -1)
            if sum(json.loads(entry)["kind"] == kind for entry in stored) >= count:
                return
            await asyncio.sleep(0.01)


async def test_text_turns_share_stages_tools_and_history(world: World) -> None:
    world.sandbox.handlers["place_order"] = _order
    world.mirror = Mirror(agent(channel="chat"))
    world.llm.answers = [
        [call("place_order", {"item": "rose"})],
        [TextDelta("* Placed\n* 12 dollars")],
        [TextDelta("Bye"), call("end_call", {"reason": "x"}, "z")],
    ]
    async with world.runtime() as target, grpc.aio.insecure_channel(target) as channel:
        stub: Any = runtime_pb2_grpc.ConversationServiceStub(channel)
        request = runtime_pb2.TextTurnRequest(context=world.context(channel="chat"), text="a rose", turn_id="m1")
        reply = await stub.TextTurn(request)
        assert (reply.text, reply.stage, reply.turns, reply.is_ended) == ("* Placed\n* 12 dollars", "payment", 1, False)
        assert await stub.TextTurn(request) == reply
        assert len(world.llm.requests) == 2
        assert "phone call" not in world.llm.requests[0].system
        reply = await stub.TextTurn(runtime_pb2.TextTurnRequest(context=world.context(channel="chat"), text="bye", turn_id="m2"))
        assert (reply.text, reply.is_ended, reply.turns) == ("Bye", True, 2)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.TextTurn(runtime_pb2.TextTurnRequest(context=world.context(), text="", turn_id="m3"))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [message.role for message in world.llm.requests[2].messages] == ["user", "assistant", "tool", "assistant", "user"]


async def test_a_call_that_cannot_hear_ends_politely(world: World) -> None:
    world.stt.fails = True
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        await line.hear()
        assert (await line.next("hang_up")).reason == "provider_failed"
    assert "technical problem" in " ".join(line.texts())


async def test_a_greeting_the_model_cannot_make_is_replaced(world: World) -> None:
    world.mirror = Mirror(agent(settings={"greeting": None}))
    world.llm.answers = [[DependencyError("down", vendor="fake_llm")]]
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        assert line.texts() == ["How can I help you?"]


async def test_keys_reach_the_model(world: World) -> None:
    async with world.runtime() as target, gateway(world, target) as line:
        await _opened(line)
        for digit in "42#":
            await line.send(dtmf=runtime_pb2.DtmfInput(digit=digit))
        await line.hear()
    assert world.llm.requests[0].messages[-1].content == "[keypad: 42]"
