"""The waterfall of one answer (rule K5): when each part began and ended, who did it, what it consumed.

Every `…_ms` is a moment: milliseconds since the call was answered, on one clock, so that the parts can be drawn on one axis. None: it did not happen.
"""

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class SttPart(_Part):
    """Speech-to-text of the caller's turn. `audio_s` is what it was given since the turn before."""

    finalize_ms: float | None = None
    final_ms: float | None = None
    provider: str = ""
    model: str = ""
    audio_s: float = 0.0


class LlmPart(_Part):
    """One request to the language model; an answer with tools has several. `first_token_ms` is text; a request that only calls tools has none."""

    request_ms: float
    first_token_ms: float | None = None
    first_sentence_ms: float | None = None
    done_ms: float | None = None
    provider: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    is_eager: bool = False
    """Asked before the end of the caller's turn was certain."""
    is_hedged: bool = False
    """Given by a provider that was started beside one that kept silent."""
    is_fallback: bool = False
    """Given by another provider than the agent's first."""
    was_dropped: bool = False
    """Cancelled before its end: the caller went on or cut in, or it failed."""


class ToolPart(_Part):
    """One tool run; the record of the run has the same `run_key`."""

    tool: str
    run_key: str
    start_ms: float
    end_ms: float
    status: str


class TtsPart(_Part):
    """The voice of the answer: from the first sentence asked for to the last byte. `audio_s` is what was made."""

    request_ms: float | None = None
    first_byte_ms: float | None = None
    done_ms: float | None = None
    provider: str = ""
    model: str = ""
    characters: int = 0
    audio_s: float = 0.0
    is_cached: bool = False
    """All of it was there already: nothing was asked of the provider."""
    is_fallback: bool = False


class Waterfall(_Part):
    """One answer of the agent. `reason` says why the caller's turn was taken to be over, in the turn machine's words."""

    speech_end_ms: float | None = None
    decided_ms: float | None = None
    reason: str = ""
    stt: SttPart | None = None
    llm: tuple[LlmPart, ...] = ()
    tools: tuple[ToolPart, ...] = ()
    tts: TtsPart | None = None
    first_packet_ms: float | None = None
    """The first frame left on the caller's connection."""
    heard_ms: float | None = None
    """The caller's end began to play it; where the carrier acknowledges playout (marks), proven by that."""
