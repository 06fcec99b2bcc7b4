"""Tool results as speech."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from agent_runtime.providers.vendors.offline.brain.words import capitalised, joined, name_words, sentences

_SPOKEN_FIELDS: Final = ("message", "text", "speech", "answer", "summary", "reply", "result", "description")
_SILENT_FIELDS: Final = frozenset({"success", "ok", "id", "status_code", "action", "context", "session"})
_BAD_STATUS: Final = frozenset({"error", "failed", "failure", "not_found"})
_GOOD_STATUS: Final = frozenset({"ok", "success", "found", "sent", "created", "saved", "scheduled", "done"})
_MAX_FIELDS: Final = 4
_MAX_SENTENCES: Final = 2
_RUNNING: Final = "The tool has not finished yet."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell the caller, and what later tools may need."""

    text: str
    is_error: bool
    values: dict[str, Any]


def read_result(content: str) -> Outcome:
    """Understand the content of a tool message: JSON of any shape, or plain text."""
    if content.strip() == _RUNNING:
        return Outcome("That is still running. One moment please.", False, {})
    try:
        value: Any = json.loads(content)
    except ValueError:
        value = content
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list):
        return Outcome(_of_list(value), False, {})
    text = str(value if value is not None else "").strip()
    if re.match(r"error\b", text, re.IGNORECASE):
        return Outcome(_sentence(re.sub(r"^error\b[:\s]*", "", text, flags=re.IGNORECASE)), True, {})
    return Outcome(_short(text) if text else "That is done.", False, {})


def _of_object(value: dict[str, Any]) -> Outcome:
    values = {key: member for key, member in value.items() if isinstance(member, (str, int, float, bool)) and not key.startswith("_")}
    error = value.get("error")
    if error or value.get("success") is False or str(value.get("status", "")).lower() in _BAD_STATUS:
        nested: Any = error.get("message") if isinstance(error, dict) else error
        text = nested if isinstance(nested, str) else value.get("message") or value.get("detail") or ""
        return Outcome(_sentence(str(text)), True, values)
    for name in _SPOKEN_FIELDS:
        if isinstance(value.get(name), str) and value[name].strip():
            return Outcome(_short(value[name]), False, values)
    if value.get("found") is False:
        return Outcome("I could not find that.", False, values)
    said = [_pair(key, member) for key, member in values.items() if _is_told(key, member)]
    if said:
        return Outcome(f"{capitalised(joined(said[:_MAX_FIELDS]))}.", False, values)
    lists: list[tuple[str, list[Any]]] = [(key, member) for key, member in value.items() if isinstance(member, list)]
    if lists:
        return Outcome(_of_list(lists[0][1]), False, values)
    nested_object = next((member for member in value.values() if isinstance(member, dict)), None)
    if nested_object is not None:
        return _of_object(nested_object)
    return Outcome("That is done.", False, values)


def _is_told(key: str, value: Any) -> bool:
    if key == "status":
        return str(value).lower() not in _GOOD_STATUS
    return key not in _SILENT_FIELDS and key != "found" and value != ""


def _pair(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"{' '.join(name_words(key))}: {'yes' if value else 'no'}"
    return f"the {' '.join(name_words(key))} is {value}"


def _of_list(entries: list[Any]) -> str:
    if not entries:
        return "I found nothing."
    if all(isinstance(entry, (str, int, float)) for entry in entries):
        return f"I found {joined([str(entry) for entry in entries[:5]])}."
    first = _of_object(entries[0]).text if isinstance(entries[0], dict) else str(entries[0])
    return first if len(entries) == 1 else f"I found {len(entries)} entries. The first one: {first}"


def _short(text: str) -> str:
    found = sentences(text)
    return _sentence(" ".join(found[:_MAX_SENTENCES])) if found else ""


def _sentence(text: str) -> str:
    text = capitalised(text.strip())
    return text if not text or text[-1] in ".!?" else f"{text}."
