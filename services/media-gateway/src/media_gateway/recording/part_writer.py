"""One part on its way from sound to sealed objects. Blocking, for the desk's thread; no clock, no network."""

import functools
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from callstage_audio.framed_mp3 import FRAME_BYTES, FRAME_SAMPLES, FramedMp3Encoder, frame_ms
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_audio.resample import Resampler
from callstage_domain.audio import AudioFormat
from callstage_kit.crypto import SecretBox
from callstage_kit.recordings.chunks import Chunk, ChunkSealer, part_prefix
from numpy.typing import NDArray

from media_gateway.recording.caller_track import CallerTrack, Piece

CHUNK_MS: Final = 10_000
"""What a lost process loses at most, and about 80 kB at 16 kHz."""
Kind = Literal["call", "voicemail"]


@dataclass(frozen=True, slots=True)
class PartFacts:
    """`first_frame` is where the part begins on the axis of the call."""

    tenant_id: str
    call_id: str
    part: str
    kind: Kind
    rate_hz: int
    first_frame: int
    retention_days: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What happened since the stretch before. `voice`: the agent as the caller heard him, in the format of the line; None: he was silent."""

    length_ms: int
    pieces: list[Piece] = field(default_factory=list[Piece])
    voice: bytes | None = None
    is_silenced: bool = False
    """Nothing of it may be kept."""
    is_flushed: bool = False
    """Something silenced follows: what is here must not wait for it."""
    is_last: bool = False


class PartWriter:
    """Making one costs nothing: the rest is made with the first `write`, in the thread. `frames` and `size_bytes`: what has become of it so far."""

    def __init__(self, facts: PartFacts, uplink: AudioFormat, downlink: AudioFormat, box: SecretBox) -> None:
        self.facts = facts
        self.frames = 0
        self.size_bytes = 0
        self._caller = CallerTrack(uplink)
        self._downlink = downlink
        self._box = box
        self._left = _Side(uplink.rate_hz, facts.rate_hz)
        self._right = _Side(downlink.rate_hz, facts.rate_hz)
        self._chunk_frames = round(CHUNK_MS / frame_ms(facts.rate_hz))
        self._until_ms = 0
        self._mp3 = bytearray()
        self._peaks = bytearray()
        self._rest = np.zeros((2, 0), np.int16)
        self._chunks = 0

    @functools.cached_property
    def _encoder(self) -> FramedMp3Encoder:
        return FramedMp3Encoder(self.facts.rate_hz)

    @functools.cached_property
    def _sealer(self) -> ChunkSealer:
        return ChunkSealer(self._box, part_prefix(self.facts.tenant_id, self.facts.call_id, self.facts.part))

    def write(self, stretch: Stretch) -> list[tuple[str, bytes]]:
        """Objects that are complete now: name and content."""
        self._until_ms += stretch.length_ms
        if stretch.is_silenced:
            self._left.push(self._caller.skip(self._until_ms), is_last=stretch.is_last)
        else:
            is_certain = stretch.is_last or stretch.is_flushed
            self._left.push(self._caller.push(stretch.pieces, self._until_ms, is_last=is_certain), is_last=stretch.is_last)
        self._right.push(self._agent(stretch), is_last=stretch.is_last)
        ready = max(self._left.size, self._right.size) if stretch.is_last else min(self._left.size, self._right.size)
        self._encode(self._left.take(ready), self._right.take(ready))
        if stretch.is_last:
            self._mp3 += self._encoder.finish()
            self._note_peaks(np.zeros((2, -self._rest.shape[1] % FRAME_SAMPLES), np.int16))
        return self._objects(is_last=stretch.is_last)

    def _agent(self, stretch: Stretch) -> NDArray[np.int16]:
        size = stretch.length_ms * self._downlink.rate_hz // 1000
        if stretch.voice is None or stretch.is_silenced:
            return np.zeros(size, np.int16)
        pcm16 = ulaw_to_pcm16(stretch.voice) if self._downlink is AudioFormat.PCMU_8K else stretch.voice
        sound = np.frombuffer(pcm16, np.int16)[:size]
        return sound if sound.size == size else np.concatenate((sound, np.zeros(size - sound.size, np.int16)))

    def _encode(self, left: NDArray[np.int16], right: NDArray[np.int16]) -> None:
        if self.facts.kind == "voicemail":
            # A message is listened to with one ear as well.
            right = left
        self._note_peaks(np.stack((left, right)))
        self._mp3 += self._encoder.push(left, right)

    def _note_peaks(self, sound: NDArray[np.int16]) -> None:
        sound = np.concatenate((self._rest, sound), axis=1)
        whole = sound.shape[1] // FRAME_SAMPLES
        self._rest = sound[:, whole * FRAME_SAMPLES :]
        if whole:
            frames = np.abs(sound[:, : whole * FRAME_SAMPLES].astype(np.int32)).reshape(2, whole, FRAME_SAMPLES).max(axis=2)
            self._peaks += np.minimum(255, (frames * 255 + 16383) // 32767).astype(np.uint8).T.tobytes()

    def _objects(self, *, is_last: bool) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        while len(self._mp3) >= self._chunk_frames * FRAME_BYTES or (is_last and self._mp3):
            mp3 = bytes(self._mp3[: self._chunk_frames * FRAME_BYTES])
            frames = len(mp3) // FRAME_BYTES
            sealed = self._sealer.seal(Chunk(self._chunks, frames, bytes(self._peaks[: frames * 2]), mp3))
            del self._mp3[: len(mp3)], self._peaks[: frames * 2]
            self._chunks += 1
            self.frames += frames
            self.size_bytes += len(sealed[1])
            found.append(sealed)
        return found


class _Side:
    """One channel, brought to the rate of the recording."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._resampler = Resampler(from_hz, to_hz, low_delay=False) if from_hz != to_hz else None
        self._sound = np.zeros(0, np.int16)

    @property
    def size(self) -> int:
        """Samples that wait."""
        return self._sound.size

    def push(self, sound: NDArray[np.int16], *, is_last: bool) -> None:
        if self._resampler is not None:
            sound = np.frombuffer(self._resampler.push(sound.tobytes(), last=is_last), np.int16)
        self._sound = np.concatenate((self._sound, sound))

    def take(self, size: int) -> NDArray[np.int16]:
        """That many samples, with silence for those that are not there."""
        taken, self._sound = self._sound[:size], self._sound[size:]
        return taken if taken.size == size else np.concatenate((taken, np.zeros(size - taken.size, np.int16)))
