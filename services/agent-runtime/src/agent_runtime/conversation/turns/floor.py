"""The speaking half of the turn machine: the reply in the making, what of the agent's voice the caller still has to hear, and what was cut short."""

from dataclasses import dataclass, replace

from agent_runtime.conversation.turns.events import CancelReply, Effect, ReplyKind, StartReply, TurnTimes
from agent_runtime.conversation.turns.interruption import Interruption
from agent_runtime.conversation.turns.speculation import Speculation

PLAYOUT_GRACE_MS = 5000.0
"""A playout report that is this late is not coming."""
REPLY_LIMIT_MS = 180_000.0
"""Longest a reply may be in the making: five rounds of the slowest tools and the model between them."""
_UNCANCELLED = (ReplyKind.GREETING, ReplyKind.APOLOGY, ReplyKind.LAST_APOLOGY)
"""Not stopped by the caller's voice before they can be heard: the disclosure comes first (rule A6), an apology must be given."""


@dataclass(slots=True)
class Reply:
    """In the making."""

    number: int
    kind: ReplyKind
    started_ms: float

    @property
    def is_protected(self) -> bool:
        """True: the caller's voice does not stop it."""
        return self.kind in _UNCANCELLED

    @property
    def due_ms(self) -> float:
        """Then it is given up."""
        return self.started_ms + REPLY_LIMIT_MS


class Floor:
    """The agent has it while `is_taken`. What it wants done goes to `effects`."""

    def __init__(self, interruption: Interruption, speculation: Speculation) -> None:
        self._interruption = interruption
        self._speculation = speculation
        self._numbers = 0
        self.effects: list[Effect] = []
        self.reply: Reply | None = None
        self.is_playing = False
        self.quiet_by_ms: float | None = None
        """Nothing plays any more by then, whatever the reports say; None when nothing does, or a reply in the making adds to it."""
        self.is_unanswered = False
        """An answer was cancelled before it was heard, and none has begun since."""
        self.was_cut = False
        """Something was cut off in this turn of the caller, and may go on if it was for nothing."""

    @property
    def is_taken(self) -> bool:
        """The agent is about to speak, or is still heard."""
        return self.reply is not None or self.is_playing or self.quiet_by_ms is not None

    @property
    def is_heard(self) -> bool:
        """The caller has something to hear."""
        return self.is_playing or self.quiet_by_ms is not None

    def start(self, kind: ReplyKind, now_ms: float, text: str = "", times: TurnTimes | None = None, said: int = 0) -> None:
        """Say something; nothing may be in the making."""
        self._numbers += 1
        self.reply = Reply(self._numbers, kind, now_ms)
        self.is_unanswered = False
        times = times or TurnTimes(decided_ms=now_ms)
        eager_ms, dropped = self._speculation.answered(text)
        if eager_ms is not None:
            times = replace(times, eager_ms=eager_ms)
        self.effects += dropped
        self.effects.append(StartReply(self._numbers, kind, text, times, said))

    def cancel(self, now_ms: float) -> None:
        """Nothing more is made, and what was made is not heard."""
        self.reply = None
        self._interruption.release(now_ms)
        self.effects.append(CancelReply())

    def silence(self, now_ms: float) -> None:
        """Nothing is said and nothing plays from here on."""
        if self.is_taken:
            self.cancel(now_ms)
        self.silenced()

    def silenced(self) -> None:
        """Nothing plays any more."""
        self.is_playing, self.quiet_by_ms = False, None

    def make_way(self, now_ms: float) -> None:
        """The caller speaks before the reply can be heard."""
        if self.reply is None or self.reply.is_protected:
            return
        self.is_unanswered = self.is_unanswered or self.reply.kind is ReplyKind.ANSWER
        self.was_cut = self.was_cut or self.reply.kind is ReplyKind.CONTINUE
        self.cancel(now_ms)

    def interrupted(self, now_ms: float) -> None:
        """The caller has cut in on what he heard."""
        self._interruption.release(now_ms)
        self.was_cut, self.is_unanswered = True, False
        self.silenced()
        if self.reply is not None:
            self.cancel(now_ms)

    def ended(self, unheard_ms: float, now_ms: float) -> None:
        """The reply is complete, and so much of it still has to play."""
        self.reply = None
        self.quiet_by_ms = None if unheard_ms <= 0 and not self.is_playing else now_ms + unheard_ms + PLAYOUT_GRACE_MS

    def plays_on(self, unheard_ms: float | None, now_ms: float) -> None:
        """Something of an earlier process does; None: a reply is to follow it."""
        self.is_playing = True
        self.quiet_by_ms = None if unheard_ms is None else now_ms + unheard_ms + PLAYOUT_GRACE_MS

    def playout_started(self, now_ms: float) -> None:
        """The agent can be heard."""
        self.is_playing = True
        if self.reply is None and self.quiet_by_ms is None:
            self.quiet_by_ms = now_ms + PLAYOUT_GRACE_MS

    def delayed(self, silent_ms: float) -> None:
        """The playout stood still for so long."""
        if self.quiet_by_ms is not None:
            self.quiet_by_ms += silent_ms
