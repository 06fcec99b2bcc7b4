"""The messages of OpenAI's realtime sessions. Source: developers.openai.com/api/docs/guides/realtime-conversations. Pure."""

from typing import Any, Final

import orjson
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

from agent_runtime.providers import failures
from agent_runtime.providers.ports import LlmRequest, SttRequest
from agent_runtime.providers.realtime import RealtimeSetup
from agent_runtime.providers.realtime_mirror import Wanted
from agent_runtime.providers.vendors.openai.messages import json_object
from agent_runtime.providers.vendors.openai.transcription import session_update

VENDOR: Final = "openai"
_FASTEST: Final = 1.5
_STATUS: Final = {"invalid_api_key": 401, "insufficient_quota": 402, "rate_limit_exceeded": 429}


def hears_pauses(options: dict[str, Any]) -> bool:
    """Whether the agent wants the vendor to find the end of a turn."""
    return (options.get("turn_detection") or {}).get("type") == "semantic_vad"


def opening(setup: RealtimeSetup, transcription: str, voice: str) -> dict[str, Any]:
    """The session. The vendor never answers or stops by itself: whose turn it is is decided here. Other options extend the session."""
    options = dict(setup.options)
    detection = options.pop("turn_detection", None) if hears_pauses(options) else None
    options.pop("turn_detection", None)
    request = SttRequest(setup.hears, setup.language, options={"noise_reduction": options.pop("noise_reduction", None)})
    update: dict[str, Any] = orjson.loads(session_update(options.pop("transcription_model", transcription), request))
    hearing: dict[str, Any] = update["session"]["audio"]["input"]
    if hearing.get("noise_reduction") is None:
        hearing.pop("noise_reduction", None)
    if detection is not None:
        hearing["turn_detection"] = {**detection, "create_response": False, "interrupt_response": False}
    speaking = {"format": audio_format(setup.speaks), "voice": options.pop("voice", None) or setup.voice or voice}
    if setup.speed != 1.0:
        speaking["speed"] = min(setup.speed, _FASTEST)
    session = {"type": "realtime", "output_modalities": ["audio"], "audio": {"input": hearing, "output": speaking}}
    return {**session, **task(setup.request), **options}


def task(request: LlmRequest) -> dict[str, Any]:
    """The part of a session that changes with the stage."""
    tools = [{"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in request.tools]
    return {"instructions": request.system, "tools": tools, "tool_choice": "auto" if tools else "none"}


def update(session: dict[str, Any]) -> str:
    """Change the session."""
    return message("session.update", session={"type": "realtime", **session})


def item(wanted: Wanted, item_id: str) -> dict[str, Any]:
    """One item of the conversation."""
    if wanted.kind == "call":
        return {"id": item_id, "type": "function_call", "call_id": wanted.key, "name": wanted.name, "arguments": json_object(wanted.text)}
    if wanted.kind == "result":
        return {"id": item_id, "type": "function_call_output", "call_id": wanted.key, "output": wanted.text}
    kind = "output_text" if wanted.kind == "assistant" else "input_text"
    return {"id": item_id, "type": "message", "role": wanted.kind, "content": [{"type": kind, "text": wanted.text}]}


def audio_format(value: AudioFormat) -> dict[str, Any]:
    """As the vendor calls it."""
    return {"type": "audio/pcmu"} if value is AudioFormat.PCMU_8K else {"type": "audio/pcm", "rate": 24_000}


def message(kind: str, **fields: Any) -> str:
    """One message."""
    return orjson.dumps({"type": kind, **fields}).decode()


def failure(code: Any, kind: Any) -> DependencyError:
    """What the vendor says went wrong."""
    if code in _STATUS:
        return failures.by_status(VENDOR, _STATUS[code])
    if code == "session_expired":
        return failures.disconnected(VENDOR, "stream")
    return failures.by_status(VENDOR, 400) if kind == "invalid_request_error" else failures.failed(VENDOR, "stream")
