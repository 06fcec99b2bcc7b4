"""Proves X4: a hint for the AI changes its next answers, stands in the transcript and is never spoken; an operator can end the call."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_runtime.live_commands import LiveCommands
from agent_runtime.providers.ports import TextDelta
from callstage_contracts.live import LiveCommand, LiveCommandReply
from callstage_contracts.subjects import live_command_subject
from callstage_domain.call import EndedReason

from .conftest import World, gateway

# grpc.aio keeps one pair of sockets per process for its poller, made with the first channel.
pytestmark = pytest.mark.leaks_allowed("sockets")


class _Nats:
    async def subscribe(self, subject: str, *, cb: Callable[[Any], Awaitable[None]]) -> "_Nats":
        return self

    async def unsubscribe(self) -> None:
        return


class _Message:
    def __init__(self, world: World, command: LiveCommand) -> None:
        self.subject = live_command_subject("t1", world.call_id)
        self.data = command.model_dump_json().encode()
        self.reply: LiveCommandReply | None = None

    async def respond(self, data: bytes) -> None:
        self.reply = LiveCommandReply.model_validate_json(data)


async def _tell(world: World, command: LiveCommand) -> None:
    assert world.commands is not None
    message = _Message(world, command)
    await world.commands.on_message(message)
    assert message.reply == LiveCommandReply(ok=True)


async def test_a_hint_is_acted_on_and_never_spoken(world: World) -> None:
    world.llm.answers = [[TextDelta("For you ten percent less.")], [TextDelta("Gladly.")]]
    async with LiveCommands(_Nats()) as world.commands, world.runtime() as target, gateway(world, target) as caller:
        await caller.open()
        await caller.hear()
        await _tell(world, LiveCommand(kind="hint", text="Offer him ten percent."))
        for text in ("It is too dear.", "Thanks."):
            await caller.say(text)
            await caller.hear()
        await _tell(world, LiveCommand(kind="end"))
        assert (await caller.next("hang_up")).reason == EndedReason.OPERATOR_ENDED
    systems = [request.system for request in world.llm.requests]
    assert all("Offer him ten percent." in system and "# Hints" in system for system in systems)
    assert not [text for text in caller.texts() if "Offer him" in text]
    assert not [line for line in caller.notices("transcript") if line["role"] == "operator"]
    assert {"role": "operator", "text": "Offer him ten percent.", "isFinal": True} in world.events.captions
    lines = [(turn.role, turn.text) for turn in world.events.of("call.turn")]
    assert ("operator", "Offer him ten percent.") in lines[:2], "before the answers that follow it"
    turns = [turn.turn for turn in world.events.of("call.turn")]
    assert turns == sorted(set(turns)), "each line of the transcript has a number of its own"
