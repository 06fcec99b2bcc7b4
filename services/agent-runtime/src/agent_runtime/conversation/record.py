"""The state of a running conversation, changed only by entries that the journal gets, too."""

from callstage_domain.agent import AgentSnapshot

from agent_runtime.call_info import CallInfo
from agent_runtime.conversation.answer_parts import AnswerParts
from agent_runtime.conversation.call_recorder import NO_RECORDER, Recorder
from agent_runtime.journal.writer import Journal
from agent_runtime.stages.entries import Entry
from agent_runtime.stages.state import ConversationState, apply


class ConversationRecord:
    """One conversation of one call on one snapshot. `parts` is what its next line will be explained with, `recorder` what a replay needs."""

    def __init__(
        self,
        info: CallInfo,
        snapshot: AgentSnapshot,
        state: ConversationState,
        journal: Journal,
        parts: AnswerParts | None = None,
        recorder: Recorder = NO_RECORDER,
    ) -> None:
        self.info = info
        self.snapshot = snapshot
        self.state = state
        self.journal = journal
        self.parts = parts or AnswerParts(lambda: 0.0)
        self.recorder = recorder

    def add(self, entry: Entry) -> None:
        """Something happened."""
        self.state = apply(self.state, entry)
        self.journal.append(entry)
        self.recorder.entry(entry)
