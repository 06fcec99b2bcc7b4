"""What a call's runtime wants: played, told, recorded, ended."""

import json
from collections.abc import Callable
from typing import Any, Final

from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.call import EndedReason, ended_reason

from media_gateway.calls.conversation import Conversation
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.outcome import Outcome, Outcomes
from media_gateway.calls.placement import Placement
from media_gateway.calls.room import Room
from media_gateway.recording.recorder import CallRecorder
from media_gateway.vad.detector import DetectorSettings

_TRY_ELSEWHERE: Final = frozenset({"overload", "internal"})
_BROKEN_OFF: Final = frozenset({EndedReason.PROVIDER_FAILED, EndedReason.TOOL_FAILED, EndedReason.INTERNAL_ERROR})
"""Ends that the caller did not want: somebody else has to help him."""
_TEST_NOTICES: Final = frozenset({"tool", "stage", "variables", "latency"})
_NOTICES: Final = frozenset({"transcript", "error"})


class RuntimeMessages:
    """One call. `end` and `fall_back` are the session's."""

    def __init__(
        self,
        facts: CallFacts,
        room: Room,
        conversation: Conversation,
        placement: Placement,
        recorder: CallRecorder,
        outcomes: Outcomes,
        end: Callable[[Outcome], None],
        fall_back: Callable[[EndedReason, str], None],
        log: Any,
    ) -> None:
        self._facts = facts
        self._room = room
        self._conversation = conversation
        self._placement = placement
        self._recorder = recorder
        self._outcomes = outcomes
        self._end = end
        self._fall_back = fall_back
        self._log = log

    def take(self, message: pb.CallDown) -> None:
        """One of a call that is not over."""
        player = self._room.player
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
                self._notice(message.notice)
            case "clear":
                self._placement.cut_off(self._room.silence())
            case "resume_playout":
                self._conversation.dismissed(message.resume_playout.said)
                self._room.resume()
            case "turn_taken":
                self._conversation.taken(message.turn_taken.said)
            case "keep_playing":
                player.keep_playing(message.keep_playing.utterance_id)
            case "opened":
                self._opened(message.opened)
            case "pause_recording":
                self._recorder.pause() if message.pause_recording.is_paused else self._recorder.resume()
            case "voicemail":
                self._voicemail(message.voicemail)
            case "hang_up":
                self._hang_up(message.hang_up)
            case "failed":
                self._failed(message.failed)
            case _:
                self._log.warning("runtime_message_unknown")

    def _opened(self, opened: pb.CallOpened) -> None:
        is_first, room = self._placement.opened(), self._room
        self._conversation.opened(opened.said)
        self._recorder.begin(opened.clock_ms, records=opened.records, retention_days=opened.recording_retention_days or None)
        room.holds_on_barge_in = opened.decides_interruptions
        room.configure(DetectorSettings(opened.vad_start_ms or 200, opened.vad_stop_ms or 200, opened.interruption_sensitivity))
        if not is_first:
            return
        facts = _object(opened.facts_json)
        connected = {
            "agentName": opened.agent_name,
            "historyKey": opened.session_id or self._facts.session_id,
            "callId": self._facts.call_id,
            "agentId": self._facts.agent_id,
            "resumed": opened.resumed,
        }
        room.notify("connected", {**facts, **connected})

    def _notice(self, notice: pb.Notice) -> None:
        if notice.type in _NOTICES or (notice.type in _TEST_NOTICES and self._facts.is_test):
            self._room.notify(notice.type, {"payload": _object(notice.payload_json)})

    def _voicemail(self, voicemail: pb.Voicemail) -> None:
        if voicemail.is_over:
            self._recorder.end_voicemail()
        else:
            self._recorder.begin_voicemail(voicemail.voicemail_id, voicemail.retention_days or None)

    def _hang_up(self, hang_up: pb.HangUp) -> None:
        if hang_up.transfer_json:
            self._end(Outcome(EndedReason.TRANSFERRED, then=self._outcomes.transfer(self._facts)))
        else:
            reason = ended_reason(hang_up.reason)
            self._end(self._outcomes.broken_off(self._facts, reason) if reason in _BROKEN_OFF else Outcome(reason, then="ended"))

    def _failed(self, failed: pb.CallFailed) -> None:
        self._log.warning("runtime_failed_call", code=failed.code, message=failed.message)
        if failed.code in _TRY_ELSEWHERE and not self._room.player.has_spoken:
            self._placement.try_elsewhere(ended_reason(failed.code), failed.code)
        else:
            self._fall_back(ended_reason(failed.code), failed.code)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
