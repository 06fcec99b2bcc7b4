"""Are the arguments that the model wrote what the tool takes (rule T11)."""

import json
from collections.abc import Mapping
from typing import Any

from callstage_domain.errors import ModelFacingError
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable


def checked_arguments(arguments_json: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the schema's top-level defaults filled in. Raises ModelFacingError that says what to correct."""
    try:
        arguments: Any = json.loads(arguments_json or "{}")
    except ValueError as err:
        raise ModelFacingError("The arguments are not valid JSON. Call the tool again with a JSON object.", code="invalid_arguments") from err
    if not isinstance(arguments, dict):
        raise ModelFacingError("The arguments must be a JSON object. Call the tool again.", code="invalid_arguments")
    given: dict[str, Any] = arguments
    properties: Mapping[str, Any] = schema.get("properties") or {}
    for name, member in properties.items():
        if name not in given and isinstance(member, dict) and "default" in member:
            given[name] = member["default"]
    try:
        Draft202012Validator.check_schema(dict(schema))
        problem: Any = best_match(Draft202012Validator(dict(schema), registry=Registry()).iter_errors(given))
    except (SchemaError, Unresolvable) as err:
        raise ModelFacingError("This tool is not set up correctly and cannot be used.", code="invalid_schema") from err
    if problem is not None:
        place = ".".join(str(part) for part in problem.absolute_path)
        where = f"'{place}': " if place else ""
        message = str(problem.message)[:300]
        raise ModelFacingError(f"Invalid arguments: {where}{message}. Correct them, or ask the caller for what is missing.", code="invalid_arguments")
    return given
