"""The stage engine's decisions: the greeting, what the model was asked, which tools were refused, what followed from their outcomes."""

import difflib
from collections.abc import Sequence
from datetime import date
from typing import Any

from callstage_domain.agent import AgentSnapshot

from agent_runtime.conversation.call_recorder import messages_digest
from agent_runtime.conversation.greeting import opening_text
from agent_runtime.conversation.recording import AskedItem
from agent_runtime.conversation.turns.events import ReplyKind, StartReply
from agent_runtime.providers.ports import LlmRequest, ToolCallRequest
from agent_runtime.replay.difference import agrees, shown
from agent_runtime.stages import engine
from agent_runtime.stages.entries import Ended, EndRequested, Entry, Heard, Replied, StageMoved, StepTaken, ToolFinished, UserSaid
from agent_runtime.stages.state import apply, fold

Found = tuple[str, str, str] | None
"""(what, recorded, today) of a decision that differs; None for one that does not."""
_REFUSED = "unknown_tool"


class StageReplay:
    """One conversation. The state follows what was recorded; each decision is made again from the state before it."""

    def __init__(self, snapshot: AgentSnapshot, before: list[Entry], prompts: Sequence[str]) -> None:
        self._snapshot = snapshot
        self.state = fold(engine.first_state(snapshot), before)
        self._prompts = prompts
        self._step: engine.Step | None = None
        self._moves: list[Entry] = []
        self._greets = False

    def effects(self, recorded: list[Any]) -> None:
        """What the turn machine wanted then: with a greeting the next text said is the engine's."""
        self._greets = self._greets or any(name == StartReply.__name__ and fields["kind"] == ReplyKind.GREETING for name, fields in recorded)

    def entry(self, entry: Entry) -> list[Found]:
        """One more entry; the decisions it shows."""
        found: list[Found] = []
        match entry:
            case ToolFinished():
                found.append(self._refusal(entry))
            case StageMoved() | EndRequested():
                self._expect_step()
                self._moves.append(entry)
            case StepTaken():
                self._expect_step()
                found.append(self._steps(entry))
            case Replied() if self._greets:
                self._greets = False
                found.append(self._greeting(entry))
            case UserSaid() | Heard() | Ended():
                self._greets = False
            case _:
                pass
        self.state = apply(self.state, entry)
        return found

    def asked(self, item: AskedItem) -> list[Found]:
        """The model was asked: with the same prompt, history and tools?"""
        self._greets = False
        request = engine.llm_request(
            self._snapshot, self.state, today=date.fromisoformat(item.today), is_opening=item.is_opening, offers_tools=item.offers_tools
        )
        tools = [tool.name for tool in request.tools]
        recorded_prompt = self._prompts[item.system] if item.system < len(self._prompts) else ""
        return [
            None if request.system == recorded_prompt else ("the prompt", *_changed(recorded_prompt, request.system)),
            None if messages_digest(request.messages) == item.messages else ("the history given to the model", "another one", _history(request)),
            None if tools == list(item.tools) else ("the tools offered", shown(list(item.tools)), shown(tools)),
        ]

    def asked_today(self, item: AskedItem, prompts: list[str]) -> AskedItem:
        """The same question as today's engine puts it; a prompt that is new is added to `prompts`."""
        day = date.fromisoformat(item.today)
        request = engine.llm_request(self._snapshot, self.state, today=day, is_opening=item.is_opening, offers_tools=item.offers_tools)
        if request.system not in prompts:
            prompts.append(request.system)
        tools = tuple(tool.name for tool in request.tools)
        return AskedItem(prompts.index(request.system), messages_digest(request.messages), tools, item.today, item.is_opening, item.offers_tools)

    def _refusal(self, entry: ToolFinished) -> Found:
        call = next((call for call in self.state.batch.calls if call.id == entry.tool_call_id), None) if self.state.batch else None
        today = engine.refusal(self._snapshot, self.state, call or ToolCallRequest(entry.tool_call_id, entry.name, "{}"))
        was_refused = entry.error_code == _REFUSED
        if was_refused == (today is not None):
            return None
        words = {True: "refused in this stage", False: f"run ({entry.status})"}
        return (f"tool {entry.name} in stage {self.state.stage}", words[was_refused], "run" if was_refused else words[True])

    def _expect_step(self) -> None:
        if self._step is None:
            batch = self.state.batch
            self._step = engine.after_tools(self._snapshot, self.state, batch.in_order() if batch else ())

    def _steps(self, taken: StepTaken) -> Found:
        step, moves = self._step or engine.Step("ask_model"), self._moves
        self._step, self._moves = None, []
        recorded = {"entries": [_shown_entry(entry) for entry in moves], **({"next": taken.next, "text": taken.text} if taken.next else {})}
        today = {"entries": [_shown_entry(entry) for entry in step.entries], "next": step.next, "text": step.text}
        if agrees(recorded, today):
            return None
        what = "the words after the tools" if _way(recorded) == _way(today) else "what follows from the tools"
        return (what, shown(recorded), shown(today))

    def _greeting(self, entry: Replied) -> Found:
        text, _ = opening_text(self._snapshot, self.state)
        # It was spoken sentence by sentence, and is put together again with spaces that some languages do not have.
        if not text or "".join(text.split()) == "".join(entry.text.split()):
            return None
        return ("the greeting", shown(entry.text), shown(text))


def _way(step: dict[str, Any]) -> list[Any]:
    """Where a step leads, without what is said on the way."""
    return [step.get("next"), [(entry["kind"], entry.get("stage"), entry.get("reason")) for entry in step["entries"]]]


def _shown_entry(entry: Entry) -> dict[str, Any]:
    return entry.model_dump(mode="json")


def _changed(recorded: str, today: str) -> tuple[str, str]:
    """The lines of both that the other one does not have."""
    lines = list(difflib.ndiff(recorded.splitlines(), today.splitlines()))
    return tuple(shown(" / ".join(line[2:] for line in lines if line.startswith(sign)) or "(no such line)") for sign in "-+")  # type: ignore[return-value]


def _history(request: LlmRequest) -> str:
    last = request.messages[-1] if request.messages else None
    return f"{len(request.messages)} messages" + (f', the last one {last.role}: "{shown(last.content)}"' if last else "")
