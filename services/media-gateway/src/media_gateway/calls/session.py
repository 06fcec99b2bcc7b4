"""One call from its first frame to its record: who speaks with the caller, what happens when that one fails, how it ends."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from callstage_contracts.events import CallAnswered, CallEnded
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.call import EndedReason, ended_reason
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.tasks import TaskScope, cancel
from callstage_kit.telemetry.metrics import RESUMES_TOTAL, SETUP_SECONDS, count_call

from media_gateway.bridge.runtime_links import RuntimeLinks
from media_gateway.calls.conversation import Conversation, opening_of
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.lookup import CallerLookups
from media_gateway.calls.outcome import Outcome, Outcomes
from media_gateway.calls.registry import CallRegistry
from media_gateway.calls.room import Room
from media_gateway.calls.states import CallStates
from media_gateway.legs.port import Leg
from media_gateway.playout.account import Cut, Playing, Report
from media_gateway.recording.desk import RecordingDesk
from media_gateway.recording.recorder import CallRecorder
from media_gateway.vad.batch import Listening
from media_gateway.vad.detector import DetectorSettings

_log = structlog.get_logger(__name__)

FIRST_LINK_TIMEOUT_MS: Final = 1_000
LINK_TIMEOUT_MS: Final = 10_000
OPENED_TIMEOUT_MS: Final = 5_000
_SAY_AGAIN_S: Final = 5.0
_TRY_ELSEWHERE: Final = frozenset({"overload", "internal"})
_BROKEN_OFF: Final = frozenset({EndedReason.PROVIDER_FAILED, EndedReason.TOOL_FAILED, EndedReason.INTERNAL_ERROR})
"""Ends that the caller did not want: somebody else has to help him."""
_TEST_NOTICES: Final = frozenset({"tool", "stage", "variables", "latency"})
_NOTICES: Final = frozenset({"transcript", "error"})


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
        self._conversation = Conversation(services.links, self, self._opening(), self.room.ears)
        self._over: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._has_opened = False
        self._was_answered = False
        self._agent_name = ""
        self._waiting_since_ms = _now_ms()
        self._attempts = 0
        self._lookup_json: str | None = None
        self._playing_at_loss: Playing | None = None
        self._log = _log.bind(call_id=facts.call_id, channel=facts.channel)

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
                self._seek_runtime()
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
        if not self._has_opened:
            self._wait_for_runtime(now_ms)

    def broke(self, error: Exception) -> None:
        """A defect of ours ends this call, politely."""
        if not self._over.done():
            self._log.error("call_tick_failed", exc_info=error)
            self._fall_back(EndedReason.INTERNAL_ERROR, "internal")

    # The runtime.

    def _new_recorder(self) -> CallRecorder:
        facts, leg = self.facts, self.leg
        return CallRecorder(facts.tenant_id, facts.call_id, leg.uplink, leg.downlink, self.room.player.voice, _now_ms, self._services.recordings)

    def _opening(self) -> pb.OpenCall:
        facts = self.facts
        return opening_of(
            facts.context(),
            self.leg.uplink,
            self.leg.downlink,
            variables_json=json.dumps(facts.variables) if facts.variables else "",
            is_takeover=facts.resume == "takeover",
            is_old_session=facts.resume == "session",
        )

    def _seek_runtime(self) -> bool:
        lookup_wait_ms = 0
        if self.facts.lookup_until_ms and self._lookup_json is None:
            lookup_wait_ms = max(1, self.facts.lookup_until_ms - int(time.time() * 1000))
        playing = self._still_playing() if self._was_answered and self._attempts else None
        avoid = self._conversation.link
        if not self._conversation.open(lookup_wait_ms=lookup_wait_ms, playing=playing, avoid=avoid):
            return False
        if self._was_answered:
            RESUMES_TOTAL.labels("runtime").inc()
            self._log.info("call_reopened", heard_ms=playing.heard_ms if playing else 0)
        self._attempts += 1
        self._waiting_since_ms = _now_ms()
        if self._lookup_json is not None:
            self._conversation.lookup(self._lookup_json)
        return True

    def _still_playing(self) -> Playing:
        """Of what the lost runtime said; its last audio may have been played to the end, or cut off, before another one was found."""
        left, now = self._playing_at_loss, self.room.player.playing()
        if left is None or (now is not None and now.utterance_id == left.utterance_id):
            return now or Playing("", 0, 0)
        return replace(left, heard_ms=left.sent_ms)

    def _wait_for_runtime(self, now_ms: float) -> None:
        waited_ms = now_ms - self._waiting_since_ms
        if self._conversation.is_open:
            if waited_ms > OPENED_TIMEOUT_MS:
                self._log.warning("runtime_does_not_answer", attempts=self._attempts)
                self._try_elsewhere(EndedReason.RUNTIME_LOST, "runtime_lost")
        elif not self._seek_runtime() and waited_ms > (LINK_TIMEOUT_MS if self._was_answered else FIRST_LINK_TIMEOUT_MS):
            self._fall_back(EndedReason.RUNTIME_LOST, "runtime_lost")

    def _try_elsewhere(self, reason: EndedReason, code: str) -> None:
        link = self._conversation.link
        other = self._services.links.choose(link)
        if self._attempts >= 3 or other is None or other is link:
            self._fall_back(reason, code)
        else:
            self._seek_runtime()

    def on_link_lost(self) -> None:
        """All calls of the link look for another one at once; audio that was sent keeps playing."""
        self._conversation.lost()
        self._has_opened = False
        self._attempts = max(1, min(self._attempts, 1))
        self._waiting_since_ms = _now_ms()
        # Nobody is there to decide until the next runtime has the call.
        self.room.holds_on_barge_in = False
        if not self._over.done():
            self._playing_at_loss = self._playing_at_loss or self.room.player.playing()
            self._log.warning("runtime_link_lost", was_speaking=self._playing_at_loss is not None)
            self._seek_runtime()
            # Not with the next tick: the caller may be in silence already.
            self._services.links.flush()
            self.room.player.abandon()

    @property
    def may_change_runtime(self) -> bool:
        """True when its runtime is about to stop and another one is there."""
        link = self._conversation.link
        return link is not None and link.is_leaving and self._has_opened and self._services.links.choose(link) not in (None, link)

    def change_runtime(self) -> None:
        """Go on with another one; a good moment is when it `is_quiet`."""
        self._has_opened = False
        self._attempts = 1
        self._seek_runtime()

    def on_down(self, message: pb.CallDown) -> None:
        """A message of the runtime."""
        if self._over.done():
            return
        player = self.room.player
        match message.WhichOneof("body"):
            case "audio":
                audio = message.audio
                self._conversation.awaits_answer = False
                player.play(audio.utterance_id, audio.segment, audio.data)
            case "segment_end":
                player.end_segment(message.segment_end.utterance_id, message.segment_end.segment)
            case "utterance_end":
                player.end_utterance(message.utterance_end.utterance_id)
            case "notice":
                self._on_notice(message.notice)
            case "clear":
                self._tell_cuts(self.room.silence())
            case "resume_playout":
                self._conversation.dismissed(message.resume_playout.said)
                self.room.resume()
            case "turn_taken":
                self._conversation.taken(message.turn_taken.said)
            case "keep_playing":
                player.keep_playing(message.keep_playing.utterance_id)
            case "opened":
                self._on_opened(message.opened)
            case "pause_recording":
                self.recorder.pause() if message.pause_recording.is_paused else self.recorder.resume()
            case "voicemail":
                self._on_voicemail(message.voicemail)
            case "hang_up":
                self._on_hang_up(message.hang_up)
            case "failed":
                self._on_failed(message.failed)
            case _:
                self._log.warning("runtime_message_unknown")

    def _on_opened(self, opened: pb.CallOpened) -> None:
        self._has_opened = True
        self._attempts = 1
        self._playing_at_loss = None
        self._conversation.opened(opened.said)
        self.recorder.begin(opened.clock_ms, records=opened.records, retention_days=opened.recording_retention_days or None)
        self.room.holds_on_barge_in = opened.decides_interruptions
        self.room.configure(
            DetectorSettings(opened.vad_start_ms or 200, opened.vad_stop_ms or 200, opened.interruption_sensitivity),
        )
        if self._was_answered:
            return
        self._was_answered = True
        facts = _object(opened.facts_json)
        connected = {
            "agentName": opened.agent_name,
            "historyKey": opened.session_id or self.facts.session_id,
            "callId": self.facts.call_id,
            "agentId": self.facts.agent_id,
            "resumed": opened.resumed,
        }
        self.room.notify("connected", {**facts, **connected})

    def _on_notice(self, notice: pb.Notice) -> None:
        if notice.type in _NOTICES or (notice.type in _TEST_NOTICES and self.facts.is_test):
            self.room.notify(notice.type, {"payload": _object(notice.payload_json)})

    def _on_voicemail(self, voicemail: pb.Voicemail) -> None:
        if voicemail.is_over:
            self.recorder.end_voicemail()
        else:
            self.recorder.begin_voicemail(voicemail.voicemail_id, voicemail.retention_days or None)

    def _on_hang_up(self, hang_up: pb.HangUp) -> None:
        if hang_up.transfer_json:
            self.end(Outcome(EndedReason.TRANSFERRED, then=self._services.outcomes.transfer(self.facts)))
        else:
            reason = ended_reason(hang_up.reason)
            self.end(self._services.outcomes.broken_off(self.facts, reason) if reason in _BROKEN_OFF else Outcome(reason, then="ended"))

    def _on_failed(self, failed: pb.CallFailed) -> None:
        self._log.warning("runtime_failed_call", code=failed.code, message=failed.message)
        if failed.code in _TRY_ELSEWHERE and not self.room.player.has_spoken:
            self._try_elsewhere(ended_reason(failed.code), failed.code)
        else:
            self._fall_back(ended_reason(failed.code), failed.code)

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
        self._tell_cuts(cuts, is_held=is_held)

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

    def _tell_cuts(self, cuts: Sequence[Cut], *, is_held: bool = False) -> None:
        for cut in cuts:
            self._conversation.interrupted(cut, is_held=is_held)
            left = self._playing_at_loss
            if left is not None and left.utterance_id == cut.utterance_id:
                self._playing_at_loss = Playing(cut.utterance_id, cut.heard_ms, cut.heard_ms)

    async def _look_up(self) -> None:
        self._lookup_json = await self._services.lookups.result(self.facts.call_id, self.facts.lookup_until_ms)
        self._conversation.lookup(self._lookup_json)

    def _task_failed(self, name: str, error: BaseException) -> None:
        self._log.error("call_task_failed", task=name, exc_info=error)
        if not name.endswith((".lookup", ".state")):
            self._fall_back(EndedReason.INTERNAL_ERROR, "internal")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _now_ms() -> float:
    return time.monotonic() * 1000
