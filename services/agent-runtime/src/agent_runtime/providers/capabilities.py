"""What a provider can do, said once by the provider and asked wherever something depends on it."""

from dataclasses import dataclass, fields
from typing import Any

from callstage_domain.audio import AudioFormat


def speaks(languages: tuple[str, ...] | None, language: str) -> bool:
    """Whether a language tag is among those; None: the vendor does not limit them. Only the language part of a tag counts."""
    return languages is None or language.replace("_", "-").partition("-")[0].lower() in languages


@dataclass(frozen=True, slots=True)
class SttCapabilities:
    """Of a recogniser."""

    formats: tuple[AudioFormat, ...]
    """What it takes, best first."""
    interim_texts: bool = True
    ends_turn: bool = False
    """It may say itself that the caller's turn is over (`Transcript.ends_turn`)."""
    tells_position: bool = False
    """Final texts say up to where in the audio they go (`Transcript.until_ms`)."""
    languages: tuple[str, ...] | None = None
    max_session_s: float | None = None
    """After so long the vendor ends a session by itself; that is no failure."""
    is_offline: bool = False


@dataclass(frozen=True, slots=True)
class LlmCapabilities:
    """Of a language model."""

    tools: bool = True
    thinking: bool = True
    """Some of its models think before they answer, as much as `thinking_level` says."""
    reports_tokens: bool = True
    continues_text: bool = True
    """It can go on with an answer that another model began."""
    languages: tuple[str, ...] | None = None
    is_offline: bool = False


@dataclass(frozen=True, slots=True)
class TtsCapabilities:
    """Of a voice."""

    formats: tuple[AudioFormat, ...]
    """What it makes without resampling, best first."""
    word_times: bool = False
    """It tells where each word sounds (`TtsRequest.on_words`)."""
    incremental_text: bool = False
    """It takes a sentence in pieces."""
    speed_range: tuple[float, float] | None = None
    """None: it speaks at one speed only."""
    languages: tuple[str, ...] | None = None
    is_offline: bool = False

    def speed(self, wanted: float) -> float:
        """The speed nearest to that which it can do; 1 is normal."""
        slowest, fastest = self.speed_range or (1.0, 1.0)
        return min(max(wanted, slowest), fastest)


def described(capabilities: Any) -> dict[str, object]:
    """One of the dataclasses as JSON values, for whoever lists providers; `takes_ulaw` stands for the phone line's own format."""
    values: dict[str, object] = {}
    for field in fields(capabilities):
        value: object = getattr(capabilities, field.name)
        values[field.name] = [*value] if isinstance(value, tuple) else value
        if field.name == "formats" and isinstance(value, tuple):
            values["takes_ulaw"] = AudioFormat.PCMU_8K in value
    return values
