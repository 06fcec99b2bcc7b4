"""Is someone speaking? Silero's model, batched over calls, and the state machine that turns its probabilities into starts and stops."""

import functools
import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callstage_audio.onnx_session import OnnxSession, open_session
from callstage_audio.pcm import FULL_SCALE

VAD_RATE_HZ: Final = 8000
VAD_WINDOW_SAMPLES: Final = 256
VAD_WINDOW_BYTES: Final = 2 * VAD_WINDOW_SAMPLES
VAD_WINDOW_MS: Final = 32

# The last samples of the window before stand in front of each window (silero_vad/utils_vad.py, OnnxWrapper, 8 kHz).
_CONTEXT_SAMPLES = 32
_HIDDEN_SHAPE = (2, 1, 128)

_PACKAGE = "silero_vad"
# The variant without `If` nodes: it alone computes a whole batch, and is the fastest at 8 kHz.
_MODEL_FILE = "data/silero_vad_op18_ifless.onnx"
_MODEL_SHA256 = "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28"


class VadModelError(RuntimeError):
    """The voice activity model is missing or is not the file we know: the installation is broken."""


class VadState:
    """What the model remembers of one audio direction of one call. Belongs to the caller; two runs must not share it at the same time."""

    __slots__ = ("context", "hidden")

    def __init__(self) -> None:
        self.hidden: NDArray[np.float32] = np.zeros(_HIDDEN_SHAPE, np.float32)
        self.context: NDArray[np.float32] = np.zeros(_CONTEXT_SAMPLES, np.float32)

    def reset(self) -> None:
        """Forget everything, as at the start of another call. Not after a pause: the model hears the next word better when it remembers the last."""
        self.hidden = np.zeros(_HIDDEN_SHAPE, np.float32)
        self.context = np.zeros(_CONTEXT_SAMPLES, np.float32)


class SileroVad:
    """One model session for all calls of a process; holds no call's state, and may be used from several threads."""

    def __init__(self, model_path: Path | None = None) -> None:
        """Load the model (about 20 ms, plus importing onnxruntime). Raises `VadModelError` when the file is missing or altered."""
        self._session = _open_session(model_path or silero_model_path())
        self._rate = np.array(VAD_RATE_HZ, dtype=np.int64)

    @staticmethod
    @functools.lru_cache(maxsize=1)
    def shared() -> "SileroVad":
        """The session of this process, loaded at the first call."""
        return SileroVad()

    def speech_probabilities(self, windows: Sequence[NDArray[np.int16]], states: Sequence[VadState]) -> list[float]:
        """Probability of speech, 0..1, of one window (256 int16 samples at 8 kHz) per call, in one model run; moves every state on.

        A window's result does not depend on what else is in the batch. Blocks: about 60 µs for one window, 17 µs each in a batch of 32.
        Raises ValueError when a window has another length or the two sequences do.
        """
        if len(windows) != len(states):
            raise ValueError(f"{len(windows)} windows for {len(states)} states")
        if not windows:
            return []
        inputs = np.empty((len(windows), _CONTEXT_SAMPLES + VAD_WINDOW_SAMPLES), np.float32)
        for row, window, state in zip(inputs, windows, states, strict=True):
            if window.shape != (VAD_WINDOW_SAMPLES,):
                raise ValueError(f"a window has {VAD_WINDOW_SAMPLES} samples, got shape {window.shape}")
            row[:_CONTEXT_SAMPLES] = state.context
            row[_CONTEXT_SAMPLES:] = window
        inputs[:, _CONTEXT_SAMPLES:] *= np.float32(1 / FULL_SCALE)
        hidden = states[0].hidden if len(states) == 1 else np.concatenate([state.hidden for state in states], axis=1)
        output, next_hidden = self._session.run(None, {"input": inputs, "state": hidden, "sr": self._rate})
        for index, state in enumerate(states):
            # Views: both arrays are new in every run, and are freed when their last call has moved on.
            state.hidden = next_hidden[:, index : index + 1, :]
            state.context = inputs[index, -_CONTEXT_SAMPLES:]
        return output[:, 0].tolist()


def silero_model_path() -> Path:
    """The model inside the installed silero-vad wheel, found without importing that package (its import needs torch). Raises `VadModelError`."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise VadModelError(f"the package {_PACKAGE} is not installed")
    path = Path(spec.origin).parent / _MODEL_FILE
    if not path.is_file():
        raise VadModelError(f"{path} is missing")
    return path


def _open_session(path: Path) -> OnnxSession:
    model = path.read_bytes()
    digest = hashlib.sha256(model).hexdigest()
    if digest != _MODEL_SHA256:
        raise VadModelError(f"{path} has sha256 {digest}, expected {_MODEL_SHA256}")
    return open_session(model)
