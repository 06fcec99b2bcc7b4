"""One call from its first frame to its record: who speaks with the caller, what happens when that one fails, how it ends."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from callstage_contracts.events import CallAnswered, CallEnded
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.call import EndedReason
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.tasks import TaskScope, cancel
from callstage_kit.telemetry.metrics import RESUMES_TOTAL, SETUP_SECONDS, count_call

from media_gateway.bridge.runtime_links import RuntimeLinks
from media_gateway.calls.conversation import Conversation, opening_of
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.lookup import CallerLookups
from media_gateway.calls.outcome import Outcome, Outcomes
from media_gateway.calls.placement import Placement
from media_gateway.calls.registry import CallRegistry
from media_gateway.calls.room import Room
from media_gateway.calls.runtime_messages import RuntimeMessages
from media_gateway.calls.states import CallStates
from media_gateway.legs.port import Leg
from media_gateway.playout.account import Cut, Report
from media_gateway.recording.desk import RecordingDesk
from media_gateway.recording.recorder import CallRecorder
from media_gateway.vad.batch import Listening

_log = structlog.get_logger(__name__)

_SAY_AGAIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class CallServices:
    """What a session needs of its process."""

    links: RuntimeLinks
    registry: CallRegistry
    states: CallStates
    lookups: CallerLookups
    publisher: EventPublisher
    outcomes: Outcomes
    recordings: RecordingDesk | None = None


class CallSession:
    """Implements `Agent` for the room, `ChannelListener` for the link, `Ticking` for the wheel."""

    def __init__(self, facts: CallFacts, leg: Leg, services: CallServices) -> None:
        self._facts = facts
        self._leg = leg
        self.room = Room(leg, self)
        self._services = services
        self.recorder = self.room.tap = self._new_recorder()
        self._conversation = Conversation(services.links, self, opening_of(facts, leg.uplink, leg.downlink), self.room.ears)
        self._over: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._log = log = _log.bind(call_id=facts.call_id, channel=facts.channel)
        self._placement = Placement(facts, self.room, self._conversation, services.links, self._fall_back, log)
        self._messages = RuntimeMessages(
            facts, self.room, self._conversation, self._placement, self.recorder, services.outcomes, self.end, self._fall_back, log
        )

    @property
    def facts(self) -> CallFacts:
        """Fixed for the session's life."""
        return self._facts

    @property
    def leg(self) -> Leg:
        """The caller's connection."""
        return self._leg

    async def run(self) -> None:
        """Until the call is over and everything about it was told."""
        services, facts = self._services, self.facts
        with services.registry.entered(self):
            async with TaskScope("call", on_failure=self._task_failed) as scope:
                scope.start(self.leg.write(), name="write")
                scope.start(self.leg.read(), name="read")
                if facts.lookup_until_ms:
                    scope.start(self._look_up(), name="lookup")
                running = scope.start(self._tell_running(), name="state")
                services.publisher.publish(CallAnswered(tenant_id=facts.tenant_id, call_id=facts.call_id, is_takeover=facts.resume == "takeover"))
                self._placement.seek()
                # The wheel may be turning slowly: the greeting does not wait for it.
                services.links.flush()
                try:
                    outcome = await self._over
                except asyncio.CancelledError:
                    # The web server closes: whoever is still here loses this gateway, a carrier call goes on elsewhere.
                    self._conversation.leave(EndedReason.SHUTDOWN, moves=self.leg.is_carrier)
                    services.links.flush()
                    raise
                finally:
                    self.recorder.close()
                # The last word on the state must be written last.
                await cancel(running)
                await self._conclude(outcome)

    async def _conclude(self, outcome: Outcome) -> None:
        facts = self.facts
        self._conversation.leave(outcome.reason, moves=not outcome.is_final)
        self._services.links.flush()
        if self.leg.is_carrier:
            # Before the socket closes: the carrier asks the resume address at once.
            await self._services.states.set(facts.call_id, outcome.then)
        if outcome.is_final:
            count_call(facts.channel, outcome.reason)
            duration_ms = max(0, int(time.time() * 1000) - facts.begun_at_ms)
            ended = CallEnded(tenant_id=facts.tenant_id, call_id=facts.call_id, reason=outcome.reason, duration_ms=duration_ms)
            self._services.publisher.publish(ended)
        else:
            self._services.outcomes.expect_takeover(facts, outcome.reason)
        self._log.info("call_ended" if outcome.is_final else "call_detached", reason=outcome.reason)
        await self.leg.close(outcome.close_code, outcome.close_reason)

    async def _tell_running(self) -> None:
        if not self.leg.is_carrier:
            return
        await self._services.states.set(self.facts.call_id, "running")
        if self.facts.resume == "takeover":
            # The gateway that had the call may write "detached" only now.
            await asyncio.sleep(_SAY_AGAIN_S)
            await self._services.states.set(self.facts.call_id, "running")

    def end(self, outcome: Outcome) -> None:
        """The first outcome counts."""
        if not self._over.done():
            self._over.set_result(outcome)

    def step_back(self) -> None:
        """Another socket has taken this call over."""
        self.end(Outcome(EndedReason.GATEWAY_LOST, is_final=False, then="running"))

    def shut_down(self) -> None:
        """The process leaves now: carrier calls move, browsers are told to come back."""
        if self.leg.is_carrier:
            self.detach()
        else:
            self.end(Outcome(EndedReason.SHUTDOWN, close_code=1012, close_reason="the server restarts"))

    def detach(self) -> None:
        """Let another gateway take the call over (drain): the carrier will ask the resume address."""
        self.end(Outcome(EndedReason.SHUTDOWN, is_final=False, then="detached", close_code=1012, close_reason="moving"))

    @property
    def is_quiet(self) -> bool:
        """True while neither side speaks: a good moment to be moved."""
        return not self.room.player.is_busy and not self.room.hears_speech and not self._conversation.awaits_turn

    @property
    def awaits_answer(self) -> bool:
        """True while the caller waits for the answer to a turn that is stored: nobody will speak for a moment."""
        return self._conversation.awaits_answer

    # The wheel.

    def listen(self, now_ms: float) -> Listening | None:
        """First half of a tick."""
        return None if self._over.done() else self.room.listen(now_ms)

    def advance(self, now_ms: float) -> None:
        """Second half of a tick."""
        if self._over.done():
            return
        self.room.advance()
        self.recorder.advance(now_ms)
        self._placement.wait(now_ms)

    def broke(self, error: Exception) -> None:
        """A defect of ours ends this call, politely."""
        if not self._over.done():
            self._log.error("call_tick_failed", exc_info=error)
            self._fall_back(EndedReason.INTERNAL_ERROR, "internal")

    # The runtime.

    def _new_recorder(self) -> CallRecorder:
        facts, leg = self.facts, self.leg
        return CallRecorder(facts.tenant_id, facts.call_id, leg.uplink, leg.downlink, self.room.player.voice, _now_ms, self._services.recordings)

    def on_link_lost(self) -> None:
        """The runtime is gone."""
        self._placement.lost(is_over=self._over.done())

    @property
    def may_change_runtime(self) -> bool:
        """True when its runtime is about to stop and another one is there."""
        return self._placement.may_change

    def change_runtime(self) -> None:
        """Go on with another one; a good moment is when it `is_quiet`."""
        self._placement.change()

    def on_down(self, message: pb.CallDown) -> None:
        """A message of the runtime."""
        if not self._over.done():
            self._messages.take(message)

    def _fall_back(self, reason: EndedReason, code: str) -> None:
        outcome = self._services.outcomes.failed(self.facts, reason, code)
        self.room.silence()
        self.room.notify("error", {"payload": {"message": outcome.close_reason, "code": code}})
        self.end(outcome)

    # The caller.

    def hears(self, audio: bytes, *, at_once: bool) -> None:
        """Caller audio, on its way up."""
        self._conversation.audio(audio, at_once=at_once)

    def caller_started(self, at_ms: int) -> None:
        """Speech began."""
        self._conversation.started(at_ms)

    def caller_stopped(self, at_ms: int, silence_ms: int) -> None:
        """Speech ended."""
        self._conversation.stopped(at_ms, silence_ms)

    def caller_cut_in(self, cuts: Sequence[Cut], *, is_held: bool) -> None:
        """Barge-in; it is silent already."""
        self._placement.cut_off(cuts, is_held=is_held)

    def caller_typed(self, text: str) -> None:
        """Text of a browser."""
        self._conversation.text(text)

    def caller_pressed(self, digit: str) -> None:
        """A key (rule X3)."""
        self._conversation.digit(digit)

    def caller_left(self, reason: EndedReason, *, is_final: bool) -> None:
        """The leg is gone."""
        self.end(Outcome(reason, is_final=is_final, then="ended" if is_final else "detached"))

    def was_heard(self, report: Report) -> None:
        """Playout of the agent's voice."""
        self._conversation.heard(report)

    def first_audio_written(self) -> None:
        """The caller is no longer in silence."""
        if self.facts.resume == "none":
            SETUP_SECONDS.labels(self.facts.channel).observe(max(0.0, time.time() - self.facts.begun_at_ms / 1000))
        elif self.facts.resume == "takeover":
            RESUMES_TOTAL.labels("gateway").inc()

    async def _look_up(self) -> None:
        self._placement.looked_up(await self._services.lookups.result(self.facts.call_id, self.facts.lookup_until_ms))

    def _task_failed(self, name: str, error: BaseException) -> None:
        self._log.error("call_task_failed", task=name, exc_info=error)
        if not name.endswith((".lookup", ".state")):
            self._fall_back(EndedReason.INTERNAL_ERROR, "internal")


def _now_ms() -> float:
    return time.monotonic() * 1000
