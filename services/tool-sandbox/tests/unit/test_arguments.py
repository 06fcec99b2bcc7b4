"""Proves T11: arguments against a tenant's schema, which itself is not trusted."""

import time
from typing import Any

import pytest
from tool_sandbox.execution.arguments import InvalidArguments, checked_arguments, pattern_is_harmless


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def test_defaults_are_filled_in_and_the_given_values_stay() -> None:
    schema = _object(a={"type": "string", "default": "x"}, b={"type": "integer"})
    assert checked_arguments(schema, {"b": 1}) == {"a": "x", "b": 1}
    assert checked_arguments(schema, {"a": "y"}) == {"a": "y"}


@pytest.mark.parametrize(
    ("schema", "args", "text"),
    [
        (_object(n={"type": "integer"}), {"n": "1"}, "n: '1' is not of type 'integer'"),
        (_object(), {"x": 1}, "Additional properties"),
        (_object(e={"enum": ["a"]}), {"e": "b"}, "is not one of"),
        (_object(p={"type": "string", "pattern": "^[0-9]{4}$"}), {"p": "12"}, "does not match"),
        ({"type": "object", "required": ["a", "b"]}, {}, "'a' is a required property; 'b' is a required property"),
        ({"type": 7}, {}, "not a valid JSON Schema"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}}, {"a": 1}, "not a valid JSON Schema"),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "string"}}}, {"a": 1}, "is not of type 'string'"),
        ({"$ref": "#"}, {}, "not a valid JSON Schema"),
    ],
)
def test_violations(schema: dict[str, Any], args: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArguments, match=r".*") as refused:
        checked_arguments(schema, args)
    assert text in refused.value.message


def test_schemas_cannot_stall_the_process() -> None:
    bomb: dict[str, Any] = {"$defs": {"n0": {"type": "object"}}, "$ref": "#/$defs/n30"}
    for level in range(1, 31):
        bomb["$defs"][f"n{level}"] = {"allOf": [{"$ref": f"#/$defs/n{level - 1}"}] * 2}
    started = time.perf_counter()
    with pytest.raises(InvalidArguments):
        checked_arguments(bomb, {})
    checked_arguments(_object(p={"pattern": "(a+)+$"}), {"p": "a" * 64 + "b"})
    checked_arguments({"patternProperties": {"(a+)+$": {}}}, {"a" * 64 + "b": 1})
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("pattern", "is_harmless"),
    [(r"^\d{4}$", True), ("^[A-Z]+$", True), ("(a+)+", False), ("a*a*a*a*a*", False), (r"(a)\1", False), ("x" * 300, False)],
)
def test_harmless_patterns(pattern: str, is_harmless: bool) -> None:
    assert pattern_is_harmless(pattern) is is_harmless
