"""Proves V7 S5 T3 I4: caller lookup, code checks, backend tests, over gRPC."""

import json
from typing import Any

import grpc
import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.odoo import FakeOdoo

Sandbox = Any
pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own


async def _look_up(client: Any, phone: str, **more: Any) -> dict[str, Any]:
    reply = await client.LookUpCaller(pb.LookUpCallerRequest(tenant_id=more.pop("tenant_id", "t1"), agent_id="a1", caller_phone=phone, **more))
    return json.loads(reply.variables_json)


@pytest.mark.parametrize("stored", ["+32 471 23 45 67", "0471/23.45.67", "0032471234567", "(0)471-234567", "+32471234567"])
async def test_the_caller_is_found_however_the_number_is_written(client: Any, sandbox: Sandbox, odoo: FakeOdoo, stored: str) -> None:
    sandbox.code("return 1")
    sandbox.connect(odoo)
    odoo.records.tables["res.partner"].clear()
    odoo.seed(
        "res.partner",
        [{"name": "Bob", "phone": "+1 202 471 234 567", "mobile": ""}, {"name": "Ann", "phone": "", "mobile": stored, "email": "ann@example.com"}],
    )
    found = await _look_up(client, "+32471234567")
    assert found == {"found": True, "name": "Ann", "email": "ann@example.com", "phone": stored, "customer_id": found["customer_id"]}
    assert isinstance(found["customer_id"], int)


async def test_an_odoo_without_mobile_numbers(client: Any, sandbox: Sandbox) -> None:
    async with FakeOdoo(version="17.0") as odoo:
        odoo.seed("res.partner", [{"name": "Ann", "phone": "+32471234567", "email": "a@b.c"}])
        sandbox.code("return 1")
        sandbox.connect(odoo)
        assert (await _look_up(client, "+32471234567"))["name"] == "Ann"


async def test_another_number_with_the_same_end_is_somebody_else(client: Any, sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.code("return 1")
    sandbox.connect(odoo)
    assert await _look_up(client, "+33671234567") == {"found": False}


@pytest.mark.parametrize("phone", ["", "anonymous", "+", "12", "+32471234567' OR 1=1"])
async def test_bad_numbers_are_not_found(client: Any, sandbox: Sandbox, odoo: FakeOdoo, phone: str) -> None:
    sandbox.code("return 1")
    sandbox.connect(odoo)
    found = await _look_up(client, phone)
    assert found["found"] in (False, phone.startswith("+32"))


async def test_by_mail_address(client: Any, sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.code("return 1")
    sandbox.connect(odoo)
    assert (await _look_up(client, "", email="Ann@Example.com"))["name"] == "Ann"
    assert await _look_up(client, "", email="%@example.com") == {"found": False}


async def test_any_trouble_means_not_found_within_the_budget(client: Any, sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.code("return 1")
    assert await _look_up(client, "+32471234567") == {"found": False}
    sandbox.connect(odoo)
    sandbox.servicer._lookup._timeout_s = 0.2
    odoo.faults.add(Fault(delay_s=3), times=None)
    assert await _look_up(client, "+32471234567") == {"found": False}
    odoo.faults.clear()
    odoo.faults.add(Fault(raw_body=b"<html>"), times=None)
    assert await _look_up(client, "+32471234567") == {"found": False}
    assert await _look_up(client, "+32471234567", tenant_id="t2") == {"found": False}


async def test_good_code_has_no_findings(client: Any) -> None:
    code = """rows = await server.search_read("res.partner", domain=[["phone", "=", args["phone"]]], limit=1, context={})
if not rows:
    return {"found": False}
try:
    await server.write("res.partner", [rows[0]["id"]], {"name": "x"})
except BackendAccessError as e:
    logger.error("no %s", e)
email = kwargs.get("integrations", {}).get("email")
session["customer_id"] = rows[0]["id"]
return {"found": True, **rows[0]}"""
    assert list((await client.CheckCode(pb.CheckCodeRequest(code=code))).findings) == []


@pytest.mark.parametrize(
    ("code", "kind", "line", "text"),
    [
        ("x = 1\nreturn x +", "syntax", 2, "xpect"),
        ("x = 1\nretrun x", "syntax", 2, ""),
        ('rows = server.search_read("a")\nreturn rows[0]', "type", 2, "subscript"),
        ('await server.search_red("a")', "type", 1, "search_red"),
        ("import requests\nreturn 1", "type", 1, "requests"),
        ("return nope", "type", 1, "nope"),
        ("s = '''\n\n'''\nreturn nope", "type", 4, "nope"),
    ],
)
async def test_findings_name_the_tools_own_line(client: Any, code: str, kind: str, line: int, text: str) -> None:
    findings = (await client.CheckCode(pb.CheckCodeRequest(code=code))).findings
    assert any((finding.code, finding.line, finding.is_error) == (kind, line, True) and text in finding.message for finding in findings), findings


async def test_code_is_not_run_by_a_check(client: Any) -> None:
    endless = await client.CheckCode(pb.CheckCodeRequest(code="while True:\n    pass"))
    assert [finding for finding in endless.findings if finding.code == "syntax"] == []
    huge = await client.CheckCode(pb.CheckCodeRequest(code="x = 1\n" * 100_000))
    assert "longer than" in huge.findings[0].message


async def test_backend_test_says_what_answered(client: Any, sandbox: Sandbox, odoo: FakeOdoo) -> None:
    connection = sandbox.connect(odoo)
    good = await client.TestBackend(pb.TestBackendRequest(tenant_id="t1", backend_json=connection.model_dump_json()))
    assert (good.ok, good.version) == (True, "17.0")
    wrong = sandbox.connect(odoo, secret="nope")
    refused = await client.TestBackend(pb.TestBackendRequest(tenant_id="t1", backend_json=wrong.model_dump_json()))
    assert (refused.ok, refused.message) == (False, "Odoo refused the login: wrong database, user or key")
    broken = await client.TestBackend(pb.TestBackendRequest(tenant_id="t1", backend_json="{}"))
    assert broken.ok is False
    internal = connection.model_copy(update={"url": "http://10.0.0.1"})
    blocked = await client.TestBackend(pb.TestBackendRequest(tenant_id="t1", backend_json=internal.model_dump_json()))
    assert "internal address" in blocked.message
    with pytest.raises(grpc.aio.AioRpcError) as foreign:
        await client.TestBackend(pb.TestBackendRequest(tenant_id="t2", backend_json=connection.model_dump_json()))
    assert foreign.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_malformed_requests_over_the_wire(client: Any, sandbox: Sandbox) -> None:
    sandbox.code("return 1")
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await client.RunTool(pb.RunToolRequest(tool="tool"))
    assert missing.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    request = pb.RunToolRequest(tool="tool", run_key="k", args_json="{not json")
    request.context.tenant_id, request.context.agent_id, request.context.deployment = "t1", "a1", 1
    assert (await client.RunTool(request)).error_code == "invalid_arguments"
    request.args_json = "[1]"
    assert (await client.RunTool(request)).error_code == "invalid_arguments"
    request.args_json = ""
    assert json.loads((await client.RunTool(request)).result_json) == {"result": 1}
