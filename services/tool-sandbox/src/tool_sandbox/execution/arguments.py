"""Arguments of the model against the tool's JSON Schema (rule T11).

Schemas belong to tenants: they must not be able to reach the network, loop, or stall this process with a regular expression.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from callstage_domain.errors import ModelFacingError
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

_MAX_REFERENCES = 500
_MAX_PATTERN_LENGTH = 200
_MAX_PATTERN_SUBJECT = 256
_MAX_REPEATS = 3
_SHOWN_ERRORS = 3


class InvalidArguments(ModelFacingError):
    """Goes back to the model as a tool error, never to the caller."""

    code = "invalid_arguments"


def checked_arguments(schema: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """`args` with the schema's top-level defaults filled in. Raises InvalidArguments naming the fields that are wrong."""
    properties: Any = schema.get("properties", {})
    filled = dict(args)
    if isinstance(properties, dict):
        for name, rule in properties.items():
            if isinstance(rule, dict) and "default" in rule:
                filled.setdefault(str(name), rule["default"])
    try:
        errors = _first(_Guarded(dict(schema)).iter_errors(filled))
    except (SchemaError, Unresolvable, RecursionError, TypeError, ValueError, AttributeError, KeyError) as err:
        raise InvalidArguments("the tool's parameters are not a valid JSON Schema") from err
    if errors:
        raise InvalidArguments("; ".join(_words(error) for error in errors))
    return filled


def _first(errors: Iterator[ValidationError]) -> list[ValidationError]:
    found: list[ValidationError] = []
    for error in errors:
        found.append(error)
        if len(found) == _SHOWN_ERRORS:
            break
    return found


def _words(error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    return f"{where}: {error.message}"[:300] if where else error.message[:300]


def pattern_is_harmless(pattern: str) -> bool:
    """True when matching a short text takes no noticeable time: no repeated groups, few repeats."""
    repeats = len(re.findall(r"(?<!\\)[*+]|\{\d*,\d*\}", pattern))
    return len(pattern) <= _MAX_PATTERN_LENGTH and repeats <= _MAX_REPEATS and not re.search(r"\)[*+{?]|\\[1-9]|\(\?P=", pattern)


def _pattern(_: Any, pattern: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, str) or not isinstance(pattern, str) or not pattern_is_harmless(pattern):
        return
    try:
        matches = re.search(pattern, instance[:_MAX_PATTERN_SUBJECT]) is not None
    except re.error:
        return
    if not matches:
        yield ValidationError(f"{instance[:80]!r} does not match {pattern!r}")


def _no_pattern_properties(_: Any, __: Any, ___: Any, ____: Any) -> Iterator[ValidationError]:
    return iter(())


class _Guarded:
    """One validation: no remote references, a bounded number of local ones."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._left = _MAX_REFERENCES
        keywords = {"$ref": self._reference, "$dynamicRef": self._reference, "pattern": _pattern, "patternProperties": _no_pattern_properties}
        kind: Any = extend(Draft202012Validator, keywords)
        self._validator: Any = kind(schema, registry=Registry())

    def iter_errors(self, args: dict[str, Any]) -> Iterator[ValidationError]:
        return self._validator.iter_errors(args)

    def _reference(self, validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many references")
        yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, schema)
