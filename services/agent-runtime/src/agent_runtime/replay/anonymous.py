"""A recorded call without the people in it: names, numbers, addresses and whatever else nobody listed as harmless are replaced, everywhere alike.

The rule is not "replace what looks personal" but "keep what is known to be plain": common words, and small ones of the agent's own texts. The
decisions stay.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any, Final, cast

import msgspec
from callstage_domain.errors import CallerError

from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.recording import AskedItem, Recording, to_json
from agent_runtime.replay.plain_words import ARTICLES, plain_words
from agent_runtime.replay.player import entry_of, snapshot_of
from agent_runtime.replay.stages import StageReplay
from agent_runtime.replay.substitution import Substitution

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_TOKEN: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ABOUT_PEOPLE: Final = re.compile(
    r"name|phone|number|mobile|mail|address|street|city|town|zip|post|birth|contact|customer|company|caller|person|user|login|passport|tax|iban|card",
    re.I,
)
_FIELD_NAME: Final = re.compile(r"[a-z_][A-Za-z0-9_]*")
_PLACEHOLDER: Final = re.compile(r"\{\s*([^{}|]+)")
_LONGEST_NAME: Final = 80
_STRUCTURE: Final = frozenset({"kind", "reason", "failure", "code", "utterance", "status", "error_code", "stage", "by_tool", "next", "tool"})
"""Fields of events and entries that hold words of the platform or the agent's author. In what tools and callers gave no field is one of these."""
_VALUES: Final = frozenset({"metadata", "request", "values", "variables", "data", "session", "fields", "transfer", "voicemail"})
_AGENT_TEXTS: Final = frozenset(
    {"display_name", "company", "role", "system_prompt", "greeting", "farewell", "test_caller_phone", "test_sender_email"}
)
_OPENED_AT_MS: Final = 1_767_268_800_000
_TODAY: Final = "2026-01-01"


def anonymous(recordings: list[Recording], *, seed: int | None = None) -> list[Recording]:
    """All parts of one call. Raises CallerError when something personal would be left."""
    rng = random.Random(seed) if seed is not None else random.SystemRandom()
    names = [name for recording in recordings for name in _names_in(recording)]
    personal = {word.casefold() for name in names for word in _TOKEN.findall(name) if len(word) > 1 and word.casefold() not in ARTICLES}
    frame = {word.casefold() for recording in recordings for text in _frame(recording) for word in _TOKEN.findall(text)}
    kept = plain_words().union(frame, *(_vocabulary(recording) for recording in recordings))
    # A caller called like a field or a tool is not recognised by that word.
    substitution = Substitution(kept, personal - frame, rng)
    made = [_asked_again(_replaced(recording, substitution)) for recording in recordings]
    left = sorted({token for recording in made for token in _left(recording, substitution)})
    if left:
        raise CallerError(f"{len(left)} personal words would be left in the fixture; nothing was written", details={"words": len(left)})
    return made


def _names_in(recording: Recording) -> Iterator[str]:
    """Values that are called like something personal, or are written like a name."""
    for entry in _entries(recording):
        for field in _VALUES & entry.keys():
            yield from _personal_values(entry[field])
        for call in entry.get("calls", ()):
            yield from _personal_values(_parsed(call["arguments_json"]))
        if entry["kind"] == "tool_finished":
            yield from _personal_values(_parsed(entry["content"]))
    settings = recording.snapshot["settings"]
    yield from (value for name in ("test_caller_phone", "test_sender_email") if (value := settings.get(name)))


def _personal_values(value: Any, *, is_told: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            yield from _personal_values(inner, is_told=is_told or bool(_ABOUT_PEOPLE.search(name)))
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _personal_values(inner, is_told=is_told)
    elif isinstance(value, str) and len(value) <= _LONGEST_NAME:
        words = _WORD.findall(value)
        if is_told or (len(words) > 1 and all(word[:1].isupper() for word in words)):
            yield value


def _frame(recording: Recording) -> Iterator[str]:
    """Words of the platform and of the agent's author that stand around what was said."""
    yield from _keys(json.loads(to_json(recording)))
    for entry in _entries(recording):
        yield from (value for name, value in entry.items() if name in _STRUCTURE and isinstance(value, str))
    for kind, _, *values in recording.items:
        yield str(kind)
        if kind == "turn":
            name, fields, effects = values
            yield str(name)
            yield from (value for field, value in _pairs([fields, effects]) if field in _STRUCTURE)
            yield from (str(wanted) for wanted, _ in effects)
    stages: list[dict[str, Any]] = recording.snapshot["stages"]
    yield from (name for stage in stages for name in (stage["name"], *stage["tools"]))
    yield from (name for text in _strings(recording.snapshot) for name in _PLACEHOLDER.findall(text))


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            if isinstance(inner, str):
                yield name, inner
            yield from _pairs(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _pairs(inner)


def _keys(value: Any) -> Iterator[str]:
    """Field names; a key that is none (a tool may sort its result by person) is replaced like any text."""
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            if _FIELD_NAME.fullmatch(name):
                yield name
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _keys(inner)


def _vocabulary(recording: Recording) -> set[str]:
    """Words of the platform in the agent's language, and of the agent's own texts those that are written small: the others may be names."""
    phrases = phrases_for(recording.snapshot["settings"]["language"])
    said = {word.casefold() for field in fields_of(phrases) for word in _WORD.findall(str(getattr(phrases, field.name)))}
    return said | {word for text in _strings(recording.snapshot) for word in _WORD.findall(text) if word == word.casefold()}


def _replaced(recording: Recording, substitution: Substitution) -> Recording:
    items: list[list[Any]] = []
    for kind, at_ms, *values in recording.items:
        if kind == "turn":
            name, fields, effects = values
            items.append([kind, at_ms, name, _turn(fields, substitution), [[wanted, _turn(inner, substitution)] for wanted, inner in effects]])
        elif kind == "entry":
            items.append([kind, at_ms, _entry(values[0], substitution)])
        else:
            items.append([kind, at_ms, {**values[0], "today": _TODAY}])
    return replace(
        recording,
        call_id="recorded",
        agent_id="agent",
        snapshot=_agent(recording.snapshot, substitution),
        before=[_entry(entry, substitution) for entry in recording.before],
        items=items,
    )


def _agent(snapshot: dict[str, Any], substitution: Substitution) -> dict[str, Any]:
    """Names of stages, tools and parameters are its author's words and stay; what it says and is told could name somebody."""

    def text(value: str | None) -> str | None:
        return None if value is None else substitution.text(value)

    settings = {name: text(value) if name in _AGENT_TEXTS else value for name, value in snapshot["settings"].items()}
    stages = [
        {
            **stage,
            "prompt": text(stage["prompt"]),
            "transitions": [{**move, "handover_message": text(move["handover_message"])} for move in stage["transitions"]],
        }
        for stage in snapshot["stages"]
    ]
    tools = {name: {**tool, "description": text(tool["description"])} for name, tool in snapshot["tools"].items()}
    return {**snapshot, "tenant_id": "tenant", "agent_id": "agent", "settings": settings, "stages": stages, "tools": tools}


def _turn(fields: dict[str, Any], substitution: Substitution) -> dict[str, Any]:
    changed = _walked(fields, substitution.text, keep=tuple(_STRUCTURE))
    return {**changed, "digit": substitution.keys(fields["digit"])} if "digit" in fields else changed


def _entry(entry: dict[str, Any], substitution: Substitution) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, value in entry.items():
        if name in _VALUES:
            changed[name] = _json_value(value, substitution)
        elif name == "calls":
            changed[name] = [{**call, "arguments_json": _json_text(call["arguments_json"], substitution), "vendor_state": None} for call in value]
        elif isinstance(value, str) and name not in _STRUCTURE and name not in ("name", "tool_call_id", "turn_id"):
            changed[name] = _json_text(value, substitution)
        else:
            changed[name] = value
    if entry["kind"] == "opened":
        changed |= {"call_id": "recorded", "agent_id": "agent", "at_ms": _OPENED_AT_MS}
    return changed


def _json_text(text: str, substitution: Substitution) -> str:
    parsed = _parsed(text)
    return substitution.text(text) if parsed is None else json.dumps(_json_value(parsed, substitution), ensure_ascii=False)


def _json_value(value: Any, substitution: Substitution) -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {name if _FIELD_NAME.fullmatch(name) else substitution.text(name): _json_value(inner, substitution) for name, inner in members}
    if isinstance(value, list):
        return [_json_value(inner, substitution) for inner in cast("list[Any]", value)]
    if isinstance(value, str):
        return substitution.text(value)
    return substitution.number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _walked(value: Any, change: Callable[[str], str], *, keep: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {name: inner if name in keep and isinstance(inner, str) else _walked(inner, change, keep=keep) for name, inner in members}
    if isinstance(value, list):
        return [_walked(inner, change, keep=keep) for inner in cast("list[Any]", value)]
    return change(value) if isinstance(value, str) else value


def _asked_again(recording: Recording) -> Recording:
    """Prompts and histories hold what was replaced: today's engine writes them once more."""
    stages = StageReplay(snapshot_of(recording), [entry_of(entry) for entry in recording.before], ())
    prompts: list[str] = []
    items: list[list[Any]] = []
    for kind, at_ms, *values in recording.items:
        if kind == "entry":
            stages.entry(entry_of(values[0]))
        if kind == "asked":
            asked = stages.asked_today(msgspec.convert(values[0], AskedItem), prompts)
            items.append([kind, at_ms, msgspec.json.decode(msgspec.json.encode(asked))])
        else:
            items.append([kind, at_ms, *values])
    return replace(recording, items=items, prompts=prompts)


def _left(recording: Recording, substitution: Substitution) -> set[str]:
    """Numbers of JSON are times and lengths; those that tools gave are replaced like words."""
    prompts = "\n".join(recording.prompts).casefold()
    rest = "\n".join(_strings(json.loads(to_json(replace(recording, prompts=[]))))).casefold()
    in_prompts, in_rest = set(_TOKEN.findall(prompts)), set(_TOKEN.findall(rest))
    # Somebody may be called like a common word, and the platform's own sentences in a prompt use that, too.
    common = plain_words()
    return {word for word in substitution.replaced if (word in rest + prompts if "@" in word else word in in_rest or word in in_prompts - common)}


def _entries(recording: Recording) -> Iterator[dict[str, Any]]:
    yield from recording.before
    yield from (item[2] for item in recording.items if item[0] == "entry")


def _parsed(text: str) -> Any:
    """Objects and lists only; a text that happens to be a number stays a text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            yield name
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value
