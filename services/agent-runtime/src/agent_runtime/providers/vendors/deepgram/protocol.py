"""Deepgram's live transcription wire, without sockets. Source: developers.deepgram.com/reference/speech-to-text/listen-streaming."""

import json
from typing import Any, Final
from urllib.parse import urlencode

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

from agent_runtime.providers import failures
from agent_runtime.providers.ports import SttRequest, Transcript

VENDOR: Final = "deepgram"
FINALIZE: Final = '{"type":"Finalize"}'
KEEP_ALIVE: Final = '{"type":"KeepAlive"}'
CLOSE_STREAM: Final = '{"type":"CloseStream"}'

_ENCODING: Final = {AudioFormat.PCMU_8K: "mulaw", AudioFormat.PCM16_8K: "linear16", AudioFormat.PCM16_16K: "linear16"}
_SCHEMES: Final = {"https": "wss", "http": "ws"}


def listen_url(base_url: str, model: str, request: SttRequest) -> str:
    """Address of one recognition. The agent's options add to or replace the query."""
    scheme, _, rest = base_url.rstrip("/").partition("://")
    query: dict[str, Any] = {
        "model": request.model or model,
        "language": request.language,
        "encoding": _ENCODING[request.audio_format],
        "sample_rate": request.audio_format.rate_hz,
        "channels": 1,
        "interim_results": True,
        "punctuate": True,
        "smart_format": True,
        # Settles pieces early, so that the text is there when the platform's own voice activity detection (200 ms) decides on the end of the turn.
        "endpointing": 100,
        **request.options,
    }
    texts = {name: _query_value(value) for name, value in query.items() if value is not None}
    return f"{_SCHEMES.get(scheme, scheme)}://{rest}/v1/listen?{urlencode(texts, doseq=True)}"


def _query_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, list) else str(value)


def read_message(text: str | bytes) -> Transcript | None:
    """One server message; None for those that hold no text. Raises DependencyError for an error message and for what is no JSON."""
    try:
        message = json.loads(text)
        kind = message["type"]
        if kind == "Error":
            raise failures.failed(VENDOR, "stream")
        if kind != "Results":
            return None
        spoken = str(message["channel"]["alternatives"][0]["transcript"])
        is_final = bool(message["is_final"])
        answers = bool(message.get("from_finalize"))
        until_s = float(message.get("start", 0.0)) + float(message.get("duration", 0.0))
    except DependencyError:
        raise
    except (ValueError, KeyError, TypeError, IndexError) as err:
        raise failures.malformed(VENDOR, "stream") from err
    if not spoken and not answers:
        return None
    return Transcript(text=spoken, is_final=is_final, answers_finalize=answers, until_ms=until_s * 1000)
