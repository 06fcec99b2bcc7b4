"""The buffer in which a carrier keeps what the server sent until the caller has heard it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from callstage_phone.codec import Codec
from callstage_phone.hearing import is_audible

_ANSWER_GAP_S = 0.4
# A platform that sends more than it can ever play is a defect; the memory of this phone is not its store.
_MAX_QUEUED_S = 600


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence inside an answer because the next audio came too late."""

    at: float
    seconds: float


@dataclass(slots=True)
class Answer:
    """Audio that arrived without a pause longer than 0.4 s of playing: times of its first and last message, its length."""

    first_at: float
    last_at: float
    seconds: float = 0.0


class PlayoutBuffer:
    """Plays 20 ms per `take`, byte-exactly; marks come back when everything before them was played, or at once when nothing is queued."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._items: deque[bytes | str] = deque()
        self._offset = 0
        self._half_sample = b""
        self._queued = 0
        self._dry_bytes = 0
        self._silence = codec.silence(codec.frame_bytes)
        self._now = 0.0
        self._playing = False
        self.gaps: list[Gap] = []
        self.answers: list[Answer] = []
        self.played_bytes = 0

    @property
    def codec(self) -> Codec:
        return self._codec

    @property
    def queued_s(self) -> float:
        return self._codec.seconds(self._queued)

    def change_codec(self, codec: Codec) -> None:
        """For a new stream; whatever was queued is gone."""
        self.clear()
        self._codec = codec
        self._silence = codec.silence(codec.frame_bytes)

    def push(self, audio: bytes, now: float) -> None:
        """Queue coded audio of any length, a sample may be split between two pushes; beyond ten minutes it is dropped."""
        if self._codec.sample_bytes == 2 and (self._half_sample or len(audio) % 2):
            audio = self._half_sample + audio
            whole = len(audio) - len(audio) % 2
            audio, self._half_sample = audio[:whole], audio[whole:]
        if not audio or self.queued_s > _MAX_QUEUED_S:
            return
        pause_s = self._codec.seconds(self._dry_bytes)
        if not self._playing or pause_s > _ANSWER_GAP_S:
            self.answers.append(Answer(now, now))
        elif self._dry_bytes:
            self.gaps.append(Gap(now, pause_s))
        self._playing = True
        self._dry_bytes = 0
        self.answers[-1].last_at = now
        self.answers[-1].seconds += self._codec.seconds(len(audio))
        self._items.append(audio)
        self._queued += len(audio)

    def mark(self, name: str) -> list[str]:
        """Queue a mark; returns it when it has to be echoed at once."""
        if not self._items:
            return [name]
        self._items.append(name)
        return []

    def clear(self) -> list[str]:
        """Drop the queue; returns the names of the dropped marks in order. The next audio starts a new answer."""
        marks = [item for item in self._items if isinstance(item, str)]
        self._items.clear()
        self._offset = self._queued = self._dry_bytes = 0
        self._half_sample = b""
        self._playing = False
        return marks

    def holds_sound(self) -> bool:
        """Whether something audible is still to be played (a platform may send silence all the time)."""
        return any(is_audible(self._codec.decode(item)) for item in self._items if isinstance(item, bytes))

    def take(self) -> tuple[bytes, list[str]]:
        """The next 20 ms (filled up with silence) and the marks that were reached by their end."""
        need = self._codec.frame_bytes
        if not self._items:
            self._dry_bytes += need if self._playing else 0
            return self._silence, []
        parts: list[bytes] = []
        marks: list[str] = []
        while self._items:
            head = self._items[0]
            if isinstance(head, str):
                marks.append(head)
                self._items.popleft()
                continue
            if need == 0:
                break
            piece = head[self._offset : self._offset + need]
            parts.append(piece)
            need -= len(piece)
            self._offset += len(piece)
            if self._offset == len(head):
                self._items.popleft()
                self._offset = 0
        played = self._codec.frame_bytes - need
        self._queued -= played
        self.played_bytes += played
        if need:
            # Not yet a gap: it becomes one when more of the same answer follows.
            self._dry_bytes += need
            parts.append(self._codec.silence(need))
        return (parts[0] if len(parts) == 1 else b"".join(parts)), marks
