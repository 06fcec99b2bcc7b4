"""One whole call in virtual time, with processes that die when the test says so."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, cast
from unittest.mock import patch

from agent_runtime.providers.ports import ProviderSet
from agent_runtime.stages.state import ConversationState
from callstage_contracts.events import CallEnded
from callstage_domain.call import EndedReason
from callstage_domain.ids import CallId, SessionId
from callstage_kit.tasks import TaskScope, cancel
from callstage_testing.virtual_time import run_virtual
from media_gateway.bridge.runtime_links import RuntimeLinks
from media_gateway.calls.drain import drain_calls, leave_draining_runtimes
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.outcome import Outcome
from media_gateway.calls.registry import CallRegistry
from media_gateway.calls.session import CallServices, CallSession
from media_gateway.calls.wheel import TickWheel
from media_gateway.vad.batch import Window
from structlog.testing import capture_logs

from tests.chaos.one_call.backstage import Journals, Records, Sandbox
from tests.chaos.one_call.far_end import Caller, ScriptedLeg
from tests.chaos.one_call.processes import Links, ProcessLink, RuntimeProcess
from tests.chaos.one_call.script import AGENT, TENANT, ScriptedBrain
from tests.chaos.one_call.senses import Code, ReadingStt, WritingTts

LIMIT_S = 90.0
DRAIN_S = 30.0
_NEW_SOCKET_S = 0.3
"""From the loss of a socket to the next one."""
SESSION = SessionId("ses_one_call")
_UNIX_S = 1_900_000_000.0


class _LevelIsSpeech:
    """In place of the speech model: what is loud is speech."""

    def speech_probabilities(self, windows: Sequence[Window], states: Sequence[Any]) -> list[float]:
        return [1.0 if abs(int(window[0])) > 1000 or abs(int(window[-1])) > 1000 else 0.0 for window in windows]


class _Outcomes:
    """What a call that fails would get."""

    def failed(self, facts: CallFacts, reason: EndedReason, code: str) -> Outcome:
        return Outcome(reason)

    def expect_takeover(self, facts: CallFacts, reason: EndedReason) -> None: ...


class _States:
    async def set(self, call_id: str, state: Any) -> None: ...


@dataclass
class Told:
    """How the call went."""

    heard: list[tuple[str, int]]
    effects: list[str]
    state: ConversationState
    writes: int
    ended_by: str
    seconds: float
    events: list[Any] = field(default_factory=list[Any])
    writers: int = 1
    gateways: int = 1
    spoke: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    errors: list[str] = field(default_factory=list[str])

    @property
    def said_by_caller(self) -> list[str]:
        """His turns, as the agent understood them."""
        return [line.message.content for line in self.state.lines if line.message.role == "user"]

    def order(self, fillers: frozenset[str]) -> list[str]:
        """Sentences in the order in which the caller first heard them."""
        return list(dict.fromkeys(text for text, _ in self.heard if text not in fillers))


class World:
    """Processes, the line, and who dies when: at numbered journal writes (counted over all runtimes), before or after they are stored; at moments in
    seconds; or when `gateway_dies`, asked every 20 ms, says so."""

    def __init__(
        self, scope: TaskScope, kills: frozenset[tuple[int, bool]], runtime_dies_at: Sequence[float], gateway_dies: Callable[["World"], bool]
    ) -> None:
        self._scope = scope
        self._kills = kills
        self._deaths_s = sorted(runtime_dies_at)
        self._gateway_dies = gateway_dies
        self.journals, self.records, self.sandbox = Journals(), Records(), Sandbox(scope)
        self._words, self._sentences = Code(0, 0x40), Code(0x40, 0x7F)
        self.caller = Caller(self._words, self._sentences)
        self._providers = ProviderSet(ReadingStt(self._words), ScriptedBrain(), WritingTts(self._sentences))
        self.writes = 0
        self.gateways = 0
        self.runtimes = 0
        self._registries: list[CallRegistry] = []
        self._wheel = TickWheel(_LevelIsSpeech(), lambda: chain.from_iterable(self._registries), lambda: None)
        self._links: Links | None = None
        self._is_moving = False
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def start(self) -> None:
        """The phone rings."""
        self.caller.on_tick = self._look_who_dies
        self._scope.start(self._wheel.run(), name="wheel")
        self._scope.start(self.caller.live(), name="caller")
        self._open_gateway("none")

    def _runtime(self) -> ProcessLink:
        self.runtimes += 1
        self._process = RuntimeProcess(self.journals, self.sandbox, self.records, self._providers, self._on_write)
        return ProcessLink(self._process, self._scope)

    def _on_write(self, runtime: RuntimeProcess, is_done: bool) -> None:
        if not is_done:
            self.writes += 1
        if (self.writes, is_done) in self._kills and not runtime.is_dead:
            # One death per number: a successor goes on counting.
            self._kills = self._kills - {(self.writes, is_done)}
            runtime.kill()

    def _open_gateway(self, resume: Any) -> None:
        self.gateways += 1
        self._links = links = Links(self._runtime)
        self._registries.append(registry := CallRegistry())
        leg = ScriptedLeg()
        facts = CallFacts(
            call_id=CallId("call-1"),
            session_id=SESSION,
            tenant_id=TENANT,
            agent_id=AGENT,
            deployment=1,
            channel="twilio",
            caller_phone="+15550100",
            to_number="",
            carrier_call_id="",
            begun_at_ms=int(time.time() * 1000),
            resume=resume,
        )
        services = CallServices(
            links=cast(RuntimeLinks, links),
            registry=registry,
            states=cast(Any, _States()),
            lookups=cast(Any, None),
            publisher=cast(Any, self.records.of(lambda: False)),
            outcomes=cast(Any, _Outcomes()),
        )
        session = CallSession(facts, leg, services)
        self.caller.answer_on(leg)
        self._session, self._leg = session, leg
        self._running = self._scope.start(self._live(session), name="gateway")
        self._scope.start(leave_draining_runtimes(registry), name="leave_draining_runtimes")

    async def _live(self, session: CallSession) -> None:
        await session.run()
        if session is not self._session or self._is_moving or self.over.done():
            return
        ended = [event for event in self.records.events if isinstance(event, CallEnded)]
        if ended:
            self.over.set_result(ended[-1].reason)
            return
        # The carrier asks the resume address.
        self._leg.tear()
        await asyncio.sleep(_NEW_SOCKET_S)
        self._open_gateway("takeover")

    def cut_runtime_off(self) -> None:
        """It goes on for five seconds as if nothing had happened, while another one has the call."""
        assert self._links is not None
        self._links.current.cut_off(5.0)

    def drain_runtime(self) -> None:
        """SIGTERM: its calls go elsewhere at a quiet moment, and it stops soon after."""
        assert self._links is not None
        self._links.current.drain()

    def drain_gateway(self) -> None:
        """SIGTERM: the calls of this gateway move to another one at a quiet moment."""
        self._scope.start(drain_calls(self._registries[-1], lambda: None, DRAIN_S), name="drain")

    def _look_who_dies(self) -> None:
        if self._deaths_s and asyncio.get_running_loop().time() >= self._deaths_s[0]:
            del self._deaths_s[0]
            self._process.kill()
        if not self._is_moving and not self.over.done() and self._gateway_dies(self):
            self._is_moving = True
            self._scope.start(self._lose_gateway(), name="carrier")

    async def _lose_gateway(self) -> None:
        """SIGKILL; then the carrier asks the resume address."""
        assert self._links is not None
        self._leg.tear()
        self._links.current.gateway_died()
        await cancel(self._running)
        await asyncio.sleep(_NEW_SOCKET_S)
        self._is_moving = False
        self._open_gateway("takeover")


def hold_call(
    kills: frozenset[tuple[int, bool]] = frozenset(),
    *,
    runtime_dies_at: Sequence[float] = (),
    gateway_dies: Callable[[World], bool] = lambda _: False,
) -> Told:
    """The scripted call from the greeting to the farewell, in virtual time. Raises AssertionError when it does not come to its end."""

    async def run() -> Told:
        async with TaskScope("world") as scope:
            world = World(scope, kills, runtime_dies_at, gateway_dies)
            world.start()
            try:
                async with asyncio.timeout(LIMIT_S):
                    ended_by = await world.over
            except TimeoutError:
                ended_by = "never"
            return Told(
                world.caller.heard,
                world.sandbox.effects,
                world.journals.state(SESSION),
                world.writes,
                ended_by,
                asyncio.get_running_loop().time(),
                world.records.events,
                world.runtimes,
                world.gateways,
                world.caller.spoke,
            )

    return _with_virtual_clocks(run())


def _with_virtual_clocks(work: Coroutine[Any, Any, Told]) -> Told:
    """All clocks of the code under test follow the loop."""

    def now_s() -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    with capture_logs() as logs, patch("time.monotonic", now_s), patch("time.time", lambda: _UNIX_S + now_s()):
        told = run_virtual(work)
    told.errors.extend(f"{entry['event']}: {entry.get('exc_info', '')}" for entry in logs if entry["log_level"] in ("error", "critical"))
    return told
