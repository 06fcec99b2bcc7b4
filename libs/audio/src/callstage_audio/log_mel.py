"""Log-mel features as Whisper's feature extractor makes them, for models that were trained on it.

The numbers are those of `transformers.WhisperFeatureExtractor(chunk_length=8)` (Apache-2.0) with `do_normalize=True`: 16 kHz, windows of 400 samples
every 160, 80 bands on Slaney's mel scale, and of the numpy version of it in pipecat's `_whisper_features.py` (BSD-2).
"""

import functools
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

LOG_MEL_RATE_HZ: Final = 16_000
LOG_MEL_SAMPLES: Final = 8 * LOG_MEL_RATE_HZ
LOG_MEL_SHAPE: Final = (80, 800)

_FFT: Final = 400
_HOP: Final = 160
_BINS: Final = _FFT // 2 + 1
_FLOOR: Final = 1e-10
_NO_VARIANCE: Final = 1e-7
_LINEAR_UNTIL_HZ: Final = 1000.0
_LINEAR_UNTIL_MEL: Final = 15.0
_LOG_STEP: Final = float(np.log(6.4)) / 27.0


def log_mel(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (80, 800) of the last 8 s of `audio` (mono, 16 kHz, any scale); shorter audio counts as preceded by silence. Blocks for 1 to 4 ms."""
    audio = audio[-LOG_MEL_SAMPLES:].astype(np.float32, copy=False)
    padding = LOG_MEL_SAMPLES - audio.size
    # Mean and variance of all 8 s, reckoned without the zeros.
    mean = audio.sum(dtype=np.float64) / LOG_MEL_SAMPLES
    variance = np.square(audio, dtype=np.float64).sum() / LOG_MEL_SAMPLES - mean * mean
    scale = 1.0 / np.sqrt(variance + _NO_VARIANCE)
    # Frames that lie in the silence before the audio are all alike: one of them is enough.
    silent_frames = max(0, (padding - _FFT // 2) // _HOP)
    signal = np.full(LOG_MEL_SAMPLES - silent_frames * _HOP, -mean * scale)
    signal[signal.size - audio.size :] = (audio - mean) * scale
    padded = np.pad(signal, _FFT // 2, mode="reflect")
    if silent_frames:
        # What stands before this part is more of the same silence, not its mirror image.
        padded[: _FFT // 2] = -mean * scale
    windows = sliding_window_view(padded, _FFT)[::_HOP][:-1]
    spectrum = np.fft.rfft(windows * _hann(), axis=-1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    logs = np.log10(np.maximum(_FLOOR, power @ _mel_filters())).T
    if silent_frames:
        logs = np.concatenate([np.repeat(logs[:, :1], silent_frames, axis=1), logs], axis=1)
    logs = np.maximum(logs, logs.max() - 8.0)
    return ((logs + 4.0) / 4.0).astype(np.float32)


@functools.lru_cache(maxsize=1)
def _hann() -> NDArray[np.float64]:
    return np.hanning(_FFT + 1)[:-1]


@functools.lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float64]:
    """(201, 80): a triangle per band, each with the same area."""
    top = float(_mels(np.array([LOG_MEL_RATE_HZ / 2]))[0])
    edges = _hertz(np.linspace(0.0, top, LOG_MEL_SHAPE[0] + 2))
    slopes = edges[None, :] - np.linspace(0, LOG_MEL_RATE_HZ // 2, _BINS)[:, None]
    widths = np.diff(edges)
    filters = np.maximum(0.0, np.minimum(-slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]))
    return filters * (2.0 / (edges[2:] - edges[:-2]))


def _mels(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = 3.0 * hertz / 200.0
    return np.where(hertz < _LINEAR_UNTIL_HZ, linear, _LINEAR_UNTIL_MEL + np.log(np.maximum(hertz, 1.0) / _LINEAR_UNTIL_HZ) / _LOG_STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < _LINEAR_UNTIL_MEL, 200.0 * mels / 3.0, _LINEAR_UNTIL_HZ * np.exp(_LOG_STEP * (mels - _LINEAR_UNTIL_MEL)))
