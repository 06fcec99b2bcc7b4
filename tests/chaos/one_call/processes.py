"""An agent-runtime and a media-gateway as processes that can die: their real code, joined without a network."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

from agent_runtime.call_registry import CallRegistry
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.services import SessionServices
from agent_runtime.journal.store import JournalStore
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.rpc.link_servicer import CallServer, Link
from agent_runtime.snapshots import Snapshots
from agent_runtime.tools.dispatcher import ToolDispatcher
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.agent import AgentSnapshot
from callstage_kit.health import Health
from callstage_kit.tasks import TaskScope, cancel
from media_gateway.bridge.runtime_link import ChannelListener

from tests.chaos.one_call.backstage import Journals, Records, Sandbox, SandboxStub, WatchedJournals
from tests.chaos.one_call.script import snapshot


class _Deployed:
    """The mirror of deployments: one agent."""

    def __init__(self) -> None:
        self._snapshot = snapshot()

    def get(self, key: str) -> AgentSnapshot | None:
        return self._snapshot

    def on_change(self, listener: Callable[[str, AgentSnapshot | None], None]) -> None:
        return


class RuntimeProcess:
    """`kill` is SIGKILL: from then on nothing that it does reaches anybody."""

    def __init__(
        self, journals: Journals, sandbox: Sandbox, records: Records, providers: ProviderSet, on_write: Callable[["RuntimeProcess", bool], None]
    ) -> None:
        self.is_dead = False
        self._providers = providers
        self.journals = WatchedJournals(journals, lambda is_done: on_write(self, is_done))
        sink = records.of(lambda: self.is_dead)
        dispatcher = ToolDispatcher(SandboxStub(sandbox, lambda: self.is_dead))
        services = SessionServices(dispatcher=dispatcher, events=sink, captions=sink, phrases=PhraseCache(1 << 20), filler_after_s=0.4)
        registry = CallRegistry(Health(), 100)
        store = cast(JournalStore, self.journals)
        self.server = CallServer(Snapshots(_Deployed()), self, store, services, registry)
        self.links: list[ProcessLink] = []

    def resolve(self, snapshot: AgentSnapshot) -> ProviderSet:
        """Always the same."""
        return self._providers

    def kill(self) -> None:
        """Now."""
        self.is_dead = self.journals.is_cut = True
        for link in self.links:
            link.runtime_died()


class ProcessLink:
    """In place of `bridge.RuntimeLink` and of the gRPC stream below it."""

    def __init__(self, runtime: RuntimeProcess, scope: TaskScope) -> None:
        self._listeners: dict[int, ChannelListener] = {}
        self._numbers = 0
        self._up: asyncio.Queue[pb.LinkUp | None] = asyncio.Queue()
        self.is_open = self.is_connected = True
        self.is_leaving = False
        self._runtime = runtime
        runtime.links.append(self)
        self._scope = scope
        self._serving = scope.start(Link(runtime.server, 0.005).serve(self._messages(), self), name="link")

    @property
    def calls(self) -> int:
        """Calls on it."""
        return len(self._listeners)

    def attach(self, listener: ChannelListener) -> int:
        """See `RuntimeLink`."""
        self._numbers += 1
        self._listeners[self._numbers] = listener
        return self._numbers

    def detach(self, channel: int) -> None:
        """See `RuntimeLink`."""
        self._listeners.pop(channel, None)

    def send(self, message: pb.CallUp) -> None:
        """See `RuntimeLink`."""
        if self.is_connected:
            self._up.put_nowait(pb.LinkUp(calls=[message]))

    def send_audio(self, channel: int, audio: bytes, *, at_once: bool = False) -> None:
        """See `RuntimeLink`."""
        self.send(pb.CallUp(channel=channel, audio=audio))

    async def write(self, message: pb.LinkDown) -> None:
        """Of the servicer's context."""
        if self._runtime.is_dead or not self.is_connected:
            return
        for down in message.calls:
            listener = self._listeners.get(down.channel)
            if listener is not None:
                listener.on_down(down)

    def drain(self) -> None:
        """The runtime says that it is about to stop."""
        self.is_open, self.is_leaving = False, True

    def runtime_died(self) -> None:
        """The other end is gone: the calls look for another one."""
        self.is_open = self.is_connected = False
        self._scope.start(cancel(self._serving), name="reap")
        listeners, self._listeners = list(self._listeners.values()), {}
        for listener in listeners:
            listener.on_link_lost()

    def cut_off(self, for_s: float) -> None:
        """The network between both is gone: the runtime lives on, thinks that it has the call, and hears after a while that it has not."""
        self.is_open = self.is_connected = False
        self._scope.start(self._learn_of_the_cut(for_s), name="cut")
        listeners, self._listeners = list(self._listeners.values()), {}
        for listener in listeners:
            listener.on_link_lost()

    async def _learn_of_the_cut(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self._up.put_nowait(None)

    def gateway_died(self) -> None:
        """This end is gone: the stream ends."""
        self.is_open = self.is_connected = False
        self._listeners = {}
        self._up.put_nowait(None)

    async def _messages(self) -> AsyncGenerator[pb.LinkUp]:
        while (message := await self._up.get()) is not None:
            yield message


class Links:
    """In place of `bridge.RuntimeLinks`: `make` starts a runtime when there is none."""

    def __init__(self, make: Callable[[], ProcessLink]) -> None:
        self._make = make
        self._link = make()

    @property
    def current(self) -> ProcessLink:
        """The link in use."""
        return self._link

    def choose(self, avoid: Any = None) -> ProcessLink:
        """See `RuntimeLinks`."""
        if not self._link.is_open:
            self._link = self._make()
        return self._link

    def flush(self) -> None:
        """Nothing waits."""
