"""What both sides of a call sounded like at the carrier, sample by sample."""

from __future__ import annotations

from array import array
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
from callstage_audio.resample import resample
from callstage_audio.wav import write_stereo

from callstage_phone.codec import Codec


class StereoRecording:
    """20 ms per entry; `times[i]` is when frame i was sent (caller) and played (agent), on the monotonic clock."""

    def __init__(self, caller_codec: Codec) -> None:
        self._caller_codec = caller_codec
        self._caller: list[bytes] = []
        self._agent: list[tuple[Codec, bytes]] = []
        self.times: array[float] = array("d")

    @property
    def rate_hz(self) -> int:
        return self._caller_codec.rate_hz

    def add(self, now: float, caller: bytes, agent: bytes, agent_codec: Codec) -> None:
        self.times.append(now)
        self._caller.append(caller)
        self._agent.append((agent_codec, agent))

    def caller_pcm16(self, rate_hz: int | None = None) -> bytes:
        """At the caller's own rate unless another is asked for."""
        pcm = self._caller_codec.decode(b"".join(self._caller))
        return pcm if rate_hz in (None, self.rate_hz) else resample(pcm, self.rate_hz, rate_hz)

    def agent_pcm16(self, rate_hz: int | None = None) -> bytes:
        """At the caller's rate unless another is asked for; resampled only where they differ."""
        wanted_hz = rate_hz or self.rate_hz
        parts: list[bytes] = []
        for codec, frames in groupby(self._agent, key=lambda entry: entry[0]):
            pcm = codec.decode(b"".join(frame for _, frame in frames))
            parts.append(pcm if codec.rate_hz == wanted_hz else resample(pcm, codec.rate_hz, wanted_hz))
        return b"".join(parts)

    def stereo(self) -> npt.NDArray[np.int16]:
        """Shape (samples, 2): caller left, agent right."""
        caller, agent = np.frombuffer(self.caller_pcm16(), "<i2"), np.frombuffer(self.agent_pcm16(), "<i2")
        count = min(len(caller), len(agent))
        return np.stack([caller[:count], agent[:count]], axis=1)

    def write_wav(self, path: Path, rate_hz: int | None = None) -> None:
        """Caller left, agent right; at the caller's rate unless another is asked for."""
        wanted_hz = rate_hz or self.rate_hz
        caller, agent = self.caller_pcm16(wanted_hz), self.agent_pcm16(wanted_hz)
        size = min(len(caller), len(agent))
        path.write_bytes(write_stereo(caller[:size], agent[:size], wanted_hz))
