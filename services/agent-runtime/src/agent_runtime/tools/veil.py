"""Digits that a caller typed and nobody may read: only this process knows them, everyone else has placeholders (rule B3).

They are not in the journal. A process that takes the call over cannot open the placeholders: the caller is asked again.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final, cast

from callstage_domain.errors import ModelFacingError

_PLACEHOLDER: Final = re.compile(r"\[keypad-[0-9a-f]{8}\]")
_RECOGNISABLE: Final = 4
"""Shorter numbers stand in too many other places to be looked for."""


class Veil:
    """One call."""

    def __init__(self) -> None:
        self._digits: dict[str, str] = {}

    def hide(self, digits: str) -> str:
        """What stands for these digits."""
        placeholder = f"[keypad-{secrets.token_hex(4)}]"
        self._digits[placeholder] = digits
        return placeholder

    def open(self, arguments_json: str) -> tuple[str, dict[str, str]]:
        """The arguments with their digits, and what each placeholder stood for. Raises ModelFacingError when one is not known any more."""
        found = _PLACEHOLDER.findall(arguments_json)
        for placeholder in found:
            if placeholder not in self._digits:
                raise ModelFacingError("The typed digits are not known any more. Ask the caller to type them again.", code="digits_lost")
            arguments_json = arguments_json.replace(placeholder, self._digits[placeholder])
        return arguments_json, {placeholder: self._digits[placeholder] for placeholder in found}

    def text(self, text: str) -> str:
        """The text with hidden digits replaced."""
        for placeholder, digits in self._digits.items():
            if len(digits) >= _RECOGNISABLE:
                text = text.replace(digits, placeholder)
        return text

    def value(self, value: Any) -> Any:
        """The same for a JSON value; a number that is the digits becomes the placeholder, too."""
        if not self._digits:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            hidden = self.text(str(value))
            return value if hidden == str(value) else hidden
        if isinstance(value, list):
            return [self.value(item) for item in cast("list[Any]", value)]
        if isinstance(value, Mapping):
            return {name: self.value(item) for name, item in cast("Mapping[str, Any]", value).items()}
        return value
