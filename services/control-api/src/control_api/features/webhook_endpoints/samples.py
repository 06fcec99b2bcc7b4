"""An example of every message, as the test button sends it and the documentation shows it."""

from datetime import UTC, datetime

from callstage_domain.call import EndedReason
from callstage_domain.ids import trace_id_of

from control_api.consumers.webhook_messages import MessageType
from control_api.features.calls.schemas import CallRecord, RecordingView
from control_api.features.conversations.schemas import ConversationView
from control_api.features.voicemails.schemas import Voicemail
from control_api.features.webhook_endpoints.bodies import (
    CallData,
    ConversationData,
    Data,
    DeploymentData,
    SpokenLine,
    TranscriptData,
    VoicemailData,
    body_of,
)

_CALL_ID = "call_example"
_STARTED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_ENDED = datetime(2026, 3, 1, 12, 1, 4, tzinfo=UTC)
_CALLER, _CALLED = "+12025550123", "+12025550199"


def sample(message_type: MessageType) -> str:
    """The body. Ids in it belong to nothing."""
    return body_of(message_type, _STARTED if message_type == "call.started" else _ENDED, _data(message_type))


def _data(message_type: MessageType) -> Data:
    match message_type:
        case "call.started":
            return CallData(call=_started())
        case "call.rejected":
            return CallData(call=_started().model_copy(update=_end(EndedReason.BLOCKED, duration_s=0)))
        case "call.ended":
            return CallData(call=_ended())
        case "recording.ready":
            recording = RecordingView(duration_ms=64_000, channels=2, size_bytes=512_000, parts=1)
            return CallData(call=_ended().model_copy(update={"recording": recording}))
        case "transcript.ready":
            return TranscriptData(call=_ended(), transcript=_lines())
        case "voicemail.new":
            return VoicemailData(voicemail=_voicemail())
        case "email.handoff":
            return ConversationData(conversation=_conversation())
        case "deployment.activated":
            return DeploymentData(agent_id="pizzeria", deployment=7, activated_by="owner@example.com")


def _started() -> CallRecord:
    return CallRecord(
        call_id=_CALL_ID,
        session_id="session_example",
        agent_id="pizzeria",
        deployment=7,
        channel="twilio",
        direction="inbound",
        caller_phone=_CALLER,
        to_number=_CALLED,
        carrier_call_id="CA00000000000000000000000000000000",
        is_test=False,
        status="ringing",
        started_at=_STARTED,
        answered_at=None,
        ended_at=None,
        duration_ms=None,
        duration_s=None,
        ended_reason=None,
        fault=None,
        summary=None,
        usage=None,
        cost=None,
        takeovers=0,
        recording=None,
        trace_id=trace_id_of(_CALL_ID),
    )


def _end(reason: EndedReason, *, duration_s: float) -> dict[str, object]:
    times = {"ended_at": _ENDED, "duration_s": duration_s, "duration_ms": round(duration_s * 1000)}
    return {**times, "status": "ended", "ended_reason": reason, "fault": reason.fault}


def _ended() -> CallRecord:
    usage = {"llm_input_tokens:openai:gpt-5.4-mini": 4210, "tts_characters:elevenlabs:eleven_flash_v2_5": 386}
    told = {"answered_at": _STARTED, "summary": "Ordered two margheritas for 7 pm.", "usage": usage, "cost": 0.0231}
    return _started().model_copy(update={**_end(EndedReason.AGENT_ENDED, duration_s=64.0), **told})


def _lines() -> list[SpokenLine]:
    said = (("assistant", "Pizzeria Roma, what can I get you?", 0, 2100), ("user", "Two margheritas, please.", 2600, 4100))
    return [
        SpokenLine(turn=turn, role=role, text=text, stage="order", started_at_ms=begin_ms, ended_at_ms=end_ms, interrupted=False)
        for turn, (role, text, begin_ms, end_ms) in enumerate(said)
    ]


def _voicemail() -> Voicemail:
    return Voicemail(
        voicemail_id="voicemail_example",
        call_id=_CALL_ID,
        agent_id="pizzeria",
        caller_phone=_CALLER,
        to_number=_CALLED,
        reason="The kitchen is closed.",
        transcript="Please call me back about Saturday.",
        duration_ms=9000,
        is_heard=False,
        has_audio=True,
        left_at=_ENDED,
    )


def _conversation() -> ConversationView:
    return ConversationView(
        session_id="session_example",
        agent_id="support",
        subject_line="Where is my order?",
        address="customer@example.com",
        status="handed_off",
        handoff_reason="max_turns",
        forwarded_to="team@example.com",
        started_at=_STARTED,
        last_event_at=_ENDED,
    )
