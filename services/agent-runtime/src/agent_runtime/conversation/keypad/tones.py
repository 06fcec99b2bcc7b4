"""`send_dtmf`: keys as audio for the line. In-band tones are what a media stream can carry (rule B3)."""

from collections.abc import AsyncGenerator
from typing import Final

from callstage_audio.dtmf import tone
from callstage_audio.g711 import pcm16_to_ulaw
from callstage_audio.tone import silence
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import ModelFacingError

TONE_MS: Final = 120.0
"""ITU-T Q.24 asks for 40 ms; phone menus behind lossy codecs hear this length without fail."""
GAP_MS: Final = 80.0
MAX_MS: Final = 30_000.0
_PAUSES_MS: Final = {"w": 500.0, ",": 2000.0}
"""`w` as carriers write it, `,` as phones dial it."""


def duration_ms(keys: str) -> float:
    """How long those keys sound."""
    return sum(_PAUSES_MS.get(key.lower(), TONE_MS + GAP_MS) for key in keys)


def tones(keys: str, audio_format: AudioFormat) -> bytes:
    """Audio in that format. Raises ModelFacingError for what takes longer than `MAX_MS`."""
    if duration_ms(keys) > MAX_MS:
        raise ModelFacingError(f"These keys and pauses take longer than {MAX_MS / 1000:g} seconds. Send fewer at a time.", code="invalid_arguments")
    rate_hz = audio_format.rate_hz
    pieces: list[bytes] = []
    for key in keys:
        pause_ms = _PAUSES_MS.get(key.lower())
        pieces.append(silence(pause_ms, rate_hz) if pause_ms is not None else tone(key, TONE_MS, rate_hz) + silence(GAP_MS, rate_hz))
    pcm16 = b"".join(pieces)
    return pcm16_to_ulaw(pcm16) if audio_format is AudioFormat.PCMU_8K else pcm16


class ToneSound:
    """Implements `Sound`: everything is there already."""

    is_ended = True

    def __init__(self, audio: bytes, audio_format: AudioFormat) -> None:
        self.audio_format = audio_format
        self._audio = audio

    def end(self) -> None:
        """Nothing follows."""

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """In one."""
        yield self._audio
