"""Has the speaker finished? Smart Turn v3 (Daily, BSD-2) listens to how the last words sound, whatever the language."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callstage_audio.log_mel import LOG_MEL_SAMPLES, log_mel
from callstage_audio.onnx_session import OnnxSession, open_session
from callstage_audio.pcm import FULL_SCALE, samples
from callstage_audio.resample import resample
from callstage_audio.smart_turn_file import MODEL_SHA256, smart_turn_path

SMART_TURN_MS = 8000
"""As much of the end of the audio is looked at."""


class SmartTurnError(RuntimeError):
    """The model is missing or is not the file we know."""


class SmartTurn:
    """One model session for all calls of a process; may be used from several threads, gains nothing by it on one core."""

    def __init__(self, model_path: Path | None = None) -> None:
        """Load the model: 70 ms, 50 MB with its working memory. Raises SmartTurnError."""
        path = model_path or smart_turn_path()
        if path is None or not path.is_file():
            raise SmartTurnError("the end-of-turn model is not installed (python -m callstage_audio.smart_turn_file fetches it)")
        model = path.read_bytes()
        digest = hashlib.sha256(model).hexdigest()
        if digest != MODEL_SHA256:
            raise SmartTurnError(f"{path} has sha256 {digest}, expected {MODEL_SHA256}")
        self._session: OnnxSession = open_session(model)

    def end_probability(self, pcm16: bytes, rate_hz: int) -> float:
        """Probability, 0..1, that the turn in `pcm16` (int16 mono, up to now, with the pause at its end) is over. Blocks for 25 to 35 ms of CPU.

        Ask only in a pause: in the midst of speech its answers mean little.
        """
        recent = pcm16[-2 * rate_hz * SMART_TURN_MS // 1000 :]
        audio = samples(resample(recent, rate_hz, 16_000))[-LOG_MEL_SAMPLES:].astype(np.float32) / np.float32(FULL_SCALE)
        features: NDArray[np.float32] = log_mel(audio)
        return float(self._session.run(None, {"input_features": features[None]})[0].item())
