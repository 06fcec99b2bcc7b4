"""Values against the JSON Schema of a tool, which a tenant wrote (rule T11).

Such a schema must not reach the network, loop, or stall this process with a regular expression.
"""

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

_MAX_REFERENCES: Final = 500
_MAX_PATTERN_LENGTH: Final = 200
_MAX_PATTERN_SUBJECT: Final = 256
_MAX_REPEATS: Final = 3
_MAX_VIOLATIONS: Final = 3
_MAX_MESSAGE_LENGTH: Final = 300
_references_left: ContextVar[list[None]] = ContextVar("json_schema_references")
"""Of the validation that runs: one element for each reference that may still be followed."""


class UnusableSchema(ValueError):
    """The schema itself is broken, refers to somewhere else, or does not end."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`place` is a dotted path into the value; empty: the value as a whole."""

    place: str
    message: str


def with_defaults(schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `value` with the defaults of the schema's top-level properties filled in."""
    filled = dict(value)
    properties: Any = schema.get("properties")
    if isinstance(properties, dict):
        rules: dict[Any, Any] = properties
        for name, rule in rules.items():
            if isinstance(rule, dict) and "default" in rule:
                filled.setdefault(str(name), rule["default"])
    return filled


def violations(schema: Mapping[str, Any], value: Any) -> list[Violation]:
    """The first few things that are wrong; empty: nothing. Takes no noticeable time, whatever the schema. Raises UnusableSchema."""
    token = _references_left.set([None] * _MAX_REFERENCES)
    try:
        return [_violation(error) for error in islice(_Guarded(dict(schema), registry=Registry()).iter_errors(value), _MAX_VIOLATIONS)]
    except (SchemaError, UnknownType, Unresolvable, RecursionError, TypeError, ValueError, AttributeError, KeyError) as err:
        raise UnusableSchema("not a valid JSON Schema") from err
    finally:
        _references_left.reset(token)


def pattern_is_harmless(pattern: str) -> bool:
    """True when matching a short text takes no noticeable time: no repeated groups, few repeats."""
    repeats = len(re.findall(r"(?<!\\)[*+]|\{\d*,\d*\}", pattern))
    return len(pattern) <= _MAX_PATTERN_LENGTH and repeats <= _MAX_REPEATS and not re.search(r"\)[*+{?]|\\[1-9]|\(\?P=", pattern)


def _violation(error: ValidationError) -> Violation:
    return Violation(".".join(str(part) for part in error.absolute_path), error.message[:_MAX_MESSAGE_LENGTH])


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


def _reference(validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    left = _references_left.get()
    if not left:
        raise ValueError("too many references")
    left.pop()
    yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, schema)


# Made once: `extend` compiles a class, which takes longer than most validations. No remote references, a bounded number of local ones.
_Guarded: Any = extend(
    Draft202012Validator, {"$ref": _reference, "$dynamicRef": _reference, "pattern": _pattern, "patternProperties": _no_pattern_properties}
)
