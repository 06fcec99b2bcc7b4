"""Does what the turn machine wants."""

from typing import assert_never

from agent_runtime.conversation.agent_turn import AgentTurn
from agent_runtime.conversation.call_end import CallEnd
from agent_runtime.conversation.caller_turn import CallerTurn
from agent_runtime.conversation.foresight import Foresight
from agent_runtime.conversation.hearing import Hearing
from agent_runtime.conversation.held_voice import HeldVoice
from agent_runtime.conversation.keypad.keypad import Keypad
from agent_runtime.conversation.turns.events import (
    CancelReply,
    DropPrepared,
    Effect,
    FailCall,
    FinalizeStt,
    HangUp,
    JudgePause,
    PrepareReply,
    ResumePlayout,
    StartReply,
)


class TurnEffects:
    """One call."""

    def __init__(
        self, hearing: Hearing, caller: CallerTurn, agent: AgentTurn, held: HeldVoice, keypad: Keypad, foresight: Foresight, end: CallEnd
    ) -> None:
        self._hearing = hearing
        self._caller = caller
        self._agent = agent
        self._held = held
        self._keypad = keypad
        self._foresight = foresight
        self._end = end

    async def perform(self, effects: list[Effect]) -> None:
        """In their order."""
        for effect in effects:
            match effect:
                case FinalizeStt():
                    await self._hearing.finalize(effect.quiet_ms)
                case StartReply():
                    await self._start(effect)
                case CancelReply():
                    await self._agent.stop()
                    self._foresight.reply_cancelled()
                    await self._held.silence()
                case ResumePlayout():
                    self._held.resume(effect.said)
                    self._caller.dismissed()
                case JudgePause() | PrepareReply() | DropPrepared():
                    self._foresight.perform(effect)
                case HangUp():
                    self._end.wanted(effect.reason)
                case FailCall():
                    self._end.fail(effect.code)
                case _:
                    assert_never(effect)

    async def _start(self, reply: StartReply) -> None:
        await self._agent.stop()
        if not reply.text:
            self._agent.start(reply)
            return
        self._keypad.interrupt()
        self._caller.taken(reply)
        self._agent.start(reply)
        self._caller.acknowledge(reply.said)
