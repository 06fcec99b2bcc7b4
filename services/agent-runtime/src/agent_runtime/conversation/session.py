"""One call in this process: opened or taken over, held while it lasts, and closed or handed on. The rules are in `turns/` and `stages/`."""

import asyncio

import structlog
from callstage_domain.agent import AgentSnapshot
from callstage_domain.call import EndedReason

from agent_runtime.call_info import CallRequest
from agent_runtime.conversation.call_end import MOVED
from agent_runtime.conversation.call_parts import CallParts
from agent_runtime.conversation.inbox import CallEvent, CallInbox, Closed, LookupArrived, MessageTaken, OperatorEnded, OperatorHint
from agent_runtime.conversation.last_words import keep_last_words
from agent_runtime.conversation.opening import OpenedConversation, announcement
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.takeover import going_on, take_over, words_lost
from agent_runtime.conversation.turn_taking import TurnTaking
from agent_runtime.conversation.turns.events import Begin, ReplyKind
from agent_runtime.journal.writer import Journal
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.providers.preconnect import preconnect
from agent_runtime.stages.entries import Ended, Hinted, LookedUp

_log = structlog.get_logger(__name__)
_TOOLS_AFTER_CALL_S = 15.0


class VoiceSession:
    """Run `run` as a task; cancel it to suspend the call (the journal has everything)."""

    def __init__(
        self,
        request: CallRequest,
        opened: OpenedConversation,
        snapshot: AgentSnapshot,
        providers: ProviderSet,
        services: SessionServices,
        journal: Journal,
        inbox: CallInbox,
        outlet: Outlet,
    ) -> None:
        self._request = request
        self._opened = opened
        self._snapshot = snapshot
        self._vad_start_ms = services.vad_start_ms
        self._inbox = inbox
        self._outlet = outlet
        self._parts = CallParts(request, opened, snapshot, providers, services, journal, inbox, outlet)

    async def run(self) -> str:
        """Until the call is over; returns why."""
        parts = self._parts
        try:
            return await self._run()
        finally:
            parts.transcript.settle()
            parts.explained.finish(self._opened.before, None if parts.end.result == MOVED else parts.end.result)

    async def _run(self) -> str:
        parts = self._parts
        async with parts.tool_scope, parts.scope:
            turns = self._open()
            parts.scope.start(parts.hearing.run(), name="hearing")
            parts.scope.start(preconnect(parts.providers), name="preconnect")
            lost = words_lost(self._request.resume, parts.record) if self._opened.is_running else None
            await turns.take(self._beginning(lost))
            parts.lost_words.keep(lost or "")
            try:
                result = await self._converse(turns)
            except asyncio.CancelledError:
                await self._let_go()
                raise
            await (self._let_go() if result == MOVED else self._close(result))
        return result

    def _open(self) -> TurnTaking:
        """Tell the gateway, and bring the state up to the moment."""
        opened, parts, record = self._opened, self._parts, self._parts.record
        if opened.entry is not None:
            record.add(opened.entry)
        elapsed_ms = parts.clock.opened_at(record.state.opened_at_ms)
        self._outlet.opened(announcement(opened, self._snapshot, record.state, self._vad_start_ms, parts.clock.now_ms()))
        if opened.is_running:
            parts.reply.left = take_over(self._request.resume, record, parts.playout, parts.transcript, parts.clock.now_ms())
        else:
            parts.transcript.stage(record.state.stage, None, None)
        return parts.turn_taking(elapsed_ms)

    def _beginning(self, lost: str | None) -> Begin:
        parts, settings = self._parts, self._snapshot.settings
        if self._opened.is_running:
            return going_on(parts.reply.left, parts.playout.unheard_ms(), was_cut_short=lost == "")
        parts.preload.start(parts.lookup.done, parts.lookup.wait_s)
        greets = not self._opened.is_resumed and (settings.speak_first or settings.disclosure)
        return Begin(ReplyKind.GREETING if greets else None)

    async def _converse(self, turns: TurnTaking) -> str:
        """Until there is a result."""
        inbox, end, voicemail = self._inbox, self._parts.end, self._parts.voicemail
        while end.result is None:
            match event := await inbox.next_event(turns.wait_s):
                case LookupArrived() | OperatorHint() | OperatorEnded() | Closed() | MessageTaken():
                    self._take(event)
                case _ if voicemail.takes(event):
                    pass
                case _:
                    await turns.take(event)
        return end.result

    def _take(self, event: CallEvent) -> None:
        """What is nobody's turn."""
        parts, record = self._parts, self._parts.record
        match event:
            case LookupArrived():
                record.add(LookedUp(values=event.values))
                parts.transcript.variables(record.state.variables.merged())
                parts.lookup.done.set()
            case OperatorHint():
                parts.transcript.hint(event.text, turn=record.state.turns, stage=record.state.stage, at_ms=parts.clock.now_ms())
                record.add(Hinted(text=event.text))
            case OperatorEnded():
                parts.end.by_operator()
            case Closed():
                parts.end.closed(event)
            case MessageTaken():
                parts.end.hang_up(EndedReason.AGENT_ENDED)

    async def _let_go(self) -> None:
        """Another process goes on with the call."""
        parts = self._parts
        if parts.voicemail.is_running:
            await parts.voicemail.hung_up(self._inbox)
            return
        await keep_last_words(parts.record, self._inbox, parts.hearing.finalize, is_agent_heard=parts.playout.unheard_ms() > 0)

    async def _close(self, result: str) -> None:
        """The call is over; what has begun to take effect is let finish."""
        parts = self._parts
        await parts.agent.stop()
        await parts.voicemail.hung_up(self._inbox)
        await parts.held.silence()
        parts.keypad.interrupt()
        try:
            async with asyncio.timeout(_TOOLS_AFTER_CALL_S):
                await parts.tools.settled()
        except TimeoutError:
            _log.warning("tools_left_behind")
        parts.record.add(Ended(reason=result))
        await parts.record.journal.flush()
