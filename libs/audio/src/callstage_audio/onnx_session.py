"""An onnxruntime session as a process full of calls wants it: one thread, no spinning, no chatter."""

from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

_LOG_ERRORS_ONLY = 3


class OnnxSession(Protocol):
    """A loaded model; may be run from several threads."""

    def run(self, outputs: None, inputs: dict[str, NDArray[Any]]) -> list[NDArray[np.float32]]: ...


def open_session(model: bytes) -> OnnxSession:
    """Load a model from its bytes. Blocks."""
    # onnxruntime takes 200 ms to import: only a process that listens pays for it.
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    runtime = cast(Any, onnxruntime)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS_ONLY
    # One process per core: a thread that spins while it waits steals it from the calls.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return cast(OnnxSession, runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"]))
