"""Proves T11: arguments against a tenant's schema, which itself is not trusted."""

from typing import Any

import pytest
from tool_sandbox.execution.arguments import InvalidArguments, checked_arguments


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
