"""What was given to the leg: kept until it was heard, to be played again, and some seconds longer, to know our own voice when it comes back.

Pure. Times are ms of the monotonic clock, offsets are ms of one utterance.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from callstage_domain.audio import FRAME_MS, AudioFormat

MAX_BYTES: Final = 4 << 20
"""Nine minutes of telephone speech, a minute and a half of a browser's: an agent who has more to say at once cannot be held."""
BEHIND_MS: Final = 2500.0
"""Of what was heard: an echo and a point to go on from lie in it."""

Kind = Literal["audio", "segment_end", "end"]


@dataclass(frozen=True, slots=True)
class Piece:
    """As it was given to the leg."""

    kind: Kind
    segment: int = 0
    audio: bytes = b""


@dataclass(slots=True)
class Track:
    """One utterance. `first` bytes at its beginning are forgotten, `sent` bytes went out."""

    id: str
    pieces: deque[Piece] = field(default_factory=deque[Piece])
    first: int = 0
    size: int = 0
    sent: int = 0

    def slice(self, start: int, end: int) -> bytes:
        """Bytes `start` to `end`, as far as they are there."""
        found, position = bytearray(), self.first
        for piece in self.pieces:
            if position >= end:
                break
            if position + len(piece.audio) > start:
                found += piece.audio[max(0, start - position) : end - position]
            position += len(piece.audio)
        return bytes(found)

    def after(self, start: int) -> Iterator[Piece]:
        """Everything from that byte on."""
        position = self.first
        for piece in self.pieces:
            end = position + len(piece.audio)
            if piece.kind != "audio" and end >= start:
                yield piece
            elif end > start:
                yield Piece("audio", piece.segment, piece.audio[max(0, start - position) :])
            position = end

    def forget(self, until: int) -> int:
        """Drop whole pieces before that byte; returns how many bytes went."""
        before = self.first
        while self.pieces and self.first + len(self.pieces[0].audio) < until:
            self.first += len(self.pieces.popleft().audio)
        return self.first - before


@dataclass(slots=True)
class _Span:
    """Bytes of a track that play without a gap from `start_ms` on."""

    start_ms: float
    track: Track
    offset: int
    size: int


class Tape:
    """One call. `pads`: the leg fills every sentence up to whole 20 ms frames."""

    def __init__(self, downlink: AudioFormat, *, pads: bool) -> None:
        self.format = downlink
        self._frame_bytes = downlink.size_bytes(FRAME_MS) if pads else downlink.sample_bytes
        self._silence = b"\xff" if downlink is AudioFormat.PCMU_8K else b"\x00"
        self._tracks: dict[str, Track] = {}
        self._spans: deque[_Span] = deque()
        self._bytes = 0
        self.is_overfull = False
        """More was given than can be kept: nothing can be held until all of it was heard."""

    @property
    def utterances(self) -> list[str]:
        """Those that were not heard to the end, oldest first."""
        return list(self._tracks)

    def add(self, utterance_id: str, kind: Kind, segment: int = 0, audio: bytes = b"") -> None:
        """The next piece."""
        if self.is_overfull:
            return
        track = self._tracks.setdefault(utterance_id, Track(utterance_id))
        if kind != "audio" and track.size % self._frame_bytes:
            self._put(track, Piece("audio", segment, self._silence * (self._frame_bytes - track.size % self._frame_bytes)))
        self._put(track, Piece(kind, segment, audio))
        if self._bytes > MAX_BYTES:
            self._tracks.clear()
            self._spans.clear()
            self._bytes, self.is_overfull = 0, True

    def _put(self, track: Track, piece: Piece) -> None:
        track.pieces.append(piece)
        track.size += len(piece.audio)
        self._bytes += len(piece.audio)

    def sent(self, utterance_id: str, duration_ms: float, start_ms: float) -> None:
        """That much of an utterance went out; the far end plays it from `start_ms` on."""
        track = self._tracks.get(utterance_id)
        if track is None:
            return
        size, last = self.format.size_bytes(duration_ms), self._spans[-1] if self._spans else None
        if last is not None and last.track is track and abs(last.start_ms + self.format.duration_ms(last.size) - start_ms) < 1:
            last.size += size
        else:
            self._spans.append(_Span(start_ms, track, track.sent, size))
        track.sent += size

    def heard(self, utterance_id: str, heard_ms: float, now_ms: float, *, is_finished: bool) -> None:
        """So much was heard: what lies far enough behind is forgotten."""
        track = self._tracks.get(utterance_id)
        if track is not None and is_finished:
            del self._tracks[utterance_id]
            self._bytes -= track.size - track.first
            track.forget(track.size - self.format.size_bytes(BEHIND_MS))
        elif track is not None:
            self._bytes -= track.forget(self.format.size_bytes(max(0.0, heard_ms - BEHIND_MS)))
        while self._spans and self._spans[0].start_ms + self.format.duration_ms(self._spans[0].size) < now_ms - BEHIND_MS:
            self._spans.popleft()

    def stop(self, now_ms: float) -> None:
        """The far end is silent from here on."""
        while self._spans and self._spans[-1].start_ms >= now_ms:
            self._spans.pop()
        if self._spans:
            last = self._spans[-1]
            last.size = min(last.size, self.format.size_bytes(now_ms - last.start_ms))

    def drop(self) -> None:
        """Nothing of it will be played again; what was heard last is still known."""
        for track in self._tracks.values():
            while track.pieces and track.size > track.sent:
                last = track.pieces.pop()
                track.size -= len(last.audio)
                if track.size < track.sent:
                    # The beginning of this piece went out and was heard.
                    self._put(track, Piece(last.kind, last.segment, last.audio[: track.sent - track.size]))
        self._tracks.clear()
        self._bytes, self.is_overfull = 0, False

    def emptied(self) -> None:
        """Everything was heard."""
        if self.is_overfull or self._tracks:
            self.drop()

    def rewind(self, heard_ms: Mapping[str, float]) -> list[tuple[str, float, list[Piece]]]:
        """What is to be played again: utterance, offset, pieces. `heard_ms`: where to go on in each; the others are played from their beginning."""
        again: list[tuple[str, float, list[Piece]]] = []
        for track in self._tracks.values():
            start = self.format.size_bytes(heard_ms.get(track.id, 0.0))
            start = max(track.first, start - start % self._frame_bytes)
            track.sent = start
            again.append((track.id, self.format.duration_ms(start), list(track.after(start))))
        return again

    def part(self, utterance_id: str, from_ms: float, to_ms: float) -> bytes:
        """Audio of an utterance, as far as it is kept."""
        track = self._tracks.get(utterance_id)
        return track.slice(self.format.size_bytes(max(0.0, from_ms)), self.format.size_bytes(max(0.0, to_ms))) if track is not None else b""

    def played(self, from_ms: float, to_ms: float) -> bytes | None:
        """What the far end has played in that time, with silence in the gaps; None: nothing."""
        found: bytearray | None = None
        for span in self._spans:
            start = max(from_ms, span.start_ms)
            end = min(to_ms, span.start_ms + self.format.duration_ms(span.size))
            if end <= start:
                continue
            if found is None:
                found = bytearray(self._silence * self.format.size_bytes(to_ms - from_ms))
            offset = span.offset + self.format.size_bytes(start - span.start_ms)
            audio = span.track.slice(offset, offset + self.format.size_bytes(end - start))
            at = self.format.size_bytes(start - from_ms)
            found[at : at + len(audio)] = audio[: len(found) - at]
        return bytes(found) if found is not None else None
