"""How far into a sentence a voice has come, so that another one can say the rest. Pure."""

from collections.abc import Callable

from callstage_domain.audio import AudioFormat

from agent_runtime.providers.ports import SpokenWord

_SLOW_MS: float = 85.0
"""Of audio for a character, as long as nothing is known of a voice: more than usual (60 to 75), for a word said twice is better than one left out."""
_WEIGHT = 0.3
_FEWEST_CHARACTERS = 10
"""Shorter sentences say little about a voice's pace: the pauses around them count too much."""


class SpeechPace:
    """Milliseconds of audio that one voice makes of a character; the newest sentences count most."""

    def __init__(self) -> None:
        self._ms: float | None = None

    def observe(self, characters: int, audio_ms: float) -> None:
        """A whole sentence."""
        if characters < _FEWEST_CHARACTERS or audio_ms <= 0:
            return
        pace_ms = audio_ms / characters
        self._ms = pace_ms if self._ms is None else self._ms + _WEIGHT * (pace_ms - self._ms)

    @property
    def ms_per_character(self) -> float:
        """At normal speed."""
        return self._ms or _SLOW_MS


class SpokenPart:
    """Collects the audio of one sentence of one voice."""

    def __init__(self, text: str, audio_format: AudioFormat, speed: float, pace: SpeechPace) -> None:
        self._text = text
        self._format = audio_format
        self._speed = speed
        self._pace = pace
        self._bytes = 0
        self._words: list[SpokenWord] = []
        self._on_words: Callable[[tuple[SpokenWord, ...]], None] | None = None

    @property
    def audio_ms(self) -> float:
        """Made so far."""
        return self._format.duration_ms(self._bytes)

    def add(self, audio: bytes) -> None:
        """The next piece."""
        self._bytes += len(audio)

    def add_words(self, words: tuple[SpokenWord, ...]) -> None:
        """Where words sound, when the vendor says so."""
        self._words += words
        if self._on_words is not None:
            self._on_words(words)

    def heard(self, on_words: Callable[[tuple[SpokenWord, ...]], None] | None) -> None:
        """This voice is the one that is listened to: its words are told from now on, and those that it told before."""
        self._on_words = on_words
        if on_words is not None and self._words:
            on_words(tuple(self._words))

    def complete(self) -> None:
        """The sentence came to its end: the voice's pace is known better."""
        self._pace.observe(len(self._text), self.audio_ms * self._speed)

    def rest(self) -> tuple[str, int]:
        """What another voice has to say, from the beginning of a word on, and how many characters stand before it."""
        at = self._characters()
        if at >= len(self._text):
            return "", len(self._text)
        start = self._text.rfind(" ", 0, at + 1) + 1
        if not start and not self._text.isascii() and " " not in self._text:
            # No spaces to cut at: Chinese, Japanese, Thai.
            start = at
        return self._text[start:], start

    def _characters(self) -> int:
        if self._words:
            heard = [word.until_character for word in self._words if word.end_ms <= self.audio_ms]
            return heard[-1] if heard else 0
        return int(self.audio_ms * self._speed / self._pace.ms_per_character)
