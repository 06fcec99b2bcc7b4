"""Rendering of `{name}` and `{name|fallback}` in prompts and spoken phrases (rules V1, V2, V3, V5, V6)."""

import re
from collections.abc import Collection, Mapping

_TOKEN = re.compile(r"\{\{|\}\}|\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\|([^{}]*))?\}")
_DOUBLED = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}")


def render(template: str, values: Mapping[str, object], *, request_names: Collection[str] = ()) -> str:
    """The template with its variables filled in, in one pass: a value that holds braces is never rendered again.

    `request_names` are the names of click-to-call variables of this conversation: only for them `{{name}}` is a variable, too.
    Unknown and empty values give the fallback, or nothing. True and False read as such; a missing key reads as empty.
    """
    pieces: list[str] = []
    position = 0
    while (found := _TOKEN.search(template, position)) is not None:
        pieces.append(template[position : found.start()])
        doubled = _DOUBLED.match(template, found.start()) if found.group(0) == "{{" else None
        if doubled and doubled.group(1) in request_names:
            pieces.append(_text(values.get(doubled.group(1))))
            position = doubled.end()
            continue
        pieces.append(_literal_or_value(found, values))
        position = found.end()
    pieces.append(template[position:])
    return "".join(pieces)


def names_in(template: str) -> list[tuple[str, bool]]:
    """Variables a template reads, in order, each with whether it has a fallback."""
    return [(match.group(1), match.group(2) is not None) for match in _TOKEN.finditer(template) if match.group(1)]


def _literal_or_value(found: re.Match[str], values: Mapping[str, object]) -> str:
    if found.group(0) == "{{":
        return "{"
    if found.group(0) == "}}":
        return "}"
    return _text(values.get(found.group(1))) or (found.group(2) or "")


def _text(value: object) -> str:
    return "" if value is None else str(value)
