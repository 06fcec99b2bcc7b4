"""Are the arguments that the model wrote what the tool takes (rule T11)."""

import json
from collections.abc import Mapping
from typing import Any

from callstage_domain.errors import ModelFacingError
from callstage_kit.json_schema import UnusableSchema, Violation, violations, with_defaults


def checked_arguments(arguments_json: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the schema's top-level defaults filled in. Raises ModelFacingError that says what to correct."""
    try:
        arguments: Any = json.loads(arguments_json or "{}")
    except ValueError as err:
        raise ModelFacingError("The arguments are not valid JSON. Call the tool again with a JSON object.", code="invalid_arguments") from err
    if not isinstance(arguments, dict):
        raise ModelFacingError("The arguments must be a JSON object. Call the tool again.", code="invalid_arguments")
    given: dict[str, Any] = with_defaults(schema, arguments)
    try:
        wrong = violations(schema, given)
    except UnusableSchema as err:
        raise ModelFacingError("This tool is not set up correctly and cannot be used.", code="invalid_schema") from err
    if wrong:
        problems = "; ".join(_words(item) for item in wrong)
        raise ModelFacingError(f"Invalid arguments: {problems}. Correct them, or ask the caller for what is missing.", code="invalid_arguments")
    return given


def _words(item: Violation) -> str:
    return f"'{item.place}': {item.message}" if item.place else item.message
