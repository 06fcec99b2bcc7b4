"""Proves T11: which descriptions of a tool's parameters can be deployed."""

from typing import Any

import pytest
from control_api.compile.parameters import problem_of_parameters


def _with(**member: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": member}}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "properties": {}},
        _with(type="string", enum=["x", "y"], description="Which.", default="x"),
        _with(type=["string", "null"], pattern=r"^[A-Z]{2}\d+$", maxLength=20),
        _with(type="array", items={"type": "object", "properties": {"b": {"type": "integer", "minimum": 1}}, "required": ["b"]}),
        _with(anyOf=[{"type": "string"}, {"type": "number"}]),
        # Names of parameters are not keywords, values of an enum are not schemas.
        {"properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}}, "required": ["pattern"]},
        _with(enum=[{"$ref": "#"}, {"pattern": "("}]),
    ],
)
def test_a_plain_schema_is_fine(schema: dict[str, Any]) -> None:
    assert problem_of_parameters(schema) is None


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "`type` must be"),
        ({"properties": []}, "`properties` must be an object"),
        ({"required": "a"}, "`required` must be a list"),
        ({"properties": {}, "required": [7]}, "'7'"),
        (_with(type="array", items={"$ref": "#/$defs/x"}), "`properties.a.items.$ref`"),
        (_with(anyOf=[{"type": "string"}, {"$dynamicRef": "#x"}]), "`properties.a.anyOf.1.$dynamicRef`"),
        ({"patternProperties": {"(a+)+": {}}}, "`patternProperties`"),
        (_with(pattern="(a|a)*b"), "very long"),
        (_with(pattern="a*a*a*a*b"), "very long"),
        (_with(pattern=r"(a)\1"), "very long"),
        (_with(pattern="x" * 300), "very long"),
        (_with(type="text"), "`properties.a.type` must be one of"),
        (_with(minimum="1"), "`properties.a.minimum`"),
        (_with(items={"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": {}}}}}}}}}}}), "levels"),
    ],
)
def test_what_is_wrong_has_its_place(schema: dict[str, Any], words: str) -> None:
    assert words in (problem_of_parameters(schema) or "")
