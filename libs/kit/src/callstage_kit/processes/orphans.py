"""Children that do not outlive a killed parent."""

import ctypes
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PRCTL: Final = getattr(ctypes.CDLL(None), "prctl", None)
"""Linux only."""


def die_with_parent(number: signal.Signals) -> None:
    """Called in a new process before it runs its program: the kernel sends it `number` when the one that started it is gone."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, number)
