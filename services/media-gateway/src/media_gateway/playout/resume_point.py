"""Where speech goes on after a pause that was none of its own: a little before, at a gap between words when one is near. Pure."""

from typing import Final

import numpy as np
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_audio.pcm import samples
from callstage_domain.audio import FRAME_MS, AudioFormat

SEARCHED_MS: Final = 900.0
"""A gap that lies further back would repeat too much."""
REWIND_MS: Final = 300.0
"""Without a gap: about the syllable in which it stopped; what was on its way to the caller when it was silenced is in it, too."""
NEAREST_MS: Final = 100.0
"""A gap nearer than this may lie after the last thing that the caller really heard."""
_GAP_DROP_DB: Final = 22.0
_GAP_FRAMES: Final = 2


def rewound_ms(before: bytes, audio_format: AudioFormat, heard_ms: float, *, extra_ms: float = 0.0) -> float:
    """The offset to go on from. `before` is the audio that ends at `heard_ms` (at most SEARCHED_MS + `extra_ms` of it).

    `extra_ms`: how uncertain `heard_ms` is, for a far end that does not confirm what it has played.
    """
    pcm16 = ulaw_to_pcm16(before) if audio_format is AudioFormat.PCMU_8K else before
    frame = audio_format.rate_hz * FRAME_MS // 1000
    signal = samples(pcm16).astype(np.float32)
    count = signal.size // frame
    nearest_ms = NEAREST_MS + extra_ms
    otherwise = max(0.0, heard_ms - REWIND_MS - extra_ms)
    if count < _GAP_FRAMES:
        return otherwise
    energies = np.square(signal[signal.size - count * frame :]).reshape(count, frame).mean(axis=1)
    is_gap = energies < energies.max() * 10 ** (-_GAP_DROP_DB / 10)
    # The nearest gap: of its frames the last two are played again, so that the word after it begins whole.
    for end in range(count - int(nearest_ms // FRAME_MS), _GAP_FRAMES - 1, -1):
        if is_gap[end - _GAP_FRAMES : end].all():
            return max(0.0, heard_ms - (count - end + _GAP_FRAMES) * FRAME_MS)
    return otherwise
