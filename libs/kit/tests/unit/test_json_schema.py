"""Proves T11: a tenant's schema, which is not trusted, neither loops nor stalls nor reaches out."""

import time
from typing import Any

import pytest
from callstage_kit.json_schema import UnusableSchema, Violation, pattern_is_harmless, violations, with_defaults


def test_defaults_are_filled_into_a_copy() -> None:
    schema = {"properties": {"a": {"default": "x"}, "b": {"type": "integer"}, "c": True}}
    given = {"b": 1}
    assert with_defaults(schema, given) == {"a": "x", "b": 1}
    assert given == {"b": 1}
    assert with_defaults(schema, {"a": "y"}) == {"a": "y"}
    assert with_defaults({"properties": 7}, {"a": 1}) == {"a": 1}


def test_the_first_violations_are_named_with_their_place() -> None:
    schema = {"properties": {"items": {"type": "array", "items": {"type": "integer"}}}, "required": ["a", "b", "c"]}
    assert violations(schema, {"items": [1, "x"], "a": 1, "b": 1, "c": 1}) == [Violation("items.1", "'x' is not of type 'integer'")]
    assert len(violations(schema, {"items": ["x"]})) == 3
    assert violations(schema, {"a": 1, "b": 1, "c": 1}) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 7},
        {"type": "nonsense"},
        {"minimum": "x", "type": "object", "properties": {"a": {"minimum": "x"}}},
        {"$ref": "#"},
        {"$ref": "http://127.0.0.1:1/x"},
        {"properties": {"a": {"$dynamicRef": "#missing"}}},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    ],
)
def test_broken_and_endless_schemas_are_unusable(schema: dict[str, Any]) -> None:
    with pytest.raises(UnusableSchema):
        violations(schema, {"a": 1})


def test_schemas_cannot_stall_the_process() -> None:
    bomb: dict[str, Any] = {"$defs": {"n0": {"type": "object"}}, "$ref": "#/$defs/n30"}
    for level in range(1, 31):
        bomb["$defs"][f"n{level}"] = {"allOf": [{"$ref": f"#/$defs/n{level - 1}"}] * 2}
    started = time.perf_counter()
    with pytest.raises(UnusableSchema):
        violations(bomb, {})
    assert violations({"properties": {"p": {"pattern": "(a+)+$"}}}, {"p": "a" * 64 + "b"}) == []
    assert violations({"patternProperties": {"(a+)+$": {}}}, {"a" * 64 + "b": 1}) == []
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    ("pattern", "is_harmless"),
    [(r"^\d{4}$", True), ("^[A-Z]+$", True), ("(a+)+", False), ("a*a*a*a*a*", False), (r"(a)\1", False), ("x" * 300, False)],
)
def test_harmless_patterns(pattern: str, is_harmless: bool) -> None:
    assert pattern_is_harmless(pattern) is is_harmless
