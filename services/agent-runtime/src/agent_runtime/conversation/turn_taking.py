"""Whose turn it is, live: what happens on the line goes to the turn machine, and what it wants is done."""

from collections.abc import Callable
from dataclasses import replace

from agent_runtime.conversation.agent_turn import AgentTurn
from agent_runtime.conversation.caller_turn import CallerTurn
from agent_runtime.conversation.held_voice import HeldVoice
from agent_runtime.conversation.inbox import CutOff, PlayoutReport
from agent_runtime.conversation.keypad.keypad import Keypad
from agent_runtime.conversation.playout import Playout
from agent_runtime.conversation.takeover import LostWords
from agent_runtime.conversation.turn_effects import TurnEffects
from agent_runtime.conversation.turns.events import (
    Interrupted,
    KeyPressed,
    PlayoutFinished,
    ReplyEnded,
    SpeechStarted,
    TextTyped,
    Tick,
    TurnEvent,
)
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.providers.ports import Transcript

_OF_THE_CALLER = (SpeechStarted, Transcript, TextTyped, KeyPressed)
"""Judged by what the agent says at that moment."""


class TurnTaking:
    """One call."""

    def __init__(
        self,
        machine: TurnMachine,
        effects: TurnEffects,
        caller: CallerTurn,
        agent: AgentTurn,
        playout: Playout,
        held: HeldVoice,
        keypad: Keypad,
        lost_words: LostWords,
        clock_ms: Callable[[], float],
    ) -> None:
        self._machine = machine
        self._effects = effects
        self._caller = caller
        self._agent = agent
        self._playout = playout
        self._held = held
        self._keypad = keypad
        self._lost_words = lost_words
        self._clock_ms = clock_ms

    @property
    def wait_s(self) -> float | None:
        """So long nothing needs to happen; None: for ever."""
        due_ms = self._machine.due_ms()
        return None if due_ms is None else max(0.0, (due_ms - self._clock_ms()) / 1000)

    async def take(self, event: TurnEvent | PlayoutReport | CutOff | None) -> None:
        """None: it is time."""
        machine, perform, now_ms = self._machine, self._effects.perform, self._clock_ms()
        match event:
            case None:
                await perform(machine.on(Tick(), now_ms))
            case PlayoutReport():
                for turn_event in self._playout.report(event):
                    if isinstance(turn_event, PlayoutFinished):
                        self._keypad.agent_was_heard()
                    await perform(machine.on(turn_event, now_ms))
            case CutOff():
                await self._cut_off(event, now_ms)
            case KeyPressed() if self._keypad.takes(event):
                if self._keypad.is_awaited and self._playout.knows("") and not self._held.is_held:
                    # Typing cuts the question short, as speaking does.
                    await self._held.silence()
                    await perform(machine.on(PlayoutFinished(), now_ms))
            case _:
                if isinstance(event, ReplyEnded):
                    # What was heard while it waited in the inbox is not unheard any more.
                    event = replace(event, unheard_ms=min(event.unheard_ms, self._playout.unheard_ms()))
                self._caller.follow(event, now_ms)
                if isinstance(event, _OF_THE_CALLER) and not self._held.is_held and self._playout.knows(""):
                    await perform(machine.on(self._playout.says(), now_ms))
                await perform(machine.on(event, now_ms))
                if isinstance(event, SpeechStarted) and (lost := self._lost_words.take()):
                    # The caller has gone on speaking: what came before belongs to the same turn.
                    await perform(machine.on(Transcript(lost, is_final=True), now_ms))

    async def _cut_off(self, cut: CutOff, now_ms: float) -> None:
        machine, perform = self._machine, self._effects.perform
        if cut.is_held:
            if self._held.hold(cut.utterance, cut.heard_ms):
                await perform(machine.on(self._playout.says(), now_ms))
                await perform(machine.on(Interrupted(is_held=True), now_ms))
        elif self._playout.knows(cut.utterance):
            await self._agent.stop()
            await self._held.silence((cut.utterance, cut.heard_ms))
            await perform(machine.on(Interrupted(), self._clock_ms()))
