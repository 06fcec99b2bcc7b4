"""Secrets never show in logs, texts and results, wherever they came from (rule T9)."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

_SHAPES = re.compile(r"csk_(?:live|test)_[A-Za-z0-9]{8,}")
_MIN_LENGTH = 6
_MIN_HIDDEN_LENGTH = 4
"""Shorter numbers stand in too many other places to be looked for."""
HIDDEN = "[secret]"


class Redactor:
    """Replaces the given secrets by value, and anything that looks like one of our own keys. `hidden`: placeholder to value (rule B3)."""

    def __init__(self, secrets: Iterable[str] = (), hidden: Mapping[str, str] | None = None) -> None:
        self._hidden = {placeholder: value for placeholder, value in (hidden or {}).items() if len(value) >= _MIN_HIDDEN_LENGTH}
        spellings = {form for secret in secrets if len(secret) >= _MIN_LENGTH for form in (secret, json.dumps(secret)[1:-1])}
        self._secrets = sorted(spellings, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text with every secret replaced."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for placeholder, value in self._hidden.items():
            text = text.replace(value, placeholder)
        return _SHAPES.sub(HIDDEN, text)

    def value(self, value: Any) -> Any:
        """A JSON value with hidden values replaced, be they texts or numbers."""
        if not self._hidden:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            shown = self.text(str(value))
            return value if shown == str(value) else shown
        if isinstance(value, list):
            return [self.value(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {name: self.value(item) for name, item in cast("dict[str, Any]", value).items()}
        return value

    def json(self, data: bytes) -> bytes:
        """The same for JSON."""
        return self.text(data.decode()).encode()
