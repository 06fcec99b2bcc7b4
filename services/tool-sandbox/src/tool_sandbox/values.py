"""Values from tool code as JSON: bounded in depth, count and size, because the code that made them is not trusted."""

import base64
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson
from callstage_domain.errors import ModelFacingError
from pydantic_monty import MontyClassProxy

_MAX_DEPTH = 60
_MAX_NODES = 200_000
_MAX_INT = (1 << 63) - 1


class ValueRefused(ModelFacingError):
    """The value is too large, too deep, or of a kind that JSON cannot hold."""

    code = "output_limit"


def _iso(value: datetime | date | time) -> str:
    return value.isoformat()


def backend_time(value: datetime | date | time) -> str:
    """`2026-01-31 09:30:00`, as Odoo and Frappe write times."""
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value.isoformat()


def as_json(value: object, *, max_bytes: int, time_text: Callable[[datetime | date | time], str] = _iso, is_strict: bool = False) -> bytes:
    """JSON of `value`; sets become lists, sandbox objects their attributes. `is_strict`: refuse instead of writing a description.

    Raises ValueRefused.
    """
    converter = _Converter(max_bytes, time_text, is_strict)
    try:
        data = orjson.dumps(converter.convert(value, 0))
    except (orjson.JSONEncodeError, UnicodeError) as err:
        raise ValueRefused("the value cannot be written as JSON") from err
    if len(data) > max_bytes:
        raise ValueRefused(f"the value is larger than {max_bytes // 1024} KiB")
    return data


class _Converter:
    def __init__(self, max_bytes: int, time_text: Callable[[datetime | date | time], str], is_strict: bool) -> None:
        self._bytes_left = max_bytes
        self._nodes_left = _MAX_NODES
        self._time_text = time_text
        self._is_strict = is_strict

    def convert(self, value: object, depth: int) -> Any:
        self._nodes_left -= 1
        if self._nodes_left < 0 or depth > _MAX_DEPTH:
            raise ValueRefused("the value has too many or too deeply nested parts")
        if value is None or isinstance(value, (bool, float)):
            return value if not isinstance(value, float) or math.isfinite(value) else None
        if isinstance(value, int):
            return self._integer(value)
        if isinstance(value, str):
            return self._spend(value)
        if isinstance(value, Mapping):
            return {self._key(key): self.convert(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.convert(item, depth + 1) for item in value]
        return self._other(value, depth)

    def _other(self, value: object, depth: int) -> Any:
        if isinstance(value, (datetime, date, time)):
            return self._spend(self._time_text(value))
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, Decimal):
            return float(value) if value.is_finite() else None
        if isinstance(value, bytes):
            return self._spend(base64.b64encode(value[: self._bytes_left + 1]).decode())
        if self._is_strict:
            raise ValueRefused(f"a value of type '{_kind(value)}' cannot be sent")
        if isinstance(value, MontyClassProxy):
            return self.convert(value.attributes, depth + 1)
        return self._spend(str(value)[:1000]) if isinstance(value, BaseException) else f"<{_kind(value)}>"

    def _integer(self, value: int) -> int:
        if abs(value) > _MAX_INT:
            raise ValueRefused("an integer is too large")
        return value

    def _key(self, key: object) -> str:
        if isinstance(key, str):
            return self._spend(key)
        if isinstance(key, (int, float, bool)) or key is None:
            return str(self._integer(key) if isinstance(key, int) else key)
        raise ValueRefused("the keys of a dict must be texts")

    def _spend(self, text: str) -> str:
        self._bytes_left -= len(text)
        if self._bytes_left < 0:
            raise ValueRefused("the value is too large")
        return text


def _kind(value: object) -> str:
    return value.name if isinstance(value, MontyClassProxy) else type(value).__name__
