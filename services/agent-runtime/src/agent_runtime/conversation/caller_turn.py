"""The caller's turn, for those who do not decide about it: begun, understood, taken, or nothing."""

import asyncio
from collections.abc import Callable

from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.foresight import Foresight
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.realtime.voice import RealtimeVoice
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.turns.events import SpeechStarted, StartReply, TurnEvent
from agent_runtime.providers import ports
from agent_runtime.stages.entries import Overheard, UserSaid

_AFTER_REQUEST_S = 0.01


class CallerTurn:
    """One call. `vad_start_ms`: the gateway is sure of speech only after so much of it; the recording shows where it began (rule K3)."""

    def __init__(
        self,
        record: ConversationRecord,
        transcript: Transcript,
        foresight: Foresight,
        realtime: RealtimeVoice | None,
        outlet: Outlet,
        vad_start_ms: int,
        clock_ms: Callable[[], float],
        scope: TaskScope,
    ) -> None:
        self._record = record
        self._transcript = transcript
        self._foresight = foresight
        self._realtime = realtime
        self._outlet = outlet
        self._vad_start_ms = vad_start_ms
        self._clock_ms = clock_ms
        self._scope = scope
        self._talking_since_ms = 0.0

    def follow(self, event: TurnEvent, now_ms: float) -> None:
        """Whatever the caller does."""
        if isinstance(event, SpeechStarted):
            self._talking_since_ms = max(1.0, now_ms - self._vad_start_ms)
            self._foresight.speech_began()
            if self._realtime is not None:
                self._realtime.speech_began()
            self._record.add(Overheard())
        elif isinstance(event, ports.Transcript) and event.text:
            if event.is_final:
                self._record.add(Overheard(text=event.text))
            else:
                self._transcript.interim(event.text)

    def taken(self, reply: StartReply) -> None:
        """It is over, and `reply` answers it."""
        turn, stage = self._record.state.turns, self._record.state.stage
        self._foresight.turn_ended()
        self._record.add(UserSaid(text=reply.text, said=reply.said))
        ended_ms = reply.times.speech_end_ms or self._clock_ms()
        started_ms = min(self._talking_since_ms or ended_ms, ended_ms)
        self._transcript.user_later(reply.text, turn=turn, stage=stage, started_ms=started_ms, ended_ms=ended_ms)

    def acknowledge(self, said: int) -> None:
        """Tell the gateway that it is taken."""
        self._scope.start(self._acknowledge(said), name="turn_taken")

    def dismissed(self) -> None:
        """It was none."""
        self._record.add(Overheard(is_void=True))

    async def _acknowledge(self, said: int) -> None:
        """Only when it is stored: whoever goes on with the call must find the turn either there or with the gateway."""
        # After the request to the model, which the caller waits for.
        await asyncio.sleep(_AFTER_REQUEST_S)
        self._transcript.settle()
        if said:
            await self._record.journal.flush()
            self._outlet.turn_taken(said)
