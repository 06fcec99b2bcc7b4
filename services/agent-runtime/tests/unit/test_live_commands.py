"""Proves X4: what a person tells a running call reaches the process that has the call, and nobody else answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from agent_runtime.call_info import CallInfo
from agent_runtime.conversation.inbox import CallInbox, OperatorEnded, OperatorHint
from agent_runtime.live_commands import LiveCommands
from callstage_contracts.live import LiveCommandReply
from callstage_contracts.subjects import live_command_subject
from callstage_domain.audio import AudioFormat

INFO = CallInfo("c1", "s1", "t1", "shop", 1)


@dataclass
class Message:
    subject: str
    data: bytes
    replies: list[bytes] = field(default_factory=list[bytes])

    async def respond(self, data: bytes) -> None:
        self.replies.append(data)

    @property
    def reply(self) -> LiveCommandReply | None:
        return LiveCommandReply.model_validate_json(self.replies[0]) if self.replies else None


class Nats:
    def __init__(self) -> None:
        self.subjects: list[str] = []

    async def subscribe(self, subject: str, *, cb: Callable[[Any], Awaitable[None]]) -> "Nats":
        self.subjects.append(subject)
        return self

    async def unsubscribe(self) -> None:
        self.subjects.clear()


async def test_only_the_call_that_is_meant_hears_it() -> None:
    nats, inbox, other = Nats(), CallInbox(AudioFormat.PCMU_8K), CallInbox(AudioFormat.PCMU_8K)
    async with LiveCommands(nats) as commands:
        assert nats.subjects == ["live-command.*.*"]
        with commands.taken_for(INFO, inbox), commands.taken_for(CallInfo("c2", "s2", "t1", "shop", 1), other):
            hint = Message(live_command_subject("t1", "c1"), b'{"kind": "hint", "text": "Offer a discount"}')
            await commands.on_message(hint)
            foreign = Message(live_command_subject("t2", "c1"), b'{"kind": "end"}')
            await commands.on_message(foreign)
            assert hint.reply == LiveCommandReply(ok=True)
            assert foreign.reply is None, "a call of another tenant is not here"
            assert await inbox.next_event(0.01) == OperatorHint("Offer a discount")
            assert await inbox.next_event(0.01) is None
            assert await other.next_event(0.01) is None
            await commands.on_message(Message(live_command_subject("t1", "c1"), b'{"kind": "end"}'))
            assert await inbox.next_event(0.01) == OperatorEnded()
        gone = Message(live_command_subject("t1", "c1"), b'{"kind": "end"}')
        await commands.on_message(gone)
        assert gone.reply is None
    assert nats.subjects == []


async def test_what_nobody_understands_is_answered_and_not_done() -> None:
    inbox = CallInbox(AudioFormat.PCMU_8K)
    async with LiveCommands(Nats()) as commands:
        with commands.taken_for(INFO, inbox):
            for body in (b"", b"{}", b'{"kind": "dance"}', b'{"kind": "hint", "text": "' + b"x" * 2000 + b'"}'):
                message = Message(live_command_subject("t1", "c1"), body)
                await commands.on_message(message)
                assert message.reply == LiveCommandReply(ok=False, code="unknown_command")
    assert await inbox.next_event(0.01) is None


async def test_a_call_that_floods_says_that_it_is_busy() -> None:
    inbox = CallInbox(AudioFormat.PCMU_8K)
    async with LiveCommands(Nats()) as commands:
        with commands.taken_for(INFO, inbox):
            replies: list[LiveCommandReply | None] = []
            for _ in range(1100):
                message = Message(live_command_subject("t1", "c1"), b'{"kind": "hint", "text": "x"}')
                await commands.on_message(message)
                replies.append(message.reply)
    assert replies[0] == LiveCommandReply(ok=True)
    assert replies[-1] == LiveCommandReply(ok=False, code="busy")


async def test_a_call_that_came_back_keeps_its_newer_inbox() -> None:
    old, new = CallInbox(AudioFormat.PCMU_8K), CallInbox(AudioFormat.PCMU_8K)
    async with LiveCommands(Nats()) as commands:
        leaving = commands.taken_for(INFO, old)
        leaving.__enter__()
        with commands.taken_for(INFO, new):
            leaving.__exit__(None, None, None)
            message = Message(live_command_subject("t1", "c1"), b'{"kind": "hint", "text": "x"}')
            await commands.on_message(message)
            assert message.reply == LiveCommandReply(ok=True)
            assert await new.next_event(0.01) == OperatorHint("x")
