"""The link with one gateway process: many calls on one stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_domain.agent import AgentSnapshot
from callstage_domain.call import ended_reason
from callstage_domain.errors import CallstageError, LimitExceeded
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import LINKS, count_call

from agent_runtime.call_info import CallRequest
from agent_runtime.call_registry import CallRegistry
from agent_runtime.conversation.call_end import MOVED
from agent_runtime.conversation.inbox import CallInbox
from agent_runtime.conversation.opening import open_conversation
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.session import VoiceSession
from agent_runtime.journal.store import JournalStore
from agent_runtime.journal.writer import JournalWriter
from agent_runtime.live_commands import LiveCommands
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.rpc.convert import call_request, failure_code, session_event
from agent_runtime.rpc.outbox import LinkOutbox, LinkOutlet
from agent_runtime.snapshots import Snapshots

_log = structlog.get_logger(__name__)


class Providers(Protocol):
    """The part of `ProviderRegistry` in use."""

    def resolve(self, snapshot: AgentSnapshot) -> ProviderSet:
        """Raises CallstageError with code provider_missing or model_not_allowed."""
        ...


class CallServer:
    """Runs one call from OpenCall to its end. Cancelling `run` suspends it: the journal has everything."""

    def __init__(
        self,
        snapshots: Snapshots,
        providers: Providers,
        store: JournalStore,
        services: SessionServices,
        registry: CallRegistry,
        commands: LiveCommands | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._providers = providers
        self._store = store
        self._services = services
        self._registry = registry
        self._commands = commands

    async def run(self, request: CallRequest, inbox: CallInbox, outlet: Outlet) -> None:
        """Never fails: what cannot be served is told to the gateway."""
        structlog.contextvars.bind_contextvars(call_id=request.info.call_id)
        channel = request.info.channel
        try:
            # A call that already runs is not refused: its caller is on the line.
            goes_on = request.resume is not None and not request.resume.is_new_call
            taking = nullcontext() if self._commands is None else self._commands.taken_for(request.info, inbox)
            with self._registry.admitted(channel, goes_on=goes_on), taking:
                reason = await self._converse(request, inbox, outlet)
            _log.info("call_ended", reason=reason)
        except CallstageError as err:
            reason = failure_code(err)
            _log.warning("call_refused", code=reason, error=err.message)
            outlet.failed(reason, err.message)
        except Exception:
            reason = "internal"
            _log.exception("call_broken")
            outlet.failed(reason, "internal error")
        if reason != MOVED:
            count_call(channel, ended_reason(reason))

    async def _converse(self, request: CallRequest, inbox: CallInbox, outlet: Outlet) -> str:
        snapshot = await self._snapshots.of(request.info)
        providers = self._providers.resolve(snapshot)
        opened = await open_conversation(self._store, request.info, snapshot, dict(request.request_variables), request.resume)
        info = opened.info
        current = asyncio.current_task()
        lost = False

        def on_lost() -> None:
            nonlocal lost
            lost = True
            if current is not None:
                current.cancel()

        try:
            async with JournalWriter(self._store, info.session_id, info.tenant_id, opened.token, on_lost) as journal:
                return await VoiceSession(request, opened, snapshot, providers, self._services, journal, inbox, outlet).run()
        except asyncio.CancelledError:
            if not lost or current is None or current.uncancel() > 0:
                raise
            # Another process has the conversation now: not a word about it from here.
            return MOVED


@dataclass(slots=True)
class _LinkCall:
    inbox: CallInbox
    task: asyncio.Task[None]


class Link:
    """State of one stream."""

    def __init__(self, server: CallServer, flush_s: float) -> None:
        self._server = server
        self._outbox = LinkOutbox(flush_s)
        self._calls: dict[int, _LinkCall] = {}
        self._scope = TaskScope("link")

    async def serve(self, messages: AsyncIterator[runtime_pb2.LinkUp], context: Any) -> None:
        """Until the stream ends; its calls are suspended then."""
        LINKS.labels("open").inc()
        try:
            async with self._scope:
                self._scope.start(self._write(context), name="write")
                async for message in messages:
                    for up in message.calls:
                        self._take(up)
        finally:
            LINKS.labels("open").dec()

    async def _write(self, context: Any) -> None:
        while True:
            await context.write(await self._outbox.batch())

    def _take(self, up: runtime_pb2.CallUp) -> None:
        kind = up.WhichOneof("body")
        if kind == "open":
            self._open(up.channel, up.open)
            return
        call = self._calls.get(up.channel)
        if call is None:
            return
        if kind == "audio":
            call.inbox.push_audio(up.audio)
            return
        try:
            event = session_event(up)
            if event is not None:
                call.inbox.push(event)
        except LimitExceeded as err:
            self._fail(up.channel, err)
            call.task.cancel()
        except CallstageError as err:
            _log.warning("link_message_refused", kind=kind, error=err.message)

    def _open(self, channel: int, message: runtime_pb2.OpenCall) -> None:
        if channel in self._calls:
            _log.warning("link_channel_reused", channel=channel)
            return
        try:
            request = call_request(message)
        except CallstageError as err:
            self._fail(channel, err)
            return
        inbox = CallInbox(request.uplink)
        task = self._scope.start(self._server.run(request, inbox, LinkOutlet(channel, self._outbox)), name="call")
        self._calls[channel] = _LinkCall(inbox, task)
        task.add_done_callback(lambda _: self._calls.pop(channel, None))

    def _fail(self, channel: int, err: CallstageError) -> None:
        LinkOutlet(channel, self._outbox).failed(failure_code(err), err.message)
