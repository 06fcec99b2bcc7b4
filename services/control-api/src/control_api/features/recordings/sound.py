"""Parts joined into one MP3 while it is read: frames are all of one size and stand alone, so what lies between parts is repeated silence."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from callstage_audio.framed_mp3 import FRAME_BYTES, frame_ms, silent_frame
from callstage_kit.crypto import SecretBox
from callstage_kit.recordings.chunks import CHANNELS, Chunk, chunk_name, open_chunk
from callstage_kit.recordings.store import RecordingStore
from callstage_kit.tasks import in_thread

from control_api.features.recordings.ranges import ByteRange


@dataclass(frozen=True, slots=True)
class PartPlace:
    """A part: where its objects are, and which frames of the call it has."""

    prefix: str
    rate_hz: int
    first_frame: int
    frames: int

    @property
    def end_frame(self) -> int:
        """The first frame behind it."""
        return self.first_frame + self.frames


class Sound:
    """One file. `parts` have frames; those of another rate than the first are silent, which only a change of the carrier's codec can bring about."""

    def __init__(self, store: RecordingStore, box: SecretBox, parts: Sequence[PartPlace], *, from_zero: bool = True) -> None:
        self._store = store
        self._box = box
        ordered = sorted(parts, key=lambda part: part.first_frame)
        self.rate_hz = ordered[0].rate_hz
        self._parts = [part for part in ordered if part.rate_hz == self.rate_hz]
        self._begins = 0 if from_zero else self._parts[0].first_frame
        self.frames = max(part.end_frame for part in self._parts) - self._begins
        self._chunk: tuple[str, Chunk | None] = ("", None)
        self._chunk_frames: dict[str, int] = {}

    @property
    def duration_ms(self) -> int:
        """How long it plays."""
        return self.frames * frame_ms(self.rate_hz)

    @property
    def size_bytes(self) -> int:
        """Of the file."""
        return self.frames * FRAME_BYTES

    async def read(self, wanted: ByteRange) -> AsyncGenerator[bytes]:
        """The bytes of the file in that range, chunk by chunk. Raises DependencyError, InvariantBroken."""
        first, last = wanted.start // FRAME_BYTES, -(-wanted.end // FRAME_BYTES)
        skipped, left = wanted.start - first * FRAME_BYTES, wanted.end - wanted.start
        async for frames, chunk, offset in self._runs(first, last):
            mp3 = silent_frame(self.rate_hz) * frames if chunk is None else chunk.mp3[offset * FRAME_BYTES : (offset + frames) * FRAME_BYTES]
            piece = mp3[skipped : skipped + left]
            skipped, left = max(0, skipped - len(mp3)), left - len(piece)
            yield piece

    async def peaks(self) -> bytes:
        """CHANNELS bytes per frame. Raises DependencyError, InvariantBroken."""
        found = bytearray()
        async for frames, chunk, offset in self._runs(0, self.frames):
            found += bytes(frames * CHANNELS) if chunk is None else chunk.peaks[offset * CHANNELS : (offset + frames) * CHANNELS]
        return bytes(found)

    async def _runs(self, first: int, last: int) -> AsyncGenerator[tuple[int, Chunk | None, int]]:
        """(frames, chunk or None for silence, offset in the chunk), in order. Silence comes in runs of at most 1000 frames."""
        at = first
        while at < last:
            part = next((part for part in reversed(self._parts) if part.first_frame <= at + self._begins < part.end_frame), None)
            if part is None:
                following = min((part.first_frame - self._begins for part in self._parts if part.first_frame - self._begins > at), default=last)
                count = min(last - at, following - at, 1000)
                yield count, None, 0
            else:
                newer = min((other.first_frame - self._begins for other in self._parts if other.first_frame - self._begins > at), default=last)
                limit = min(last, newer, part.end_frame - self._begins) - at
                chunk, offset, there = await self._at(part, at + self._begins - part.first_frame)
                count = min(limit, there) if there else limit
                yield count, chunk, offset
            at += count

    async def _at(self, part: PartPlace, frame: int) -> tuple[Chunk | None, int, int]:
        """The chunk with that frame, the offset in it, how many frames there are from it on; a lost chunk is silence as long as the others."""
        size = self._chunk_frames.get(part.prefix)
        if size is None:
            opening = await self._load(chunk_name(part.prefix, 0))
            size = opening.frames if opening is not None else await self._size_of_any(part)
            self._chunk_frames[part.prefix] = size
        number, offset = divmod(frame, size)
        chunk = await self._load(chunk_name(part.prefix, number))
        if chunk is None:
            return None, 0, size - offset
        return (chunk, offset, chunk.frames - offset) if offset < chunk.frames else (None, 0, 0)

    async def _size_of_any(self, part: PartPlace) -> int:
        names = await self._store.names(part.prefix)
        chunk = await self._load(names[0]) if names else None
        return chunk.frames if chunk is not None else part.frames

    async def _load(self, name: str) -> Chunk | None:
        if self._chunk[0] != name:
            data = await self._store.get(name)
            self._chunk = (name, await in_thread(open_chunk, self._box, name, data) if data is not None else None)
        return self._chunk[1]
