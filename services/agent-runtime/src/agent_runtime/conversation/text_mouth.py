"""Where the answers of a text conversation are written."""

import time
from collections.abc import Callable
from typing import Final

from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.providers.ports import Sound

_DRAFT_EVERY_S: Final = 0.05
"""A draft holds the whole text so far: not every token is worth one."""


class TextMouth:
    """Implements `Mouth`: collects what is written. With a `reader` it is shown while it is written."""

    def __init__(self, reader: Transcript | None = None, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._clock_s = clock_s
        self._open: dict[str, list[str]] = {}
        self._drafted_at_s = 0.0
        self._numbers = 0
        self.paragraphs: list[str] = []
        self.last_utterance = ""
        """The newest that said something."""

    def begin(self, clock: TurnClock | None) -> str:
        """A new utterance; its id."""
        self._numbers += 1
        utterance = f"text-{time.time_ns():x}-{self._numbers}"
        self._open[utterance] = []
        return utterance

    def write(self, utterance: str, delta: str, sound: Sound | None = None) -> None:
        """More text."""
        self._open[utterance].append(delta)
        now_s = self._clock_s()
        if self._reader is not None and now_s - self._drafted_at_s >= _DRAFT_EVERY_S and (text := "".join(self._open[utterance]).strip()):
            self._drafted_at_s = now_s
            self._reader.draft(text)

    def close(self, utterance: str) -> str:
        """Its whole text."""
        text = "".join(self._open.pop(utterance)).strip()
        if text:
            self.paragraphs.append(text)
            self.last_utterance = utterance
            if self._reader is not None:
                self._reader.sentence(text)
        return text

    def filler(self) -> None:
        """Nobody waits on the line."""

    async def drained(self) -> None:
        """Nothing to wait for."""
