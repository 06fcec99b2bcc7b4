"""Is a tool's parameter description a JSON Schema that every part of the platform can check quickly (rule T11).

The schema is checked against on every call of the tool, beside running conversations: it must not loop, fan out or hold a slow pattern.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from callstage_kit.json_schema import pattern_is_harmless
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

_MAX_DEPTH = 12
_MAX_PARTS = 1000
_REFUSED = {
    "$ref": "refers to another schema; write it out, language models do not follow references",
    "$dynamicRef": "refers to another schema; write it out, language models do not follow references",
    "patternProperties": "is not supported; name the properties",
}
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_NOT_SCHEMAS = frozenset({"enum", "const", "default", "examples", "example", "required"})


def problem_of_parameters(schema: Mapping[str, Any]) -> str | None:
    """What is wrong, with the place in the schema; None: nothing."""
    kind = schema.get("type", "object")
    if kind != "object":
        return f'`type` must be "object", not {str(kind)[:40]!r}'
    return _hazard(schema) or _shape(schema) or _not_a_schema(schema)


def _hazard(schema: Mapping[str, Any]) -> str | None:
    waiting: list[tuple[Any, tuple[str, ...], bool]] = [(schema, (), True)]
    parts = 0
    while waiting:
        value, path, is_schema = waiting.pop()
        parts += 1
        if parts > _MAX_PARTS:
            return f"the schema has more than {_MAX_PARTS} parts"
        if len(path) > _MAX_DEPTH:
            return f"`{_name(path[:4])}…` is nested more than {_MAX_DEPTH} levels deep"
        if isinstance(value, Mapping):
            members: Mapping[str, Any] = value
            for key, member in members.items():
                here = (*path, key)
                if is_schema and (found := _refusal(key, member)):
                    return f"`{_name(here)}` {found}"
                if not is_schema or key not in _NOT_SCHEMAS:
                    # Below `properties` the keys are names, one level further they are keywords again.
                    waiting.append((member, here, not (is_schema and key in ("properties", "$defs", "definitions"))))
        elif isinstance(value, list):
            items: list[Any] = value
            waiting += [(item, (*path, str(index)), True) for index, item in enumerate(items)]
    return None


def _refusal(key: str, value: Any) -> str | None:
    if key in _REFUSED:
        return _REFUSED[key]
    if key != "pattern" or not isinstance(value, str):
        return None
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as err:
        return f"is no regular expression: {err}"
    return None if pattern_is_harmless(value) else "could take very long to match: no repeated groups, no back references, three repeats at most"


def _shape(schema: Mapping[str, Any]) -> str | None:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict):
        return "`properties` must be an object"
    if not isinstance(required, list):
        return "`required` must be a list of property names"
    names: Sequence[Any] = required
    missing = next((name for name in names if not isinstance(name, str) or name not in properties), None)
    return None if missing is None else f"`required` names {str(missing)[:60]!r}, which is none of the properties"


def _not_a_schema(schema: Mapping[str, Any]) -> str | None:
    validator: Any = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    error: Any = best_match(validator.iter_errors(dict(schema)))
    if error is None:
        return None
    path = [str(part) for part in error.absolute_path]
    if path and path[-1] == "type":
        return f"`{_name(path)}` must be one of {', '.join(_TYPES)}, not {str(error.instance)[:40]!r}"
    return f"`{_name(path)}`: {str(error.message)[:200]}"


def _name(path: Sequence[str]) -> str:
    return ".".join(part[:60] for part in path) or "parameters"
