"""Proves RE1 RE4: the description of the API is complete enough to generate clients from, and what runs is what is described."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from callstage_testing.stack import Stack

_METHODS = {"get", "post", "put", "patch", "delete"}
_PUBLIC = {"login", "sign_in_ways", "start_oidc", "finish_oidc_sign_in"}
"""Operations that need no credential."""
_STABLE = {
    "create_agent": ("post", "/v1/agents"),
    "change_agent": ("patch", "/v1/agents/{agent_id}"),
    "deploy": ("post", "/v1/agents/{agent_id}/deploy"),
    "list_findings": ("get", "/v1/agents/{agent_id}/findings"),
    "create_number": ("post", "/v1/numbers"),
    "list_calls": ("get", "/v1/calls"),
    "get_call": ("get", "/v1/calls/{call_id}"),
    "put_mailbox": ("put", "/v1/agents/{agent_id}/mailbox"),
    "create_api_key": ("post", "/v1/api-keys"),
    "dashboard_list_calls": ("get", "/api/dashboard/calls"),
}
"""Generated clients call these by name."""


@pytest.fixture(scope="module")
def document(stack: Stack) -> dict[str, Any]:
    """As it is served; nobody has to sign in for it."""
    reply = httpx2.get(stack.dev["control_api"] + "/openapi.json", timeout=20)
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert method in _METHODS
            yield method, path, operation


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for method, path, operation in _operations(document):
        assert operation["tags"], path
        assert operation["description"].strip(), path
        assert 5 < len(operation["summary"]) < 100, f"{method} {path}: {operation['summary']}"


def test_every_operation_describes_its_errors(document: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for method, path, operation in _operations(document):
        for status in ("4XX", "5XX"):
            content = operation["responses"][status]["content"]
            assert content["application/problem+json"]["schema"] == problem, f"{method} {path}"
    assert {"type", "title", "status", "code", "detail"} <= set(document["components"]["schemas"]["Problem"]["required"])


def test_every_operation_says_who_may(document: dict[str, Any]) -> None:
    schemes = set(document["components"]["securitySchemes"])
    for method, path, operation in _operations(document):
        needed = operation["security"]
        assert bool(needed) == (operation["operationId"] not in _PUBLIC), f"{method} {path}"
        assert {name for option in needed for name in option} <= schemes


def test_operation_ids_are_unique_plain_and_stable(document: dict[str, Any]) -> None:
    places = {operation["operationId"]: (method, path) for method, path, operation in _operations(document)}
    assert len(places) == sum(1 for _ in _operations(document))
    assert all(re.fullmatch(r"[a-z][a-z_]+", name) for name in places)
    assert {name: places.get(name) for name in _STABLE} == _STABLE


def test_ids_come_with_examples(document: dict[str, Any]) -> None:
    for method, path, operation in _operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                assert parameter["example"], f"{method} {path}: {parameter['name']}"
    for name in ("AgentView", "CallRecord", "ConversationView", "NumberReply"):
        members = document["components"]["schemas"][name]["properties"]
        ids = [key for key in members if key in ("agent_id", "call_id", "session_id", "number")]
        assert ids
        assert all(members[key]["examples"] for key in ids), name


async def test_what_is_described_is_there(stack: Stack, document: dict[str, Any]) -> None:
    async with httpx2.AsyncClient(base_url=stack.dev["control_api"], timeout=20) as stranger:
        for method, path, operation in _operations(document):
            if operation["operationId"] in {*_PUBLIC, "logout"}:
                continue
            reply = await stranger.request(method, re.sub(r"\{(\w+)\}", "1", path))
            # A path or body that is wrong may be told before the credential that is missing.
            assert reply.status_code in {401, 422}, f"{method} {path}: {reply.status_code}"
            assert reply.headers["content-type"] == "application/problem+json"
