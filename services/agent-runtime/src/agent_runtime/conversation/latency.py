"""The waterfall of one answer (rule K5)."""

from dataclasses import dataclass, field

from callstage_contracts.events import LatencyParts
from callstage_kit.telemetry.metrics import RESPONSE_SECONDS, TURN_ENDS_TOTAL

from agent_runtime.conversation.turns.events import TurnTimes


@dataclass(slots=True)
class TurnClock:
    """Moments in milliseconds on the session's clock, each set once; `tools_ms` is a sum."""

    times: TurnTimes = field(default_factory=TurnTimes)
    llm_request_ms: float | None = None
    first_token_ms: float | None = None
    first_sentence_ms: float | None = None
    tts_request_ms: float | None = None
    first_audio_ms: float | None = None
    heard_ms: float | None = None
    tools_ms: float | None = None
    is_told: bool = False

    def add_tools(self, duration_ms: float) -> None:
        """Tools of one round ran that long."""
        self.tools_ms = (self.tools_ms or 0.0) + duration_ms

    def parts(self) -> LatencyParts:
        """Each part as a difference of its two moments."""
        times = self.times
        return LatencyParts(
            endpointing_ms=_between(times.speech_end_ms, times.decided_ms),
            stt_ms=_between(times.finalize_ms, times.final_ms),
            llm_first_token_ms=_between(self.llm_request_ms, self.first_token_ms),
            llm_first_sentence_ms=_between(self.llm_request_ms, self.first_sentence_ms),
            tools_ms=self.tools_ms,
            tts_first_byte_ms=_between(self.tts_request_ms, self.first_audio_ms),
            transport_ms=_between(self.first_audio_ms, self.heard_ms),
            response_ms=_between(times.speech_end_ms, self.heard_ms),
        )


def _between(start_ms: float | None, end_ms: float | None) -> float | None:
    return round(max(0.0, end_ms - start_ms), 1) if start_ms is not None and end_ms is not None else None


def count_turn_end(times: TurnTimes) -> None:
    """Into the metric by reason; what a reason has behind its first word (a probability) is for people."""
    if times.speech_end_ms is not None:
        TURN_ENDS_TOTAL.labels(times.reason.partition(" ")[0] or "unknown").inc()


def observe(parts: LatencyParts) -> None:
    """Into the metric by part."""
    named = {
        "endpointing": parts.endpointing_ms,
        "stt": parts.stt_ms,
        "llm_first_token": parts.llm_first_token_ms,
        "llm_first_sentence": parts.llm_first_sentence_ms,
        "tools": parts.tools_ms,
        "tts_first_byte": parts.tts_first_byte_ms,
        "transport": parts.transport_ms,
        "total": parts.response_ms,
    }
    for part, value_ms in named.items():
        if value_ms is not None:
            RESPONSE_SECONDS.labels(part).observe(value_ms / 1000)
