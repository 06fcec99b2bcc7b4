"""What the agent says, by the kind of the reply."""

from typing import assert_never

import structlog
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import DependencyError

from agent_runtime.conversation.caller_lookup import CallerLookup
from agent_runtime.conversation.greeting import disclosure, opening_text
from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.playout import Playout
from agent_runtime.conversation.preload import Preload
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.reply import ReplyRunner, farewell
from agent_runtime.conversation.tool_rounds import ToolRounds
from agent_runtime.conversation.turns.events import ReplyKind, StartReply
from agent_runtime.conversation.voice_mouth import VoiceMouth
from agent_runtime.journal.fold import Pending
from agent_runtime.stages.entries import Replied
from agent_runtime.stages.variables_read import opening_reads_lookup

_log = structlog.get_logger(__name__)


class SpokenReply:
    """One call. `say` returns when all of it is sent."""

    def __init__(
        self,
        record: ConversationRecord,
        answers: ReplyRunner,
        tools: ToolRounds,
        mouth: VoiceMouth,
        playout: Playout,
        lookup: CallerLookup,
        preload: Preload,
    ) -> None:
        self._record = record
        self._snapshot: AgentSnapshot = record.snapshot
        self._answers = answers
        self._tools = tools
        self._mouth = mouth
        self._playout = playout
        self._lookup = lookup
        self._preload = preload
        self.left = Pending()
        """What a lost process left undone, until it is done."""

    async def say(self, reply: StartReply) -> None:
        """Raises DependencyError, or ToolsBroken."""
        clock, phrases = TurnClock(reply.times), phrases_for(self._snapshot.settings.language)
        match reply.kind:
            case ReplyKind.ANSWER:
                await self._tools.settled()
                await self._lookup.ready()
                await self._preload.ready()
                await self._answers.answer(clock)
            case ReplyKind.GREETING:
                await self._greet(clock)
            case ReplyKind.CONTINUE:
                await self._go_on(clock)
            case ReplyKind.IDLE_QUESTION:
                await self._phrase(phrases.idle_question)
            case ReplyKind.APOLOGY:
                await self._phrase(phrases.apology)
            case ReplyKind.LAST_APOLOGY:
                await self._phrase(phrases.last_apology)
            case ReplyKind.FAREWELL:
                await self._phrase(farewell(self._record))
            case _:
                assert_never(reply.kind)

    async def _phrase(self, text: str) -> None:
        utterance, said = self._mouth.phrase(text)
        self._record.add(Replied(utterance=utterance, text=said))
        await self._mouth.drained()

    async def _greet(self, clock: TurnClock) -> None:
        if opening_reads_lookup(self._snapshot):
            await self._lookup.ready()
        text, asks_model = opening_text(self._snapshot, self._record.state)
        if text:
            utterance, said = self._mouth.phrase(text, clock=clock, must_hear=disclosure(self._snapshot))
            self._record.add(Replied(utterance=utterance, text=said))
        if asks_model:
            try:
                await self._answers.answer(clock, is_opening=True)
            except DependencyError as err:
                # A call that begins with an apology is lost; the platform's own question lets the caller speak first.
                _log.warning("greeting_not_made", vendor=err.vendor, error=err.message)
                await self._phrase(phrases_for(self._snapshot.settings.language).greeting)
        await self._mouth.drained()

    async def _go_on(self, clock: TurnClock) -> None:
        """What was cut off, then what was left undone."""
        left, self.left = self.left, Pending()
        cut_off = self._playout.take_rest()
        if rest := [*left.speak] or cut_off:
            self._answers.say(" ".join(rest), is_torn=left.answers)
        if left.runs_tools:
            await self._answers.go_on_with_tools(clock)
        elif left.answers:
            await self._preload.ready()
            await self._answers.answer(clock)
        await self._mouth.drained()
