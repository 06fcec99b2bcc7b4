"""Feeds a recording to today's turn machine and stage engine and compares every decision.

What was recorded goes on deciding what happens next: a difference shows where today's code goes another way, not where that leads.
"""

from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError
from pydantic import ValidationError

from agent_runtime.conversation.recording import AskedItem, Recording, tagged, turn_event
from agent_runtime.conversation.turns.events import TurnEvent
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.providers.ports import Transcript
from agent_runtime.replay.difference import Difference, agrees, shown
from agent_runtime.replay.stages import StageReplay
from agent_runtime.stages.entries import Entry, parse_entry


@dataclass(frozen=True, slots=True)
class Outcome:
    """`decisions` is how many were compared; none differ: today's code behaves as then."""

    decisions: int
    differences: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        """True: nothing differs."""
        return not self.differences


def replay(recording: Recording, *, snapshot: AgentSnapshot | None = None) -> Outcome:
    """Today's decisions against the recorded ones; with `snapshot` those of another version of the agent. Raises CallerError."""
    return _Player(recording, snapshot).run()


def accepted(recording: Recording) -> Recording:
    """The same call with today's effects of the turn machine and today's questions to the model in place of those that were recorded."""
    return _Player(recording, None).accept()


def snapshot_of(recording: Recording) -> AgentSnapshot:
    """The agent as it was. Raises CallerError."""
    try:
        return AgentSnapshot.model_validate(recording.snapshot)
    except ValidationError as err:
        raise CallerError("the agent of the recording cannot be read by this release") from err


def entry_of(value: object) -> Entry:
    """Raises CallerError."""
    try:
        return parse_entry(msgspec.json.encode(value))
    except ValidationError as err:
        raise CallerError("a journal entry of the recording cannot be read by this release") from err


class _Player:
    def __init__(self, recording: Recording, snapshot: AgentSnapshot | None) -> None:
        self._recording = recording
        self._stages = StageReplay(snapshot or snapshot_of(recording), [entry_of(value) for value in recording.before], recording.prompts)
        try:
            policy = msgspec.convert({**recording.policy, **_policy_of(snapshot)}, TurnPolicy)
        except msgspec.ValidationError as err:
            raise CallerError(f"the turn policy of the recording cannot be read: {err}") from err
        self._machine = TurnMachine(policy, recording.begun_at_ms)
        self._differences: list[Difference] = []
        self._decisions = 0

    def run(self) -> Outcome:
        for index, item in enumerate(self._recording.items):
            try:
                kind, at_ms, *values = item
            except ValueError as err:
                raise CallerError(f"item {index} of the recording is broken") from err
            if kind == "turn":
                self._turn(index, float(at_ms), values)
            elif kind == "entry":
                self._note(index, float(at_ms), self._stages.entry(entry_of(values[0])))
            elif kind == "asked":
                self._note(index, float(at_ms), self._stages.asked(msgspec.convert(values[0], AskedItem)))
        return Outcome(self._decisions, tuple(self._differences))

    def accept(self) -> Recording:
        prompts: list[str] = []
        items: list[list[Any]] = []
        for kind, at_ms, *values in self._recording.items:
            if kind == "turn":
                name, fields, _ = values
                effects = [tagged(effect) for effect in self._machine.on(turn_event(name, fields), float(at_ms))]
                items.append([kind, at_ms, name, fields, effects])
            elif kind == "asked":
                asked = self._stages.asked_today(msgspec.convert(values[0], AskedItem), prompts)
                items.append([kind, at_ms, msgspec.json.decode(msgspec.json.encode(asked))])
            else:
                self._stages.entry(entry_of(values[0]))
                items.append([kind, at_ms, *values])
        return replace(self._recording, items=items, prompts=prompts)

    def _turn(self, index: int, at_ms: float, values: list[Any]) -> None:
        name, fields, recorded = values
        event = turn_event(name, fields)
        today = [tagged(effect) for effect in self._machine.on(event, at_ms)]
        if recorded or today:
            self._decisions += 1
        if not agrees(recorded, today):
            self._differences.append(Difference(index, at_ms, "turns", _effects(recorded), _effects(today), _named(event)))
        self._stages.effects(recorded)

    def _note(self, index: int, at_ms: float, found: list[tuple[str, str, str] | None]) -> None:
        for difference in found:
            self._decisions += 1
            if difference is not None:
                self._differences.append(Difference(index, at_ms, *difference))


def _policy_of(snapshot: AgentSnapshot | None) -> dict[str, Any]:
    """What another version of the agent changes in the policy; the longest duration left stays as it was."""
    if snapshot is None:
        return {}
    settings = snapshot.settings
    return {
        "silence_threshold_ms": settings.silence_threshold_ms,
        "idle_timeout_ms": settings.idle_timeout_s * 1000,
        "language": settings.language,
        "interruption_sensitivity": settings.interruption_sensitivity,
    }


def _effects(tagged_effects: list[Any]) -> str:
    if not tagged_effects:
        return "nothing"
    return "; ".join(f"{name}({_fields(cast('dict[str, Any]', fields))})" for name, fields in tagged_effects)


def _fields(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in fields.items() if value not in ("", None))


def _named(event: TurnEvent) -> str:
    if isinstance(event, Transcript):
        return f'transcript "{shown(event.text)}"' + (" (final)" if event.is_final else "")
    return type(event).__name__
