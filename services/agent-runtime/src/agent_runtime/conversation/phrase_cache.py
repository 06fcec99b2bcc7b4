"""Audio of fixed sentences, shared by all calls of the process (rule P5)."""

from collections import OrderedDict

from agent_runtime.providers.ports import SpokenWord

CacheKey = tuple[str, str, str, float, str, str, str]
"""Provider, model, voice, speed, language, audio format, text."""


class PhraseCache:
    """Least recently used leaves first; bounded by bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._audio: OrderedDict[CacheKey, bytes] = OrderedDict()
        self._words: dict[CacheKey, tuple[SpokenWord, ...]] = {}

    def get(self, key: CacheKey) -> bytes | None:
        """The whole sentence, None when it is not there."""
        audio = self._audio.get(key)
        if audio is not None:
            self._audio.move_to_end(key)
        return audio

    def words(self, key: CacheKey) -> tuple[SpokenWord, ...]:
        """Where the words of the sentence sound, when its vendor told."""
        return self._words.get(key, ())

    def put(self, key: CacheKey, audio: bytes, words: tuple[SpokenWord, ...] = ()) -> None:
        """Keep a sentence."""
        self._words[key] = words
        self._size += len(audio) - len(self._audio.pop(key, b""))
        self._audio[key] = audio
        while self._size > self._limit and self._audio:
            left, dropped = self._audio.popitem(last=False)
            self._words.pop(left, None)
            self._size -= len(dropped)
