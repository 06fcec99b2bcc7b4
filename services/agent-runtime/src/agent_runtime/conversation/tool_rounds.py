"""Runs the tools of one answer of the model, and takes their effect. Never cancelled by the caller's voice."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from callstage_domain.builtin_tools import LINE_TOOLS
from callstage_domain.errors import InvariantBroken
from callstage_kit.tasks import TaskScope, all_of

from agent_runtime.conversation.keypad.line_tools import LineTools
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.providers.ports import ToolCallRequest
from agent_runtime.stages import engine
from agent_runtime.stages.entries import RequestedCall, StageMoved, StepTaken, ToolsRequested
from agent_runtime.stages.state import Variables
from agent_runtime.tools.dispatcher import ToolDispatcher
from agent_runtime.tools.events import refused_event


class ToolsBroken(InvariantBroken):
    """Tools could not be run to their end: not an outcome of theirs, but a defect on the way to them."""


class ToolRounds:
    """One conversation. The work runs in `scope`, so that it outlives the reply that asked for it. `line`: None without a caller's line."""

    def __init__(
        self, record: ConversationRecord, dispatcher: ToolDispatcher, transcript: Transcript, scope: TaskScope, line: LineTools | None = None
    ) -> None:
        self._record = record
        self._dispatcher = dispatcher
        self._transcript = transcript
        self._scope = scope
        self._line = line
        self._running: asyncio.Task[engine.Step] | None = None

    def request(self, utterance: str, text: str, calls: Sequence[ToolCallRequest]) -> asyncio.Task[engine.Step]:
        """Run what the model asked for."""
        return self._begin(self._requested(utterance, text, calls))

    def finish_open(self) -> asyncio.Task[engine.Step]:
        """Run what a lost process left open; finished tools are not run again."""
        return self._begin(self._finish())

    @property
    def uses_line(self) -> bool:
        """True while a tool uses the caller's line itself: nothing is to be said into it."""
        batch = self._record.state.batch
        return self._line is not None and batch is not None and any(call.name in LINE_TOOLS for call in batch.missing)

    async def settled(self) -> None:
        """Wait until nothing runs; the tools' own deadlines bound it."""
        if self._running is not None and not self._running.done():
            await asyncio.wait({self._running})

    def _begin(self, work: Coroutine[Any, Any, engine.Step]) -> asyncio.Task[engine.Step]:
        self._running = self._scope.start(work, name="tools")
        return self._running

    async def _requested(self, utterance: str, text: str, calls: Sequence[ToolCallRequest]) -> engine.Step:
        requested: list[RequestedCall] = []
        known = {call.id for line in self._record.state.lines for call in line.message.tool_calls}
        for call in calls:
            # A vendor that counts its ids from one in each answer must not meet an old outcome in the ledger.
            call_id = call.id if call.id and call.id not in known else f"{call.id or 'call'}-{len(known)}"
            known.add(call_id)
            requested.append(RequestedCall(id=call_id, name=call.name, arguments_json=call.arguments_json, vendor_state=call.vendor_state))
        self._record.add(ToolsRequested(utterance=utterance, text=text, calls=tuple(requested)))
        # The ids must be stored before anything runs: a retry by another process needs the same run keys (rule T8).
        await self._record.journal.flush()
        return await self._finish()

    async def _finish(self) -> engine.Step:
        record = self._record
        batch = record.state.batch
        if batch is None:
            return engine.Step("ask_model")
        if engine.has_transition(record.snapshot, record.state, [call.name for call in batch.calls]):
            for call in batch.missing:
                await self._run(call, record.state.variables)
        else:
            # Side by side: none sees what another one set, not even when it is another process that runs the rest of them.
            await all_of(*(self._run(call, batch.variables) for call in batch.missing))
        finished = record.state.batch
        step = engine.after_tools(record.snapshot, record.state, finished.in_order() if finished else ())
        for entry in step.entries:
            previous = record.state.stage
            record.add(entry)
            if isinstance(entry, StageMoved):
                self._transcript.stage(entry.stage, previous, entry.by_tool)
        record.add(StepTaken(next=step.next, text=step.text))
        self._transcript.variables(record.state.variables.merged())
        return step

    async def _run(self, call: ToolCallRequest, variables: Variables) -> None:
        record = self._record
        stage = record.state.stage
        refused = engine.refusal(record.snapshot, record.state, call)
        tool = engine.tool_of(record.snapshot, call.name)
        if refused is not None or tool is None:
            if refused is not None:
                record.add(refused)
                self._transcript.tool(refused_event(record.info, stage, refused))
            return
        started_ms = record.parts.now_ms()
        line = self._line
        if line is not None and line.has(tool):
            run = await line.run(tool, call, stage)
        else:
            run = await self._dispatcher.run(record.info, tool, call, variables.for_tools(), stage=stage, veil=line.veil if line else None)
        record.parts.tool_ran(call.name, run.event.run_key, run.outcome.status, started_ms)
        record.add(run.outcome)
        self._transcript.tool(run.event)
        if line is not None:
            await line.recorded(run.outcome)
