"""The messages of Gemini's live sessions. Source: ai.google.dev/api/live. Pure."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Final

import orjson

from agent_runtime.providers.ports import LlmRequest, ToolSpec
from agent_runtime.providers.realtime import RealtimeSetup
from agent_runtime.providers.realtime_mirror import Wanted

PATH: Final = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
INPUT_MIME: Final = "audio/pcm;rate=16000"
_URL_ALPHABET: Final = str.maketrans("-_", "+/")
GO_ON: Final = "[Go on.]"
_CHANGES: Final = ("gemini-3.8", "gemini-3.9", "gemini-4")
"""Models whose instructions, tools and content may change in a running session; before them all three are fixed by the setup."""


def changes_in_session(model: str) -> bool:
    """Whether the model takes updates of its context."""
    return model.startswith(_CHANGES)


def setup(wanted: RealtimeSetup, model: str, voice: str, *, has_history: bool, handle: str | None) -> str:
    """The first message. Turns are told by the client, a session outlives its connection, and a long one forgets its oldest part."""
    options = dict(wanted.options)
    spoken = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": options.pop("voice", None) or wanted.voice or voice}}}
    generation = {"responseModalities": ["AUDIO"], "speechConfig": spoken, "temperature": wanted.request.temperature, **options}
    body: dict[str, Any] = {
        "model": f"models/{model}",
        "generationConfig": generation,
        "systemInstruction": _text(wanted.request.system),
        "tools": tools(wanted.request.tools, model),
        "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}, "activityHandling": "START_OF_ACTIVITY_INTERRUPTS"},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
        "sessionResumption": {"handle": handle} if handle else {},
        "contextWindowCompression": {"slidingWindow": {}},
    }
    if has_history:
        body["historyConfig"] = {"initialHistoryInClientContent": True}
    return message(setup=body)


def context_update(request: LlmRequest, model: str) -> str:
    """Other instructions and tools, from the next answer on."""
    return message(contextUpdate={"systemInstruction": _text(request.system), "tools": {"tools": tools(request.tools, model)}})


def tools(specs: Sequence[ToolSpec], model: str) -> list[dict[str, Any]]:
    """Declarations. Newer models go on talking while a tool runs unless they are told to wait."""
    if not specs:
        return []
    waits = {"behavior": "BLOCKING"} if changes_in_session(model) else {}
    return [
        {
            "functionDeclarations": [
                {"name": spec.name, "description": spec.description, "parametersJsonSchema": spec.parameters, **waits} for spec in specs
            ]
        }
    ]


def content(turns: Sequence[dict[str, Any]], *, is_complete: bool) -> str:
    """Something that was not spoken. A complete one is answered."""
    return message(clientContent={"turns": list(turns), "turnComplete": is_complete})


def turn(item: Wanted) -> dict[str, Any]:
    """One item of the history as text."""
    match item.kind:
        case "assistant":
            return {"role": "model", "parts": [{"text": item.text}]}
        case "call":
            return _note(f"You used the tool {item.name} with {item.text}.")
        case "result":
            return _note(f"The tool {item.name} answered: {item.text}")
        case "system":
            return _note(item.text)
        case _:
            return {"role": "user", "parts": [{"text": item.text}]}


def cut_note(heard: str) -> dict[str, Any]:
    """The model remembers all that it has said; this tells what of it was heard."""
    if not heard:
        return _note("You were interrupted before the caller heard anything of your last answer.")
    return _note(f'You were interrupted. Of your last answer the caller heard only: "{heard}"')


def results(items: Sequence[Wanted]) -> str:
    """Outcomes of tools."""
    return message(toolResponse={"functionResponses": [{"id": item.key, "name": item.name, "response": _object(item.text)} for item in items]})


def audio(data: bytes) -> str:
    """The caller's voice, 16 kHz."""
    return f'{{"realtimeInput":{{"audio":{{"mimeType":"{INPUT_MIME}","data":"{b64encode(data).decode()}"}}}}}}'


def sound(data: str) -> bytes:
    """Audio of the model; bytes in protobuf's JSON may use either alphabet."""
    return b64decode(data.translate(_URL_ALPHABET) if "-" in data or "_" in data else data)


def realtime(**fields: Any) -> str:
    """A live input that is no audio."""
    return message(realtimeInput=fields)


def message(**fields: Any) -> str:
    """One message."""
    return orjson.dumps(fields).decode()


def seconds(duration: Any) -> float:
    """Of a protobuf duration in JSON ("9.5s"). Raises ValueError."""
    return float(str(duration).removesuffix("s"))


def _note(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": f"[{text}]"}]}


def _text(text: str) -> dict[str, Any]:
    return {"parts": [{"text": text}]}


def _object(text: str) -> dict[str, Any]:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return {"output": text}
    return value if isinstance(value, dict) else {"output": value}
