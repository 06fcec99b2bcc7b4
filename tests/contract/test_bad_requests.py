"""Proves RE1 T7 S5: whatever is sent, the answer is a problem that names what is wrong, nothing breaks, and nothing half-done stays."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from callstage_testing.stack import Stack

AGENT = "bad-requests"
PATH = f"/v1/agents/{AGENT}"


@pytest.fixture
async def http(api: httpx2.AsyncClient) -> AsyncIterator[httpx2.AsyncClient]:
    """The API with a fresh agent in it."""
    await api.delete(PATH)
    assert (await api.post("/v1/agents", json={"agent_id": AGENT, "display_name": "Bad"})).status_code == 201
    yield api
    assert (await api.delete(PATH)).status_code == 204


def _is_problem(reply: httpx2.Response, status: int, field: str | None = None) -> None:
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text[:500]
    problem = reply.json()
    assert problem["status"] == status
    assert problem["detail"]
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]]
        assert problem["detail"].startswith(field.partition(".")[0])


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b'{"system_prompt":"' + b"x" * (2 << 20) + b'"}', 413, None),
        (b'{"system_prompt":"' + b"x" * 200_000 + b'"}', 422, "system_prompt"),
        (b'{"stt":{"options":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}}", 422, "body"),
        (b'{"stt":{"options":{"a":' + b"[" * 70 + b"]" * 70 + b"}}}", 422, "body"),
        (b'{"greeting":"a\\u0000b"}', 422, "greeting"),
        (b'{"stt":{"options":{"a\\u0000":1}}}', 422, "stt.options"),
        (b'{"greeting":"\\ud800"}', 422, "greeting"),
        (b'{"stt":{"options":{"x":["\\udfff"]}}}', 422, "stt.options.x.0"),
        (b'{"greeting":"\xff\xfe"}', 422, "body"),
        ('{"greeting":"x"}'.encode("utf-16"), 422, "body"),
        (b'{"greeting":', 422, "body"),
        (b"[]", 422, "body"),
        (b"", 422, "body"),
        (b'{"speed":NaN}', 422, "body"),
        (b'{"speed":1e999}', 422, "speed"),
        (b'{"speed":1' + b"0" * 5000 + b"}", 422, "body"),
        (b'{"max_duration_s":1' + b"0" * 300 + b"}", 422, "max_duration_s"),
        (b'{"max_duration_s":1.5}', 422, "max_duration_s"),
        (json.dumps({"stages": [{"name": str(number)} for number in range(10_000)]}).encode(), 422, "stages"),
        (b'{"tools_webhook_url":"file:///etc/passwd"}', 422, "tools_webhook_url"),
        (b'{"tools_webhook_url":"https://user:pw@crm.example.com/"}', 422, "tools_webhook_url"),
        (b'{"tools_webhook_url":"https:///hook"}', 422, "tools_webhook_url"),
        (b'{"tools_webhook_url":"http://169.254.169.254/latest"}', 422, "tools_webhook_url"),
    ],
)
async def test_a_body_that_cannot_be_kept_is_refused(http: httpx2.AsyncClient, body: bytes, status: int, field: str | None) -> None:
    before = (await http.get(PATH)).json()
    _is_problem(await http.patch(PATH, content=body, headers={"content-type": "application/json"}), status, field)
    assert (await http.get(PATH)).json() == before


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_only_json_is_a_body(http: httpx2.AsyncClient, content_type: str) -> None:
    _is_problem(await http.patch(PATH, content=b"{}", headers={"content-type": content_type}), 415)


def _cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/calls?limit=-1", "limit"),
        ("/v1/calls?limit=1e9", "limit"),
        ("/v1/calls?cursor=%00", "cursor"),
        ("/v1/calls?cursor=%FF", "cursor"),
        (f"/v1/calls?cursor={_cursor(1, 2)}", "cursor"),
        (f"/v1/calls?cursor={_cursor({'t': '2026-01-01T00:00:00'}, 'x')}", "cursor"),
        (f"/v1/audit?cursor={_cursor(10**40)}", "cursor"),
        (f"/v1/audit?cursor={_cursor('1; DROP TABLE calls')}", "cursor"),
        ("/v1/calls?from=yesterday", "from"),
        ("/v1/calls?number=%00", "number"),
        ("/v1/calls?colour=red", "colour"),
        ("/v1/agents/%00", "agent_id"),
        (f"{PATH}/deployments/99999999999999999999", "deployment"),
    ],
)
async def test_a_query_that_means_nothing_is_refused(http: httpx2.AsyncClient, path: str, field: str) -> None:
    _is_problem(await http.get(path), 422, field)


@pytest.mark.parametrize("agent_id", ["x' OR 1=1--", "..%2F..%2Fetc", "ünï", "%ED%A0%80", "a" * 3000])
async def test_an_id_of_nobody_is_not_found(http: httpx2.AsyncClient, agent_id: str) -> None:
    _is_problem(await http.get(f"/v1/agents/{agent_id}"), 404)


@pytest.mark.parametrize("agent_id", ["пицца", "a b", "a\n", "", "A", "a" * 64, "'--"])
async def test_an_id_that_is_none_is_not_taken(http: httpx2.AsyncClient, agent_id: str) -> None:
    _is_problem(await http.post("/v1/agents", json={"agent_id": agent_id, "display_name": "x"}), 422, "agent_id")


async def test_of_edits_at_once_one_wins(http: httpx2.AsyncClient) -> None:
    etag = (await http.get(PATH)).headers["etag"]
    async with asyncio.TaskGroup() as group:
        edits = [group.create_task(http.patch(PATH, json={"role": f"role {number}"}, headers={"If-Match": etag})) for number in range(6)]
    assert sorted(edit.result().status_code for edit in edits) == [200, 412, 412, 412, 412, 412]
    winner = next(edit.result().json()["agent"]["role"] for edit in edits if edit.result().status_code == 200)
    assert (await http.get(PATH)).json()["agent"]["role"] == winner


async def test_an_idempotency_key_is_short_and_bound_to_its_request(http: httpx2.AsyncClient) -> None:
    _is_problem(await http.post(f"{PATH}/deploy", json={}, headers={"Idempotency-Key": "k" * 5000}), 422, "Idempotency-Key")
    first = await http.post("/v1/blocked-numbers", json={"number": "+12025550111"}, headers={"Idempotency-Key": "one"})
    assert first.status_code == 201
    again = await http.post("/v1/blocked-numbers", json={"number": "+12025550111"}, headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()) == (201, first.json())
    _is_problem(await http.post("/v1/blocked-numbers", json={"number": "+12025550112"}, headers={"Idempotency-Key": "one"}), 409)
    assert (await http.delete("/v1/blocked-numbers/+12025550111")).status_code == 204


def _nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"type": "array"}, "`type` must be"),
        ({"properties": {}, "required": ["size"]}, "'size', which is none of the properties"),
        ({"properties": {"a": {"$ref": "#"}}}, "`properties.a.$ref` refers to another schema"),
        ({"properties": {"a": {"$ref": "http://169.254.169.254/schema"}}}, "`properties.a.$ref` refers to another schema"),
        ({"properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}, "`properties.a.pattern` could take very long"),
        ({"properties": {"a": {"type": "string", "pattern": "("}}}, "`properties.a.pattern` is no regular expression"),
        ({"properties": {"a": {"type": "text"}}}, "`properties.a.type` must be one of string"),
        ({"properties": {"a": {"type": "integer", "minimum": "x"}}}, "`properties.a.minimum`"),
        ({"properties": {str(number): {"type": "string"} for number in range(2000)}}, "more than 1000 parts"),
        (_nested(20), "levels deep"),
    ],
)
async def test_parameters_that_are_no_safe_schema_block_a_deploy(http: httpx2.AsyncClient, parameters: dict[str, Any], words: str) -> None:
    stage = {"name": "order", "tools": ["order_pizza", "end_call"]}
    tool = {"name": "order_pizza", "parameters": parameters, "code": "return {}"}
    assert (await http.patch(PATH, json={"stages": [stage], "tool_definitions": [tool]})).status_code == 200
    refused = await http.post(f"{PATH}/deploy", json={})
    _is_problem(refused, 422)
    [finding] = refused.json()["findings"]
    assert (finding["code"], finding["stage"], finding["tool"]) == ("bad_parameters", "order", "order_pizza")
    assert words in finding["message"]
    assert finding["hint"]


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("total = 1\nif total\n    return {}", 2, "expected ':'"),
        ("total = (1,\nreturn {}", 1, "never closed"),
        ("total = 1\nif total:\n", 2, "'if' statement on line 2"),
        ("(" * 5000, 1, "parentheses"),
        ("-" * 150_000 + "1", None, "nested too deeply"),
    ],
)
async def test_broken_code_is_told_with_stage_tool_and_line(http: httpx2.AsyncClient, code: str, line: int | None, words: str) -> None:
    stage = {"name": "order", "tools": ["price_order", "end_call"]}
    changed = await http.patch(PATH, json={"stages": [stage], "tool_definitions": [{"name": "price_order", "code": code}]})
    assert changed.status_code == 200, changed.text
    refused = await http.post(f"{PATH}/deploy", json={})
    _is_problem(refused, 422)
    [finding] = refused.json()["findings"]
    assert (finding["code"], finding["stage"], finding["tool"], finding["line"]) == ("syntax", "order", "price_order", line)
    assert words in finding["message"]
    assert finding["message"] in refused.json()["detail"]
    assert (await http.get(f"{PATH}/findings")).json()["findings"] == [finding]


async def test_an_agent_too_large_to_travel_is_not_deployed(stack: Stack, http: httpx2.AsyncClient) -> None:
    stages = [{"name": f"stage {number}", "prompt": "x" * 99_000, "tools": ["end_call"]} for number in range(10)]
    assert (await http.patch(PATH, json={"stages": stages})).status_code == 200
    refused = await http.post(f"{PATH}/deploy", json={})
    _is_problem(refused, 422)
    assert refused.json()["findings"][0]["code"] == "agent_too_large"
    assert (await http.patch(PATH, json={"stages": []})).status_code == 200
    assert (await http.post(f"{PATH}/deploy", json={})).status_code == 200
    async with httpx2.AsyncClient() as client:
        assert (await client.get(stack.dev["control_api"] + "/readyz")).status_code == 200
