"""The API description beyond what FastAPI writes: one problem schema, summaries, and examples of every id (rule RE1)."""

from collections.abc import Iterator
from typing import Any

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. `errors` names the fields that are wrong; `findings` come with a deploy that is blocked.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "examples": ["https://callstage.dev/problems/invalid_request"]},
        "title": {"type": "string", "examples": ["invalid request"]},
        "status": {"type": "integer", "examples": [422]},
        "code": {"type": "string", "description": "Stable, for programs.", "examples": ["invalid_request"]},
        "detail": {"type": "string", "description": "For people.", "examples": ["speed: Input should be less than or equal to 2"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string", "examples": ["speed"]}, "message": {"type": "string"}},
                "required": ["field"],
            },
        },
        "findings": {"type": "array", "items": {"$ref": "#/components/schemas/FindingReply"}},
    },
    "required": ["type", "title", "status", "code", "detail"],
}
PROBLEM_RESPONSE: dict[str, Any] = {
    "description": "A problem (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_UUID = "0f8b5c0e-6a39-4c1f-9d55-0b6f0c6a7d11"
_EXAMPLES: dict[str, Any] = {
    "agent_id": "pizzeria",
    "tenant_id": _UUID,
    "new_tenant_id": "9b1d6a52-03c7-4a0e-8f4e-5d2b7f9e1c30",
    "call_id": _UUID,
    "session_id": "ses_9c0de1f2a3b4",
    "number_id": "+12025550100",
    "number": "+12025550100",
    "caller_phone": "+12025550147",
    "to_number": "+12025550100",
    "carrier_call_id": "CA0123456789abcdef0123456789abcdef",
    "key_id": _UUID,
    "user_id": _UUID,
    "integration_id": _UUID,
    "token_id": _UUID,
    "endpoint_id": _UUID,
    "delivery_id": "msg_5b0c2f7a9d3e4c1b8a6f0e2d4c6b8a90",
    "test_id": "test_4f2c9b1e7a60d385",
    "run_key": f"{_UUID}:call_1",
    "voicemail_id": "vm-0f8b5c0e6a39",
    "message_id": "<20260102.1@example.com>",
    "deployment": 3,
    "before": 2,
    "after": 3,
    "name": "greeting",
    "tool": "create_order",
    "model": "sale.order",
    "carrier": "twilio",
    "entity_id": "pizzeria",
    "account_sid": "AC0123456789abcdef0123456789abcdef",
}
_NAMES_BY_PATH = {"/v1/providers/{name}": "openai"}
_PLAIN_KINDS = frozenset({"string", "integer"})


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The document, changed in place."""
    document["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for path, operations in document["paths"].items():
        for operation in operations.values():
            text = operation.get("description", "")
            operation["summary"] = text.partition("\n")[0].partition(";")[0].rstrip(".") or operation["summary"]
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path" or parameter["name"].endswith("_id"):
                    parameter["example"] = _NAMES_BY_PATH.get(path, _EXAMPLES[parameter["name"]])
    for schema in document["components"]["schemas"].values():
        for name, member in _ids(schema):
            member.setdefault("examples", [_EXAMPLES[name]])
    return document


def _ids(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, member in schema.get("properties", {}).items():
        kinds = [member.get("type"), *(option.get("type") for option in member.get("anyOf", []))]
        if name in _EXAMPLES and name not in ("name", "before", "after") and _PLAIN_KINDS.intersection(kinds):
            yield name, member
