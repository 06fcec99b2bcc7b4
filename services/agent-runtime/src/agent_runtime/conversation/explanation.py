"""Why a call went as it did: the parts of its answers, its trace, and the recording of its decisions (rules K5, K6, MT1)."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from callstage_contracts.events import CallJournaled
from callstage_domain.agent import AgentSnapshot
from callstage_kit.tasks import TaskScope, in_thread
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL
from callstage_kit.telemetry.traces import NO_TRACES, Traces

from agent_runtime.call_info import CallInfo
from agent_runtime.conversation.answer_parts import AnswerParts, ProviderNames
from agent_runtime.conversation.call_recorder import NO_RECORDER, CallRecorder, Recorder
from agent_runtime.conversation.call_spans import CallTrace
from agent_runtime.conversation.outlet import EventSink
from agent_runtime.conversation.recording import Recording, packed
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.providers.usage import Usage
from agent_runtime.stages.entries import Entry

_log = structlog.get_logger(__name__)
_QUEUE_CALLS = 500
_CLOSE_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """What a process knows of a call that it let go of."""

    info: CallInfo
    snapshot: AgentSnapshot
    recorder: CallRecorder | None
    before: Sequence[Entry]
    usage: dict[str, float]

    def recording(self) -> Recording | None:
        """Its decisions; None when the agent keeps none. Milliseconds of CPU."""
        return self.recorder.recording(self.info.call_id, self.snapshot, self.before) if self.recorder is not None else None


class Explainer:
    """All calls of the process. Entered = recordings of calls that are over are packed, one after the other in a thread, and published."""

    def __init__(self, events: EventSink, traces: Traces = NO_TRACES) -> None:
        self.traces = traces
        self._events = events
        self._queue: asyncio.Queue[FinishedCall] = asyncio.Queue(_QUEUE_CALLS)
        self._scope = TaskScope("explainer")

    async def __aenter__(self) -> Self:
        self._scope.start(self._run(), name="run")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._queue.join()
        except TimeoutError:
            _log.warning("call_journals_left_behind", count=self._queue.qsize())
        await self._scope.close()

    def finished(self, call: FinishedCall) -> None:
        """Never waits, never fails: a process that is this far behind gives recordings up, not calls."""
        try:
            self._queue.put_nowait(call)
        except asyncio.QueueFull:
            QUEUE_DROPPED_TOTAL.labels("call_journals").inc()

    async def _run(self) -> None:
        while True:
            call = await self._queue.get()
            try:
                self._events.publish(await in_thread(_event_of, call))
            except Exception:
                _log.exception("call_journal_broken", call_id=call.info.call_id)
            finally:
                self._queue.task_done()


class Explanation:
    """One call in one process. Without an explainer the parts are still there, and nothing is kept of the decisions."""

    def __init__(
        self,
        explainer: Explainer | None,
        info: CallInfo,
        snapshot: AgentSnapshot,
        providers: ProviderSet,
        clock_ms: Callable[[], float],
        *,
        listened_s: Callable[[], float],
    ) -> None:
        self._explainer = explainer
        self._info = info
        self._snapshot = snapshot
        self._providers = providers
        self._clock_ms = clock_ms
        self.parts = AnswerParts(clock_ms, _names(snapshot, providers), listened_s)
        self.trace = CallTrace(explainer.traces if explainer is not None else NO_TRACES, info)
        self._recorder = CallRecorder(clock_ms) if explainer is not None and snapshot.settings.keep_journal else None

    @property
    def recorder(self) -> Recorder:
        """For the conversation's record."""
        return self._recorder or NO_RECORDER

    def machine(self, policy: TurnPolicy) -> TurnMachine:
        """The turn machine of a call that is open now."""
        now_ms = self._clock_ms()
        self.trace.zero_s = time.time() - now_ms / 1000
        return self._recorder.machine(policy, now_ms) if self._recorder is not None else TurnMachine(policy, now_ms)

    def finish(self, before: Sequence[Entry], reason: str | None) -> None:
        """This process lets go of the call; `reason` None: somebody else goes on with it."""
        if reason is not None:
            self.trace.ended(self._clock_ms(), reason)
        if self._explainer is not None:
            usage = usage_of(self._providers.usage.totals())
            self._explainer.finished(FinishedCall(self._info, self._snapshot, self._recorder, before, usage))


def usage_of(totals: Sequence[Usage]) -> dict[str, float]:
    """Cost inputs (rule K2): sums by unit, and the same by provider and model as `<unit>:<provider>:<model>`."""
    usage: dict[str, float] = {}
    for used in totals:
        amounts = {
            "requests": used.requests,
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "characters": used.characters,
            "seconds": round(used.audio_s, 3),
        }
        for unit, amount in amounts.items():
            if amount:
                for key in (f"{used.kind}_{unit}", f"{used.kind}_{unit}:{used.provider}:{used.model}"):
                    usage[key] = round(usage.get(key, 0.0) + amount, 3)
    return usage


def _names(snapshot: AgentSnapshot, providers: ProviderSet) -> ProviderNames:
    settings = snapshot.settings
    return ProviderNames(
        providers.stt.name,
        providers.llm.name,
        providers.tts.name,
        settings.stt.model or "",
        settings.llm.model or "",
        settings.tts.model or settings.voice or "",
    )


def _event_of(call: FinishedCall) -> CallJournaled:
    info, recorder = call.info, call.recorder
    journal, recording = "", call.recording()
    if recording is not None:
        journal = packed(recording)
        if not journal:
            _log.warning("call_journal_too_large", call_id=info.call_id)
    return CallJournaled(
        tenant_id=info.tenant_id,
        call_id=info.call_id,
        started_at_ms=max(0, int(recorder.begun_at_ms)) if recorder is not None else 0,
        usage=call.usage,
        journal=journal,
    )
