"""Arguments of the model against the tool's JSON Schema (rule T11)."""

from collections.abc import Mapping
from typing import Any

from callstage_domain.agent import ToolDefinition
from callstage_domain.builtin_tools import STANDARD_WEBHOOK_TOOLS
from callstage_domain.errors import ModelFacingError
from callstage_kit.json_schema import UnusableSchema, violations, with_defaults


class InvalidArguments(ModelFacingError):
    """Goes back to the model as a tool error, never to the caller."""

    code = "invalid_arguments"


def checked_arguments(schema: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """`args` with the schema's top-level defaults filled in. Raises InvalidArguments naming the fields that are wrong."""
    filled = with_defaults(schema, args)
    try:
        wrong = violations(schema, filled)
    except UnusableSchema as err:
        raise InvalidArguments("the tool's parameters are not a valid JSON Schema") from err
    if wrong:
        raise InvalidArguments("; ".join(f"{item.place}: {item.message}" if item.place else item.message for item in wrong))
    return filled


def arguments_of(tool: ToolDefinition, args: Mapping[str, Any]) -> dict[str, Any]:
    """Against the tool's own schema, or that of the standard webhook tool whose name it has. Raises InvalidArguments."""
    schema = tool.parameters
    if tool.kind == "webhook" and not schema.get("properties") and tool.name in STANDARD_WEBHOOK_TOOLS:
        schema = STANDARD_WEBHOOK_TOOLS[tool.name].parameters
    return checked_arguments(schema, args)
