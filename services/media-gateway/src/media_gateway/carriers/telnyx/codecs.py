"""Between Telnyx codecs and the platform's formats. Each converter belongs to one direction of one call."""

from collections.abc import Callable

from callstage_audio.g711 import alaw_to_ulaw, pcm16_to_ulaw, ulaw_to_alaw
from callstage_audio.resample import Resampler
from callstage_domain.audio import AudioFormat

Converter = Callable[[bytes], bytes]


def _unchanged(audio: bytes) -> bytes:
    return audio


def _even_pcm16_to_ulaw(audio: bytes) -> bytes:
    return pcm16_to_ulaw(audio[: len(audio) & ~1])


def _even(audio: bytes) -> bytes:
    return audio[: len(audio) & ~1]


def uplink_converter(encoding: str, rate_hz: int) -> tuple[AudioFormat, Converter] | None:
    """From the caller's codec; None when it is none of ours. L16 is little-endian, as Telnyx streams it."""
    match encoding.upper(), rate_hz:
        case "PCMU", 8000:
            return AudioFormat.PCMU_8K, _unchanged
        case "PCMA", 8000:
            return AudioFormat.PCMU_8K, alaw_to_ulaw
        case "L16", 8000:
            return AudioFormat.PCMU_8K, _even_pcm16_to_ulaw
        case "L16", 16_000:
            return AudioFormat.PCM16_16K, _even
        case _:
            return None


def downlink_converter(codec: str) -> tuple[AudioFormat, Converter]:
    """To the pinned codec of the answer document."""
    if codec == "PCMA":
        return AudioFormat.PCMU_8K, ulaw_to_alaw
    if codec == "L16":
        return AudioFormat.PCM16_24K, Resampler(24_000, 16_000).push
    return AudioFormat.PCMU_8K, _unchanged
