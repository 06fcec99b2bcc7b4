"""The call as a stereo file: caller left, agent right, exactly as both were heard on the phone."""

from pathlib import Path

from callstage_audio.resample import resample
from callstage_audio.wav import write_stereo

from callstage.phone.errors import CannotCall


class Recorder:
    """Takes 20 ms of both sides per tick; a call of an hour holds about 120 MB."""

    def __init__(self, up_hz: int, down_hz: int) -> None:
        self._up_hz = up_hz
        self._down_hz = down_hz
        self._caller: list[bytes] = []
        self._agent: list[bytes] = []

    def add(self, caller: bytes, agent: bytes) -> None:
        """Int16 mono, each at its own rate."""
        self._caller.append(caller)
        self._agent.append(agent)

    def save(self, path: Path) -> None:
        """Write the WAV at the higher of the two rates. Raises CannotCall when the place is not writable."""
        rate_hz = max(self._up_hz, self._down_hz)
        caller = resample(b"".join(self._caller), self._up_hz, rate_hz)
        agent = resample(b"".join(self._agent), self._down_hz, rate_hz)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(write_stereo(caller, agent, rate_hz))
        except OSError as err:
            raise CannotCall(f"The recording cannot be written to {path}: {err.strerror}.") from err
