"""The state of a conversation and how each entry changes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, assert_never

from agent_runtime.providers.ports import Message, ToolCallRequest
from agent_runtime.stages.entries import (
    Ended,
    EndRequested,
    Entry,
    Heard,
    Hinted,
    LookedUp,
    Opened,
    Overheard,
    Preloaded,
    Progress,
    Replied,
    SentenceMade,
    SentencePlanned,
    StageMoved,
    StepTaken,
    ToolFinished,
    ToolsRequested,
    UserSaid,
)

_NOTHING: Mapping[str, Any] = {}
MAX_HINTS = 5
"""More at a time nobody follows; the newest count."""


@dataclass(frozen=True, slots=True)
class Variables:
    """The sources of rule V4, kept apart so that the order of their arrival does not matter."""

    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    lookup: Mapping[str, Any] = field(default_factory=dict[str, Any])
    request: Mapping[str, Any] = field(default_factory=dict[str, Any])
    preload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    session: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def merged(self) -> dict[str, Any]:
        """Later sources win."""
        return {**self.metadata, **self.lookup, **self.request, **self.preload, **self.session}

    def for_tools(self) -> dict[str, Any]:
        """What a tool sees as `session` (rule T1)."""
        return {**self.lookup, **{name: value for name, value in self.session.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the history; what was spoken knows its utterance."""

    message: Message
    utterance: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance whose hearing is not settled. `durations_ms` and `words` (`history.WordMark`) grow behind `sentences`."""

    utterance: str
    sentences: tuple[str, ...] = ()
    durations_ms: tuple[float, ...] = ()
    heard_ms: float = 0.0
    is_complete: bool = False
    words: tuple[tuple[tuple[int, int], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Tools that were asked for together and whose effect is not taken yet. `variables` are those they were asked with."""

    calls: tuple[ToolCallRequest, ...]
    finished: tuple[ToolFinished, ...] = ()
    variables: Variables = Variables()
    is_announced: bool = False
    """The agent has said something before them."""

    @property
    def missing(self) -> tuple[ToolCallRequest, ...]:
        """Calls without an outcome."""
        done = {outcome.tool_call_id for outcome in self.finished}
        return tuple(call for call in self.calls if call.id not in done)

    def in_order(self) -> tuple[ToolFinished, ...]:
        """Outcomes in the order of the calls."""
        by_id = {outcome.tool_call_id: outcome for outcome in self.finished}
        return tuple(by_id[call.id] for call in self.calls if call.id in by_id)


@dataclass(frozen=True, slots=True)
class ConversationState:
    """Everything that has to survive a process."""

    stage: str
    variables: Variables = Variables()
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Structured preload results by tool (rule P3)."""
    lines: tuple[Line, ...] = ()
    handover: str = ""
    turns: int = 0
    """Lines of the transcript so far."""
    user_turns: int = 0
    overheard: str | None = None
    """What was understood of a turn that is not complete; None: the caller says nothing."""
    last_turn_id: str = ""
    said: int = 0
    """Of what the caller did in this call, everything up to this number is in the turns."""
    awaits_answer: bool = False
    batch: Batch | None = None
    speech: tuple[Spoken, ...] = ()
    ending: EndRequested | None = None
    agent_id: str = ""
    call_id: str = ""
    opened_at_ms: float = 0.0
    preloaded: frozenset[str] = frozenset()
    """Preload tools of this call that are done."""
    is_over: bool = False
    hints: tuple[str, ...] = ()
    """What people who listen in told the model in this call."""

    @property
    def request_names(self) -> frozenset[str]:
        """Names of the click-to-call variables (rule V5)."""
        return frozenset(self.variables.request)


def fold(state: ConversationState, entries: list[Entry]) -> ConversationState:
    """The state after all of them."""
    return reduce(apply, entries, state)


def apply(state: ConversationState, entry: Entry) -> ConversationState:
    """The state after one more thing happened."""
    match entry:
        case Opened():
            return _opened(state, entry)
        case LookedUp():
            return replace(state, variables=replace(state.variables, lookup=entry.values))
        case Preloaded():
            return _preloaded(state, entry)
        case Overheard():
            return replace(state, overheard=None if entry.is_void else f"{state.overheard or ''} {entry.text}".strip())
        case UserSaid():
            return replace(
                state,
                overheard=None,
                lines=(*state.lines, Line(Message("user", entry.text))),
                turns=state.turns + 1,
                user_turns=state.user_turns + 1,
                last_turn_id=entry.turn_id,
                said=max(state.said, entry.said),
                awaits_answer=True,
                ending=None,
            )
        case Hinted():
            return replace(state, hints=(*state.hints, entry.text)[-MAX_HINTS:], turns=state.turns + 1)
        case SentencePlanned():
            return _planned(state, entry)
        case SentenceMade():
            return _with_speech(state, entry.utterance, lambda spoken: _made(spoken, entry))
        case Replied():
            return _replied(state, entry)
        case ToolsRequested():
            return _tools_requested(state, entry)
        case ToolFinished():
            return _tool_finished(state, entry)
        case StageMoved():
            return replace(state, stage=entry.stage, handover=entry.handover)
        case StepTaken():
            return replace(state, batch=None)
        case EndRequested():
            return replace(state, ending=entry, awaits_answer=False)
        case Progress():
            return _with_speech(state, entry.utterance, lambda spoken: replace(spoken, heard_ms=entry.heard_ms))
        case Heard():
            return _heard(state, entry)
        case Ended():
            return replace(state, is_over=True)
        case _:
            assert_never(entry)


def _opened(state: ConversationState, entry: Opened) -> ConversationState:
    return replace(
        state,
        agent_id=entry.agent_id,
        call_id=entry.call_id,
        opened_at_ms=entry.at_ms,
        said=0,
        overheard=None,
        preloaded=frozenset(),
        variables=replace(state.variables, metadata=entry.metadata, request={**state.variables.request, **entry.request}),
        awaits_answer=False,
        speech=(),
        ending=None,
        is_over=False,
        hints=(),
    )


def _preloaded(state: ConversationState, entry: Preloaded) -> ConversationState:
    variables = replace(
        state.variables,
        preload={**state.variables.preload, **entry.variables},
        session={**state.variables.session, **entry.session},
    )
    return replace(
        state,
        variables=variables,
        preloaded=state.preloaded | {entry.tool},
        data={**state.data, **({entry.tool: entry.data} if entry.data else _NOTHING)},
    )


def _planned(state: ConversationState, entry: SentencePlanned) -> ConversationState:
    if not any(spoken.utterance == entry.utterance for spoken in state.speech):
        return replace(state, speech=(*state.speech, Spoken(entry.utterance, (entry.text,))))
    return _with_speech(state, entry.utterance, lambda spoken: replace(spoken, sentences=(*spoken.sentences, entry.text)))


def _replied(state: ConversationState, entry: Replied) -> ConversationState:
    lines = (*state.lines, Line(Message("assistant", entry.text), entry.utterance)) if entry.text else state.lines
    awaits_answer = state.awaits_answer and entry.is_torn
    state = replace(state, lines=lines, awaits_answer=awaits_answer, handover=state.handover if awaits_answer else "", overheard=None)
    return _with_speech(state, entry.utterance, lambda spoken: replace(spoken, is_complete=True))


def _tools_requested(state: ConversationState, entry: ToolsRequested) -> ConversationState:
    calls = tuple(ToolCallRequest(call.id, call.name, call.arguments_json, call.vendor_state) for call in entry.calls)
    line = Line(Message("assistant", entry.text, tool_calls=calls), entry.utterance)
    batch = Batch(calls, variables=state.variables, is_announced=bool(entry.text))
    state = replace(state, lines=(*state.lines, line), batch=batch, awaits_answer=True)
    return _with_speech(state, entry.utterance, lambda spoken: replace(spoken, is_complete=True))


def _tool_finished(state: ConversationState, entry: ToolFinished) -> ConversationState:
    message = Message("tool", entry.content, tool_call_id=entry.tool_call_id, tool_name=entry.name)
    return replace(
        state,
        lines=(*state.lines, Line(message)),
        batch=replace(state.batch, finished=(*state.batch.finished, entry)) if state.batch else None,
        said=max(state.said, entry.said),
        variables=replace(state.variables, session={**state.variables.session, **entry.session}),
    )


def _heard(state: ConversationState, entry: Heard) -> ConversationState:
    known = any(line.utterance == entry.utterance for line in state.lines)
    if known:
        lines = tuple(kept for line in state.lines if (kept := _cut(line, entry)) is not None)
    elif entry.text:
        lines = (*state.lines, Line(Message("assistant", entry.text), entry.utterance))
    else:
        lines = state.lines
    awaits_answer = state.awaits_answer
    if entry.was_cut and state.batch is None:
        awaits_answer = not entry.text and bool(lines) and lines[-1].message.role == "user"
    return replace(
        state,
        lines=lines,
        speech=tuple(spoken for spoken in state.speech if spoken.utterance != entry.utterance),
        turns=state.turns + (1 if entry.text else 0),
        awaits_answer=awaits_answer,
    )


def _cut(line: Line, entry: Heard) -> Line | None:
    if line.utterance != entry.utterance or not entry.was_cut:
        return line
    if not entry.text and not line.message.tool_calls:
        return None
    return replace(line, message=replace(line.message, content=entry.text))


def _made(spoken: Spoken, entry: SentenceMade) -> Spoken:
    return replace(spoken, durations_ms=(*spoken.durations_ms, entry.duration_ms), words=(*spoken.words, entry.words))


def _with_speech(state: ConversationState, utterance: str, change: Callable[[Spoken], Spoken]) -> ConversationState:
    return replace(state, speech=tuple(change(spoken) if spoken.utterance == utterance else spoken for spoken in state.speech))
