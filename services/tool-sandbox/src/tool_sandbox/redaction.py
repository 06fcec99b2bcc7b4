"""Secrets never show in logs, texts and results, wherever they came from (rule T9)."""

import json
import re
from collections.abc import Iterable

_SHAPES = re.compile(r"csk_(?:live|test)_[A-Za-z0-9]{8,}")
_MIN_LENGTH = 6
HIDDEN = "[secret]"


class Redactor:
    """Replaces the given secrets by value, and anything that looks like one of our own keys."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {form for secret in secrets if len(secret) >= _MIN_LENGTH for form in (secret, json.dumps(secret)[1:-1])}
        self._secrets = sorted(spellings, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text with every secret replaced."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _SHAPES.sub(HIDDEN, text)

    def json(self, data: bytes) -> bytes:
        """The same for JSON."""
        return self.text(data.decode()).encode()
