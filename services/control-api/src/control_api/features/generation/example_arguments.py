"""Realistic arguments from a JSON Schema, to try a tool with (rule D5). Pure; the same schema gives the same values."""

import re
from collections.abc import Mapping
from typing import Any, Final

_BY_NAME: Final[tuple[tuple[str, Any], ...]] = (
    (r"e_?mail", "ada.miller@example.com"),
    (r"phone|mobile|tel\b", "+12025550147"),
    (r"first_?name", "Ada"),
    (r"last_?name|surname", "Miller"),
    (r"company|organi[sz]ation", "Miller Bakery"),
    (r"name|customer|caller|person", "Ada Miller"),
    (r"birth|dob", "1985-04-12"),
    (r"date.?time|datetime", "2027-03-15 10:30:00"),
    (r"date|day\b", "2027-03-15"),
    (r"time|hour", "10:30"),
    (r"street|address", "12 Mill Lane"),
    (r"zip|post_?code", "20001"),
    (r"city|town", "Washington"),
    (r"country", "US"),
    (r"url|link|website", "https://www.example.com"),
    (r"order|ticket|policy|invoice|reference|number|code", "S00042"),
    (r"quantity|qty|count", "2"),
    (r"duration", "30 minutes"),
    (r"message|note|reason|purpose|description|comment|text|body", "Please call me back about my order."),
    (r"subject|title|topic", "Question about an order"),
    (r"query|search|keyword|product|item", "chair"),
)
_NUMBERS: Final[tuple[tuple[str, float], ...]] = ((r"price|amount|total|cost", 49.5), (r"quantity|qty|count|guests|people", 2), (r"\bid\b|_id$", 1))
_FORMATS: Final = {
    "email": "ada.miller@example.com",
    "date": "2027-03-15",
    "time": "10:30:00",
    "date-time": "2027-03-15T10:30:00Z",
    "uri": "https://www.example.com",
}
_MAX_DEPTH: Final = 6
_MAX_PROPERTIES: Final = 100


def example_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Values for all properties, the optional ones, too."""
    value = _value(schema, "", _MAX_DEPTH)
    return value if isinstance(value, dict) else {}


def _value(schema: Any, name: str, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth <= 0:
        return "text"
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    for several in ("examples", "enum"):
        values = schema.get(several)
        if isinstance(values, list) and values:
            return values[0]
    for choice in ("anyOf", "oneOf", "allOf"):
        options = schema.get(choice)
        if isinstance(options, list) and options:
            return _value({**schema, choice: None, **(options[0] if isinstance(options[0], Mapping) else {})}, name, depth - 1)
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    match next((one for one in kinds if one != "null"), None):
        case "object" | None if "properties" in schema or kind == "object":
            return {key: _value(member, str(key), depth - 1) for key, member in list((schema.get("properties") or {}).items())[:_MAX_PROPERTIES]}
        case "array":
            return [_value(schema.get("items") or {}, name, depth - 1) for _ in range(max(1, min(3, _int(schema.get("minItems"), 1))))]
        case "boolean":
            return True
        case "integer" | "number" as number:
            return _number(schema, name, whole=number == "integer")
        case _:
            return _text(schema, name)


def _number(schema: Mapping[str, Any], name: str, *, whole: bool) -> float:
    value = next((number for pattern, number in _NUMBERS if re.search(pattern, name.lower())), 3)
    low, high = schema.get("minimum"), schema.get("maximum")
    value = max(value, low) if isinstance(low, (int, float)) else value
    value = min(value, high) if isinstance(high, (int, float)) else value
    return int(value) if whole else value


def _text(schema: Mapping[str, Any], name: str) -> str:
    text = _FORMATS.get(str(schema.get("format"))) or next((str(text) for pattern, text in _BY_NAME if re.search(pattern, name.lower())), "text")
    text = text.ljust(_int(schema.get("minLength"), 0), "x")
    return text[: _int(schema.get("maxLength"), len(text))]


def _int(value: Any, default: int) -> int:
    return min(value, 1000) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default
