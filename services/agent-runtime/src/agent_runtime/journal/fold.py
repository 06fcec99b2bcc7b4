"""From stored entries to the state, and to what was left undone (rule C5)."""

from dataclasses import dataclass

from agent_runtime.stages.entries import EndRequested, Entry
from agent_runtime.stages.history import unheard_sentences
from agent_runtime.stages.state import ConversationState, Spoken, fold

__all__ = ["Pending", "fold", "has_begun", "pending"]


@dataclass(frozen=True, slots=True)
class Pending:
    """Work of a conversation that lost its process, in the order to do it.

    `settled`: utterances to be closed first, each with what was heard of it in milliseconds. `speak`: sentences the caller has not heard to the end.
    `runs_tools`: the batch in the state has calls without outcome, or outcomes without effect. `answers`: the last turn of the caller has no answer.
    """

    settled: tuple[tuple[Spoken, float], ...] = ()
    speak: tuple[str, ...] = ()
    runs_tools: bool = False
    answers: bool = False
    ending: EndRequested | None = None

    @property
    def is_nothing(self) -> bool:
        """True: listen."""
        return not self.speak and not self.runs_tools and not self.answers and self.ending is None


def has_begun(entries: list[Entry]) -> bool:
    """True when there is a history to go on with."""
    return any(entry.kind in ("user_said", "planned", "replied", "heard", "tools_requested") for entry in entries)


def pending(state: ConversationState, *, utterance: str = "", heard_ms: float = 0.0) -> Pending:
    """What to do first. `utterance` and `heard_ms` are what the gateway knows of the playout; without them the journal's own progress counts."""
    settled: list[tuple[Spoken, float]] = []
    speak: list[str] = []
    was_passed = any(spoken.utterance == utterance for spoken in state.speech)
    answers = state.awaits_answer and state.batch is None
    for spoken in state.speech:
        if spoken.utterance == utterance:
            was_passed, heard = False, max(heard_ms, spoken.heard_ms)
        elif was_passed:
            # Utterances play in order: what began before the one that plays now was heard to its end.
            heard = float("inf")
        else:
            heard = spoken.heard_ms
        rest = unheard_sentences(spoken, heard) if heard != float("inf") else ()
        settled.append((spoken, heard))
        is_fresh_start = answers and not spoken.is_complete and heard <= 0
        if not is_fresh_start:
            speak.extend(rest)
    return Pending(
        settled=tuple(settled),
        speak=tuple(speak),
        runs_tools=state.batch is not None,
        answers=answers,
        ending=state.ending,
    )
