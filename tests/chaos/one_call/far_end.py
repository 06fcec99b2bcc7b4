"""The caller: hears the agent word for word, speaks when the script says so, and stays on the line when a gateway dies."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from callstage_domain.audio import AudioFormat
from media_gateway.legs.port import LegListener

from tests.chaos.one_call.script import TURNS
from tests.chaos.one_call.senses import FRAME_BYTES, SILENCE, Code, spoken

_TICK_S = 0.02
_PAUSE_TICKS = 15
"""A caller who does not cut in speaks so long after the agent has fallen silent."""


class ScriptedLeg:
    """One socket of the carrier, which buffers and plays what it is sent."""

    uplink = downlink = AudioFormat.PCMU_8K
    returns_marks = False
    is_carrier = True

    def __init__(self) -> None:
        self._listener: LegListener | None = None
        self._over = asyncio.Event()
        self._written: set[str] = set()
        self.playing: deque[int] = deque()

    def listen(self, listener: LegListener) -> None:
        self._listener = listener

    def hear(self, frame: bytes) -> None:
        """The caller's next 20 ms."""
        if self._listener is not None:
            self._listener.on_audio(frame)

    def play(self, utterance_id: str, segment: int, audio: bytes) -> None:
        assert self._listener is not None
        self.playing.extend(audio[::FRAME_BYTES])
        self._listener.on_sent(utterance_id, len(audio) / 8)
        if utterance_id not in self._written:
            self._written.add(utterance_id)
            self._listener.on_written(utterance_id)

    def end_segment(self, utterance_id: str, segment: int) -> None: ...

    def end_utterance(self, utterance_id: str) -> None:
        assert self._listener is not None
        self._listener.on_utterance_sent(utterance_id)

    def mark(self, name: str) -> None: ...

    def clear(self) -> None:
        self.playing.clear()

    def notify(self, kind: str, fields: Mapping[str, Any]) -> None: ...

    async def read(self) -> None:
        await self._over.wait()

    async def write(self) -> None:
        await self._over.wait()

    async def close(self, code: int, reason: str) -> None:
        self._over.set()

    def tear(self) -> None:
        """The socket is gone with its gateway."""
        self._listener = None
        self.playing.clear()
        self._over.set()


class Caller:
    """`live` speaks and listens for ever; `heard` is what reached the ear, sentence by sentence, with its frames."""

    def __init__(self, words: Code, sentences: Code) -> None:
        self._words, self._sentences = words, sentences
        self._leg: ScriptedLeg | None = None
        self._saying: deque[bytes] = deque()
        self._quiet_ticks = 0
        self._ticks = 0
        self._turn = 0
        self.heard: list[tuple[str, int]] = []
        self.spoke: list[tuple[float, float]] = []
        """From when to when, in seconds."""
        self.on_tick: Callable[[], None] | None = None

    @property
    def turns_spoken(self) -> int:
        """How many turns he has begun."""
        return self._turn

    def answer_on(self, leg: ScriptedLeg) -> None:
        """From now on he is heard there."""
        self._leg = leg

    def frames_of(self, sentence: str) -> int:
        """How much of it reached the ear, in all its repetitions."""
        return Counter({text: sum(frames for one, frames in self.heard if one == text) for text, _ in self.heard})[sentence]

    async def live(self) -> None:
        """Tick by tick."""
        while True:
            self._tick()
            if self.on_tick is not None:
                self.on_tick()
            await asyncio.sleep(_TICK_S)

    def _tick(self) -> None:
        leg = self._leg
        self._ticks += 1
        if leg is not None:
            self._listen(leg.playing.popleft() if leg.playing else SILENCE)
        if not self._saying and self._wants_to_speak():
            self._saying.extend(spoken(TURNS[self._turn].says, self._words))
            self._turn += 1
            self.spoke.append((self._ticks * _TICK_S, (self._ticks + len(self._saying)) * _TICK_S))
        frame = self._saying.popleft() if self._saying else bytes([SILENCE]) * FRAME_BYTES
        if leg is not None:
            leg.hear(frame)

    def _listen(self, level: int) -> None:
        if not self._sentences.knows(level):
            self._quiet_ticks += 1
            return
        text = self._sentences.text(level)
        if self.heard and self.heard[-1][0] == text and not self._quiet_ticks:
            self.heard[-1] = (text, self.heard[-1][1] + 1)
        else:
            self.heard.append((text, 1))
        self._quiet_ticks = 0

    def _wants_to_speak(self) -> bool:
        if self._turn == len(TURNS):
            return False
        turn = TURNS[self._turn]
        heard = self.frames_of(turn.after)
        if turn.share < 1:
            return heard >= turn.share * len(turn.after)
        return heard >= len(turn.after) and self._quiet_ticks >= _PAUSE_TICKS
