"""A call that another process began: what that one had open is closed, and what it left undone is found (rule C5)."""

import asyncio
from collections.abc import Callable

from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import RESUMES_TOTAL

from agent_runtime.call_info import ResumePoint
from agent_runtime.conversation.call_end import ending_of
from agent_runtime.conversation.playout import Playout
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.transcript import Transcript as TranscriptTeller
from agent_runtime.conversation.turns.events import Begin, ReplyKind
from agent_runtime.journal.fold import Pending, pending
from agent_runtime.providers.ports import Transcript
from agent_runtime.stages.entries import Heard
from agent_runtime.stages.history import heard_text

_GOES_ON_S = 0.6
"""After a take-over the new gateway needs so long to notice that the caller still speaks."""


def take_over(resume: ResumePoint | None, record: ConversationRecord, playout: Playout, transcript: TranscriptTeller, now_ms: float) -> Pending:
    """Settle its utterances; what is left to do. `resume` is what the gateway knows of the playout."""
    RESUMES_TOTAL.labels("runtime").inc()
    left = pending(record.state, utterance=resume.utterance if resume else "", heard_ms=max(resume.heard_ms, resume.sent_ms) if resume else 0.0)
    for spoken, heard_ms in left.settled:
        if resume is not None and spoken.utterance == resume.utterance and resume.sent_ms > resume.heard_ms:
            playout.take_over(spoken, resume.heard_ms, resume.sent_ms)
            continue
        was_heard = spoken.is_complete and heard_ms >= sum(spoken.durations_ms) and len(spoken.durations_ms) == len(spoken.sentences)
        heard = heard_text(spoken.sentences, spoken.durations_ms, heard_ms, spoken.words)
        text = " ".join(spoken.sentences) if was_heard or heard_ms == float("inf") else heard
        turn = record.state.turns
        record.add(Heard(utterance=spoken.utterance, text=text, was_cut=not was_heard and heard_ms != float("inf")))
        if text:
            transcript.assistant(text, turn=turn, stage=record.state.stage, started_ms=now_ms, ended_ms=now_ms, was_cut=not was_heard)
    return left


def words_lost(resume: ResumePoint | None, record: ConversationRecord) -> str | None:
    """What was understood of the turn that a lost gateway cut short; None when there was none, or when the gateway says it again."""
    return record.state.overheard if resume is not None and resume.is_new_gateway else None


def going_on(left: Pending, unheard_ms: float, *, was_cut_short: bool) -> Begin:
    """The first event of a call that goes on."""
    has_work = left.speak or left.runs_tools or left.answers
    return Begin(ReplyKind.CONTINUE if has_work else None, ending_of(left.ending), unheard_ms, was_cut_short)


class LostWords:
    """Of a turn that a lost gateway cut short, until it is known whether the caller goes on. They go to whoever takes them, once."""

    def __init__(self, tell: Callable[[Transcript], None], scope: TaskScope) -> None:
        self._tell = tell
        self._scope = scope
        self._text = ""

    def keep(self, text: str) -> None:
        """A caller who was cut off by the loss of his line and does not go on has finished: then they are told as his turn."""
        self._text = text
        if text:
            self._scope.start(self._give(), name="lost_words")

    def take(self) -> str:
        """Empty: there are none, or they were told."""
        text, self._text = self._text, ""
        return text

    async def _give(self) -> None:
        await asyncio.sleep(_GOES_ON_S)
        if text := self.take():
            self._tell(Transcript(text, is_final=True, answers_finalize=True))
