"""The scenes of the corpus: what is heard on the line, and what should follow from it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Literal

import numpy as np
from agent_runtime.conversation.turns.agent_says import is_question

from tests.turn_taking.sounds import NOISES, at_level, noise, room, steady
from tests.turn_taking.voices import Phrase, Signal, agent_lines, caller_phrases

Label = Literal["interruption", "answer", "double_talk", "back_channel", "noise", "echo"]
Part = Literal["tuning", "test"]
WANTS_THE_FLOOR: frozenset[Label] = frozenset({"interruption", "answer", "double_talk"})

IDLE_DBFS = -62.0
_CONDITIONS = ((("white", IDLE_DBFS), 0.0), (("white", IDLE_DBFS), -14.0), (("white", -40.0), -6.0), (("brown", -30.0), 0.0), (("brown", -26.0), 0.0))
"""Noise of the line and the voice over it: quiet; quiet and soft-spoken; hiss; a street 12 dB, and 8 dB, below the voice."""
_ECHOES_DB = (-10.0, -20.0, -30.0)
_DELAYS_MS = {"tuning": (100, 400), "test": (60, 190, 330, 560)}
_AGENT_BEGINS_MS = 120
_SECOND = 8000


@dataclass(frozen=True, slots=True)
class Scene:
    """`line`: what the agent says. `at_ms`: when the caller, or the noise, begins."""

    name: str
    label: Label
    line: tuple[Phrase, ...]
    at_ms: int
    phrase: Phrase | None = None
    event: tuple[str, float] | None = None
    floor: tuple[str, float] = _CONDITIONS[0][0]
    gain_db: float = 0.0
    echo_db: float | None = None
    echo_delay_ms: int = 0
    is_streaming: bool = True
    seed: int = 0
    part: Part = "test"

    @property
    def wants_the_floor(self) -> bool:
        return self.label in WANTS_THE_FLOOR

    @property
    def line_ms(self) -> float:
        return sum(sentence.duration_ms for sentence in self.line)

    @property
    def ends_ms(self) -> int:
        """Long enough for everything to be decided and the agent to be heard to the end."""
        speech_ms = self.phrase.duration_ms if self.phrase is not None else 2500.0
        return int(max(_AGENT_BEGINS_MS + self.line_ms + 6500, self.at_ms + speech_ms + 3500))

    def on_the_line(self) -> Signal:
        """The caller's side without the echo."""
        size = (self.ends_ms + 1000) * 8
        signal = steady(self.floor[0], size / 8, self.floor[1], self.seed)
        sound = None
        if self.phrase is not None:
            sound = at_level(self.phrase.signal, -18.0 + self.gain_db)
        elif self.event is not None:
            babblers = [sentence for line in agent_lines("tuning").values() for sentence in line]
            sound = noise(self.event[0], self.event[1], self.seed, babblers)
        if sound is not None:
            start = self.at_ms * 8
            signal[start : start + sound.size] += sound
        return signal

    def echo(self) -> Signal | None:
        return room(self.seed) * np.float32(10 ** (self.echo_db / 20)) if self.echo_db is not None else None


def scenes(part: Part) -> list[Scene]:
    """All of them, always in the same order."""
    made = [*_speech(part), *_answers(part), *_noises(part), *_echoes(part), *_double_talk(part)]
    return [_numbered(scene, index, part) for index, scene in enumerate(made)]


def _numbered(scene: Scene, index: int, part: Part) -> Scene:
    seed = index + (20_000 if part == "test" else 0)
    return replace(scene, seed=seed, part=part, is_streaming=index % 4 != 3, name=f"{index:03} {scene.name}")


def _lines(part: Part, *, asks: bool) -> list[tuple[Phrase, ...]]:
    return [tuple(line) for line in agent_lines(part).values() if is_question(line[-1].text) == asks]


def _speech(part: Part) -> Iterator[Scene]:
    lines = cycle(_lines(part, asks=False))
    groups: tuple[tuple[str, Label], ...] = (("real", "interruption"), ("back_channel", "back_channel"))
    for group, label in groups:
        for index, phrase in enumerate(caller_phrases(part, group)):
            for number, (floor, gain_db) in enumerate(_CONDITIONS):
                at_ms = 900 + (index * 173 + number * 311) % 1900
                yield Scene(
                    f"{phrase.voice}: {phrase.text} / {floor[0]} {floor[1]:.0f}", label, next(lines), at_ms, phrase, floor=floor, gain_db=gain_db
                )


def _answers(part: Part) -> Iterator[Scene]:
    """Over the last word of a question even "okay" is an answer."""
    for line in _lines(part, asks=True):
        for index, phrase in enumerate(caller_phrases(part, "answer")):
            length_ms = sum(sentence.duration_ms for sentence in line)
            at_ms = int(_AGENT_BEGINS_MS + length_ms - 450 + 60 * (index % 4))
            yield Scene(f"{phrase.voice}: {phrase.text}", "answer", line, at_ms, phrase, floor=_CONDITIONS[index % 3][0])


def _noises(part: Part) -> Iterator[Scene]:
    lines = cycle(_lines(part, asks=False))
    for kind in NOISES[part]:
        for level_dbfs in (-34.0, -38.0, -42.0) if kind == "someone" else (-18.0, -24.0, -32.0):
            for take in range(2):
                yield Scene(f"{kind} {level_dbfs:.0f}", "noise", next(lines), 1100 + take * 640, event=(kind, level_dbfs))


def _echoes(part: Part) -> Iterator[Scene]:
    for line in agent_lines(part).values():
        for echo_db in _ECHOES_DB:
            for delay_ms in _DELAYS_MS[part]:
                yield Scene(f"echo {echo_db:.0f} dB, {delay_ms} ms", "echo", tuple(line), 0, echo_db=echo_db, echo_delay_ms=delay_ms)


def _double_talk(part: Part) -> Iterator[Scene]:
    lines, delays = cycle(_lines(part, asks=False)), cycle(_DELAYS_MS[part])
    for index, phrase in enumerate(caller_phrases(part, "real")):
        echo_db = _ECHOES_DB[index % 3]
        for gain_db in (0.0, -7.0):
            name = f"{phrase.voice}: {phrase.text} {gain_db:+.0f} dB over echo {echo_db:.0f} dB"
            at_ms = 1000 + index * 131 % 1500
            yield Scene(name, "double_talk", next(lines), at_ms, phrase, gain_db=gain_db, echo_db=echo_db, echo_delay_ms=next(delays))
    for index, phrase in enumerate(caller_phrases(part, "back_channel")[::3]):
        echo_db = _ECHOES_DB[1 + index % 2]
        name = f"{phrase.voice}: {phrase.text} over echo {echo_db:.0f} dB"
        yield Scene(name, "back_channel", next(lines), 1000 + index * 131 % 1500, phrase, echo_db=echo_db, echo_delay_ms=next(delays))
