"""What a difference means for the one who deploys: does the conversation go another way, or is it only told otherwise (rule D6)."""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError

from agent_runtime.replay.difference import Difference
from agent_runtime.replay.kept import KeptConversation
from agent_runtime.replay.player import Outcome, replay
from agent_runtime.replay.script import play

Kind = Literal["stage", "tool", "outcome", "words", "prompt", "timing"]
WAYS: frozenset[Kind] = frozenset({"stage", "tool", "outcome"})
"""These change the way a conversation goes; the others do not."""
MAX_TOLD = 100
NOTHING_DECIDED = "nothing that was recorded here depends on the agent; in a written conversation that takes a tool"
NOTHING_EXPECTED = "these steps expect nothing of the agent: add a tool that is called, a stage or an end"
_ENDING = '"end_requested"'
_AFTER_TOOLS = ("what follows from the tools", "the words after the tools")


@dataclass(frozen=True, slots=True)
class Remark:
    """One difference and its kind."""

    kind: Kind
    difference: Difference


@dataclass(frozen=True, slots=True)
class Verdict:
    """`total` counts all differences, `remarks` are the first ones: those of the way before the others."""

    decisions: int
    total: int
    remarks: tuple[Remark, ...]


def judge(kept: KeptConversation, snapshot: AgentSnapshot) -> Verdict:
    """A kept conversation against a version of the agent. Milliseconds of CPU. Raises CallerError for what cannot be read."""
    outcomes = _decided(kept, snapshot)
    remarks = [Remark(kind_of(difference), in_words(difference)) for outcome in outcomes for difference in outcome.differences]
    remarks.sort(key=lambda remark: remark.kind not in WAYS)
    return Verdict(sum(outcome.decisions for outcome in outcomes), len(remarks), tuple(remarks[:MAX_TOLD]))


def check(kept: KeptConversation, agent: AgentSnapshot) -> None:
    """Raises CallerError for a conversation that would prove nothing about any agent; `agent` counts for steps only."""
    _decided(kept, agent)


def _decided(kept: KeptConversation, snapshot: AgentSnapshot) -> list[Outcome]:
    outcomes = [replay(part, snapshot=snapshot) for part in kept.parts] if kept.parts else [play(kept.steps, snapshot)]
    if not any(outcome.decisions for outcome in outcomes):
        raise CallerError(NOTHING_DECIDED if kept.parts else NOTHING_EXPECTED, code="nothing_decided")
    return outcomes


def kind_of(difference: Difference) -> Kind:
    """By what differs."""
    what = difference.what
    if what == "turns":
        return "timing"
    if what in ("the prompt", "the history given to the model", "the tools offered"):
        return "prompt"
    if what in ("the greeting", "the words after the tools"):
        return "words"
    if what.startswith("tool "):
        return "tool"
    return "outcome" if _ENDING in difference.recorded + difference.today or what == "the end" else "stage"


def in_words(difference: Difference) -> Difference:
    """What follows from tools, as people say it; everything else is told in words already."""
    if difference.what not in _AFTER_TOOLS:
        return difference
    return replace(difference, recorded=_step(difference.recorded), today=_step(difference.today))


def _step(shown: str) -> str:
    try:
        step: dict[str, Any] = json.loads(shown)
    except ValueError:
        # A long one is cut: better as it is than not at all.
        return shown
    told: list[str] = []
    for entry in step.get("entries", ()):
        if entry.get("kind") == "stage_moved":
            told.append(f"moves to the stage {entry['stage']}" + (f", telling: {entry['handover']}" if entry.get("handover") else ""))
        elif entry.get("kind") == "end_requested":
            told.append(f"ends the call ({entry['reason']})")
    follows = {"say": f"says: {step.get('text', '')}", "stay_silent": "stays silent"}.get(step.get("next", ""))
    return "; ".join([*(told or ["stays in its stage"]), *([follows] if follows else [])])
