"""Voices known without asking anybody (rule A5). Sources: eSpeak NG voice list, OpenAI text-to-speech guide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male", "neutral"]


@dataclass(frozen=True, slots=True)
class Voice:
    """`language` is BCP-47; `multi` speaks the language of the text."""

    provider: str
    voice: str
    language: str
    gender: Gender


_OPENAI: dict[str, Gender] = {
    "alloy": "neutral",
    "ash": "male",
    "ballad": "male",
    "coral": "female",
    "echo": "male",
    "fable": "neutral",
    "nova": "female",
    "onyx": "male",
    "sage": "female",
    "shimmer": "female",
    "verse": "male",
}
_ESPEAK = {"en": "en-us", "es": "es", "fr": "fr", "de": "de"}

VOICES: Sequence[Voice] = (
    *(Voice("espeak", name, language, "male") for language, name in _ESPEAK.items()),
    *(Voice("espeak", f"{name}+f3", language, "female") for language, name in _ESPEAK.items()),
    *(Voice("openai", name, "multi", gender) for name, gender in _OPENAI.items()),
)
NOTES = {"elevenlabs": "Use a voice id of your ElevenLabs account as `voice`."}
