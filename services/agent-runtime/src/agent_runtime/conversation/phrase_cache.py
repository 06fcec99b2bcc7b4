"""Audio of fixed sentences, shared by all calls of the process (rule P5)."""

from collections import OrderedDict

CacheKey = tuple[str, str, str, float, str, str, str]
"""Provider, model, voice, speed, language, audio format, text."""


class PhraseCache:
    """Least recently used leaves first; bounded by bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._audio: OrderedDict[CacheKey, bytes] = OrderedDict()

    def get(self, key: CacheKey) -> bytes | None:
        """The whole sentence, None when it is not there."""
        audio = self._audio.get(key)
        if audio is not None:
            self._audio.move_to_end(key)
        return audio

    def put(self, key: CacheKey, audio: bytes) -> None:
        """Keep a sentence."""
        self._size += len(audio) - len(self._audio.pop(key, b""))
        self._audio[key] = audio
        while self._size > self._limit and self._audio:
            _, dropped = self._audio.popitem(last=False)
            self._size -= len(dropped)
