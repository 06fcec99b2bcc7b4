"""Between the wire and this service."""

import json
from typing import Any, assert_never

from callstage_contracts.convert import audio_format_from_pb
from callstage_contracts.pb.common.v1 import common_pb2
from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_domain.errors import CallerError, CallstageError, DependencyError, LimitExceeded

from agent_runtime.call_info import CallInfo, CallRequest, ResumePoint
from agent_runtime.conversation.inbox import Closed, CutOff, LookupArrived, PlayoutReport, SessionEvent
from agent_runtime.conversation.turns.events import KeyPressed, SpeechStarted, SpeechStopped, TextTyped

_FAILURE_CODES = ("not_deployed", "provider_failed", "provider_missing", "model_not_allowed", "overload", "internal")
_MAX_TYPED_CHARS = 4000


def call_info(context: common_pb2.CallContext) -> CallInfo:
    """Raises CallerError when a necessary id is missing."""
    for name in ("call_id", "tenant_id", "agent_id"):
        if not getattr(context, name):
            raise CallerError(f"{name} is missing", details={"field": name})
    return CallInfo(
        call_id=context.call_id,
        session_id=context.session_id,
        tenant_id=context.tenant_id,
        agent_id=context.agent_id,
        deployment=context.deployment,
        channel=context.channel or "browser",
        direction=context.direction or "inbound",
        caller_phone=context.caller_phone,
        to_number=context.to_number,
        carrier_call_id=context.carrier_call_id,
        is_test=context.is_test,
    )


def call_request(message: runtime_pb2.OpenCall) -> CallRequest:
    """Raises CallerError when it cannot be understood."""
    try:
        uplink, downlink = audio_format_from_pb(message.uplink), audio_format_from_pb(message.downlink)
    except ValueError as err:
        raise CallerError(str(err)) from err
    resume = None
    if message.HasField("resume"):
        point = message.resume
        resume = ResumePoint(point.utterance_id, point.heard_ms, point.new_call, point.sent_ms, point.new_gateway)
    return CallRequest(
        info=call_info(message.context),
        uplink=uplink,
        downlink=downlink,
        request_variables=json_object(message.request_variables_json),
        lookup_wait_ms=message.lookup_wait_ms,
        resume=resume,
    )


def session_event(message: runtime_pb2.CallUp) -> SessionEvent | None:
    """None for `open`, `audio`, and what a newer gateway may send."""
    kind = message.WhichOneof("body")
    match kind:
        case "speech_started":
            return SpeechStarted()
        case "speech_stopped":
            return SpeechStopped(message.speech_stopped.silence_ms, message.speech_stopped.said)
        case "playout":
            report = message.playout
            return PlayoutReport(report.utterance_id, report.heard_ms, report.is_started, report.is_finished, report.late_ms)
        case "interrupted":
            return CutOff(message.interrupted.utterance_id, message.interrupted.heard_ms, message.interrupted.is_held)
        case "text":
            return TextTyped(message.text.text[:_MAX_TYPED_CHARS], message.text.said)
        case "dtmf":
            return KeyPressed(message.dtmf.digit[:1], message.dtmf.said) if message.dtmf.digit else None
        case "lookup":
            return LookupArrived(json_object(message.lookup.variables_json))
        case "close":
            return Closed(message.close.reason, message.close.moves)
        case "open" | "audio" | None:
            return None
        case _:
            assert_never(kind)


def json_object(text: str) -> dict[str, Any]:
    """Empty for an empty text. Raises CallerError for what is not a JSON object."""
    try:
        value: Any = json.loads(text) if text else {}
    except ValueError as err:
        raise CallerError("variables are not valid JSON") from err
    if not isinstance(value, dict):
        raise CallerError("variables are not a JSON object")
    return value


def failure_code(error: CallstageError) -> str:
    """The code of `CallFailed` for an error."""
    if error.code in _FAILURE_CODES:
        return error.code
    if isinstance(error, LimitExceeded):
        return "overload"
    return "provider_failed" if isinstance(error, DependencyError) else "internal"
