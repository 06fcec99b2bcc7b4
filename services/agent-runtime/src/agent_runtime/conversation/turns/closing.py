"""How a call comes to its end: because somebody wants it, because nobody speaks, because of its length, or because the agent cannot go on."""

from callstage_domain.call import EndedReason

from agent_runtime.conversation.turns.blame import reason_of
from agent_runtime.conversation.turns.events import Effect, Ending, FailCall, HangUp, ReplyEnded, ReplyKind
from agent_runtime.conversation.turns.floor import Floor
from agent_runtime.conversation.turns.idle import Idle


class Closing:
    """One call, which may last until `ends_at_ms`. `ending`: with what it ends when the agent was heard to the end; None: it goes on."""

    def __init__(self, floor: Floor, idle_timeout_ms: float, ends_at_ms: float) -> None:
        self._floor = floor
        self._ends_at_ms = ends_at_ms
        self._hang_up_ms: float | None = None
        self._failures = 0
        self._blame = EndedReason.PROVIDER_FAILED
        self.idle = Idle(idle_timeout_ms)
        self.ending: Ending | None = None
        self.is_over = False

    @property
    def is_final(self) -> bool:
        """The caller cannot stop it any more."""
        return self.ending is not None and self.ending.is_final

    @property
    def is_lingering(self) -> bool:
        """All was said; the caller has a last moment to go on."""
        return self._hang_up_ms is not None

    def dues_ms(self) -> tuple[float | None, ...]:
        """When time alone moves it on."""
        return self.idle.due_ms, self._hang_up_ms, None if self.is_final else self._ends_at_ms

    def stay(self) -> None:
        """The caller goes on; the call does, too."""
        self.ending = self._hang_up_ms = None

    def reply_ended(self, event: ReplyEnded, now_ms: float) -> None:
        """The agent has said it, or could not."""
        reply = self._floor.reply
        if reply is None or event.number != reply.number:
            return
        self._floor.ended(event.unheard_ms, now_ms)
        if event.failure:
            self._blame = reason_of(event.failure)
            self.reply_failed(reply.kind, now_ms)
            return
        if reply.kind is ReplyKind.ANSWER:
            self._failures = 0
        if event.ending is not None:
            self.ending = event.ending

    def reply_failed(self, kind: ReplyKind, now_ms: float) -> None:
        """Nothing came of it: one apology, then the last one."""
        if kind in (ReplyKind.APOLOGY, ReplyKind.LAST_APOLOGY):
            self._over(FailCall(self._blame), now_ms)
        elif kind is not ReplyKind.FAREWELL:
            self._failures += 1
            if self._failures == 1:
                self._floor.start(ReplyKind.APOLOGY, now_ms)
            else:
                self._give_up(now_ms)

    def hearing_lost(self, now_ms: float) -> None:
        """An agent who does not hear cannot go on."""
        self._blame = EndedReason.PROVIDER_FAILED
        self._give_up(now_ms)

    def tick(self, now_ms: float) -> None:
        """The longest call, and the last moment of any."""
        if now_ms >= self._ends_at_ms and not self.is_final:
            self.ending, self._hang_up_ms = Ending(EndedReason.MAX_DURATION, is_final=True), None
            self._floor.silence(now_ms)
            self._floor.start(ReplyKind.FAREWELL, now_ms)
        if self._hang_up_ms is not None and self.ending is not None and now_ms >= self._hang_up_ms:
            self._over(HangUp(self.ending.reason), now_ms)

    def settle(self, now_ms: float, *, is_quiet: bool) -> None:
        """Nothing of the agent is left to hear. `is_quiet`: nor does the caller do anything."""
        if self.ending is not None:
            if self.ending.linger_ms <= 0:
                self._over(HangUp(self.ending.reason), now_ms)
            elif self._hang_up_ms is None:
                self._hang_up_ms = now_ms + self.ending.linger_ms
        elif not is_quiet:
            self.idle.over()
        elif (kind := self.idle.quiet(now_ms)) is not None:
            if kind is ReplyKind.FAREWELL:
                self.ending = Ending(EndedReason.IDLE_TIMEOUT)
            self._floor.start(kind, now_ms)

    def _give_up(self, now_ms: float) -> None:
        self.ending = Ending(self._blame, is_final=True)
        self._floor.silence(now_ms)
        self._floor.start(ReplyKind.LAST_APOLOGY, now_ms)

    def _over(self, effect: Effect, now_ms: float) -> None:
        self.is_over = True
        if self._floor.reply is not None:
            self._floor.cancel(now_ms)
        self._floor.effects.append(effect)
