"""Voices known without asking anybody (rule A5).

Sources: eSpeak NG voice list; OpenAI text-to-speech guide; developers.deepgram.com/docs/tts-models; ai.google.dev/gemini-api/docs/speech-generation.
"""

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
# fmt: off
_GEMINI: dict[Gender, tuple[str, ...]] = {
    "female": (
        "Zephyr", "Kore", "Leda", "Aoede", "Callirrhoe", "Autonoe", "Despina", "Erinome",
        "Laomedeia", "Achernar", "Gacrux", "Pulcherrima", "Vindemiatrix", "Sulafat",
    ),
    "male": (
        "Puck", "Charon", "Fenrir", "Orus", "Enceladus", "Iapetus", "Umbriel", "Algieba",
        "Algenib", "Rasalgethi", "Alnilam", "Schedar", "Achird", "Zubenelgenubi", "Sadachbia", "Sadaltager",
    ),
}
_AURA: dict[tuple[str, Gender], tuple[str, ...]] = {
    ("en", "female"): (
        "amalthea", "andromeda", "asteria", "athena", "aurora", "callista", "cora", "cordelia", "delia", "electra", "harmonia", "helena",
        "hera", "iris", "janus", "juno", "luna", "minerva", "ophelia", "pandora", "phoebe", "selene", "thalia", "theia", "vesta",
    ),
    ("en", "male"): (
        "apollo", "arcas", "aries", "atlas", "draco", "hermes", "hyperion", "jupiter", "mars", "neptune", "odysseus", "orion", "orpheus",
        "pluto", "saturn", "zeus",
    ),
    ("es", "female"): ("carina", "celeste", "diana", "estrella", "selena"),
    ("es", "male"): ("alvaro", "aquila", "javier", "nestor", "sirio"),
    ("de", "female"): ("viktoria",),
    ("fr", "female"): ("agathe",),
    ("nl", "female"): ("rhea",),
    ("it", "female"): ("livia",),
    ("ja", "female"): ("izanami",),
}
# fmt: on
_ESPEAK = {"en": "en-us", "es": "es", "fr": "fr", "de": "de"}

VOICES: Sequence[Voice] = (
    *(Voice("espeak", name, language, "male") for language, name in _ESPEAK.items()),
    *(Voice("espeak", f"{name}+f3", language, "female") for language, name in _ESPEAK.items()),
    *(Voice("openai", name, "multi", gender) for name, gender in _OPENAI.items()),
    *(Voice("deepgram", f"aura-2-{name}-{language}", language, gender) for (language, gender), names in _AURA.items() for name in names),
    *(Voice("gemini", name, "multi", gender) for gender, names in _GEMINI.items() for name in names),
)
NOTES = {
    "elevenlabs": "Use a voice id of your ElevenLabs account as `voice`.",
    "deepgram": "Not all voices are listed; use any model name of developers.deepgram.com/docs/tts-models as `voice`.",
}
