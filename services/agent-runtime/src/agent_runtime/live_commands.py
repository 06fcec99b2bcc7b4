"""What people tell running calls (rule X4). Every process listens; the one that has the call answers, and nobody when none has it."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self

import structlog
from callstage_contracts.live import LiveCommand, LiveCommandReply
from callstage_contracts.subjects import LIVE_COMMAND_PREFIX, live_command_subject
from callstage_domain.errors import LimitExceeded
from nats.errors import Error as NatsError
from pydantic import ValidationError

from agent_runtime.call_info import CallInfo
from agent_runtime.conversation.inbox import CallInbox, OperatorEnded, OperatorHint

_log = structlog.get_logger(__name__)


class Message(Protocol):
    """The part of a NATS message in use."""

    subject: str
    data: bytes

    async def respond(self, data: bytes) -> None: ...


class Subscription(Protocol):
    """The part of a NATS subscription in use."""

    async def unsubscribe(self) -> None: ...


class SubscribingNats(Protocol):
    """The part of the NATS client in use."""

    async def subscribe(self, subject: str, *, cb: Callable[[Any], Awaitable[None]]) -> Subscription: ...


class LiveCommands:
    """Listens while entered."""

    def __init__(self, client: SubscribingNats) -> None:
        self._client = client
        self._calls: dict[str, CallInbox] = {}
        self._subscription: Subscription | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._client.subscribe(f"{LIVE_COMMAND_PREFIX}.*.*", cb=self.on_message)
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        if self._subscription is not None:
            try:
                await self._subscription.unsubscribe()
            except NatsError as err:
                _log.warning("live_commands_not_unsubscribed", error=type(err).__name__)

    @contextmanager
    def taken_for(self, info: CallInfo, inbox: CallInbox) -> Generator[None]:
        """While entered, what is told the call goes into its inbox."""
        subject = live_command_subject(info.tenant_id, info.call_id)
        self._calls[subject] = inbox
        try:
            yield
        finally:
            # A call that came back to this process has another inbox by now.
            if self._calls.get(subject) is inbox:
                del self._calls[subject]

    async def on_message(self, message: Message) -> None:
        """Never fails; silent about calls of other processes."""
        inbox = self._calls.get(message.subject)
        if inbox is None:
            return
        reply = _told(inbox, message.data)
        try:
            await message.respond(reply.model_dump_json().encode())
        except NatsError as err:
            _log.warning("live_command_not_answered", error=type(err).__name__)


def _told(inbox: CallInbox, data: bytes) -> LiveCommandReply:
    try:
        command = LiveCommand.model_validate_json(data)
    except ValidationError:
        return LiveCommandReply(ok=False, code="unknown_command")
    try:
        inbox.push(OperatorHint(command.text) if command.kind == "hint" else OperatorEnded())
    except LimitExceeded:
        return LiveCommandReply(ok=False, code="busy")
    _log.info("live_command_taken", kind=command.kind)
    return LiveCommandReply(ok=True)
