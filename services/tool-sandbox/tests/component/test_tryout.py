"""Proves D5 T12 T13 R2 W7: tools are tried, rehearsed and summed up, models described, on the wires of Odoo, ERPNext and a webhook."""

import json
from typing import Any, cast

import pytest
from aiohttp import web
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_domain.agent import ToolDefinition
from callstage_kit.egress import EgressClient
from callstage_kit.egress_policy import EgressPolicy
from callstage_testing.fakes.crm import CrmAnswer, FakeCrm
from callstage_testing.fakes.odoo import FakeOdoo
from callstage_testing.fakes.server import FakeServer
from tool_sandbox.backends.erpnext import ErpnextBackend, FrappeLogin

Sandbox = Any
ORDER = """found = await server.search_read("res.partner", domain=[["name", "=", "Ann"]], fields=["name"], limit=1)
order = await server.create("sale.order", vals={"partner_id": found[0]["id"], "note": args["note"]}, context={"lang": "de"})
await server.write("sale.order", [order], {"note": args["note"] + "!"})
rows = await server.read("sale.order", [order], fields=["note"])
await server.call("sale.order", "action_confirm", ids=[order])
logger.info("made %s", order)
return {"order": order, "note": rows[0]["note"]}"""
PARAMETERS = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}


def _tool(code: str | None = ORDER, **more: Any) -> str:
    return ToolDefinition(name="order", kind="code" if code else "webhook", code=code, parameters=PARAMETERS, **more).model_dump_json()


async def _try(sandbox: Sandbox, *, args: object = None, rehearse: bool = False, tool: str | None = None, url: str = "") -> pb.TryToolReply:
    request = pb.TryToolRequest(
        tenant_id="t1",
        agent_id="a1",
        tool_json=tool or _tool(),
        args_json=json.dumps({"note": "hi"} if args is None else args),
        is_rehearsal=rehearse,
        tools_webhook_url=url,
    )
    return await sandbox.servicer.TryTool(request, cast(Any, None))


async def test_a_rehearsal_reads_and_writes_nothing(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    reply = await _try(sandbox, rehearse=True)
    assert reply.run.status == pb.RUN_STATUS_OK, reply.run.model_text
    assert json.loads(reply.run.result_json) == {"order": -1, "note": "hi!"}
    writes = [(write.operation, write.target, json.loads(write.arguments_json)) for write in reply.writes]
    assert writes == [
        ("create", "sale.order", {"vals": {"partner_id": 1, "note": "hi"}, "extra": {"context": {"lang": "de"}}}),
        ("write", "sale.order", {"ids": [-1], "vals": {"note": "hi!"}}),
        ("call", "sale.order.action_confirm", {"ids": [-1]}),
    ]
    assert odoo.records.tables["sale.order"] == {}
    assert list(reply.run.logs) == ["INFO made -1"]


async def test_the_same_for_real(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    reply = await _try(sandbox)
    assert json.loads(reply.run.result_json) == {"order": 1, "note": "hi!"}
    assert list(reply.writes) == []
    assert odoo.records.tables["sale.order"][1]["note"] == "hi!"
    assert [call.name.split()[0] for call in reply.run.host_calls] == [
        f"server.{name}" for name in ("search_read", "create", "write", "read", "call")
    ]


async def test_what_goes_wrong_is_readable(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    missing = await _try(sandbox, args={})
    assert (missing.run.error_code, "note" in missing.run.model_text) == ("invalid_arguments", True)
    assert (await _try(sandbox, args=[1])).run.error_code == "invalid_arguments"
    unconnected = await _try(sandbox, rehearse=True)
    assert unconnected.run.error_code == "backend_not_configured"
    sandbox.connect(odoo, secret="nope")
    assert (await _try(sandbox)).run.error_code == "backend_authentication"
    broken = await _try(sandbox, tool=_tool("x = 1\nreturn x / 0"))
    assert "(line 2)" in broken.run.model_text


async def test_a_webhook_is_tried_and_rehearsed(sandbox: Sandbox, crm: FakeCrm) -> None:
    sandbox.deploy()
    crm.on("order", CrmAnswer(body={"status": "created", "message": "Done."}))
    rehearsed = await _try(sandbox, tool=_tool(None), rehearse=True, url=crm.url)
    assert [(write.operation, write.target, json.loads(write.arguments_json)["args"]) for write in rehearsed.writes] == [
        ("webhook", crm.url, {"note": "hi"})
    ]
    assert crm.deliveries("order") == []
    real = await _try(sandbox, tool=_tool(None), url=crm.url)
    assert real.run.speech == "Done."
    assert len(crm.deliveries("order")) == 1


async def test_a_check_also_sums_up(sandbox: Sandbox) -> None:
    effects = (await sandbox.servicer.CheckCode(pb.CheckCodeRequest(code=ORDER), cast(Any, None))).effects
    assert list(effects.models_read) == ["res.partner", "sale.order"]
    assert [(effect.target, effect.operation) for effect in effects.writes] == [("sale.order", "create"), ("sale.order", "write")]
    assert [(effect.target, effect.operation) for effect in effects.calls] == [("sale.order", "action_confirm")]
    assert list(effects.unknown) == []


async def test_fields_come_from_the_backend(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    odoo.define(
        "helpdesk.ticket",
        {
            "name": {"type": "char", "string": "Subject", "required": True},
            "partner_id": {"type": "many2one", "relation": "res.partner"},
            "state": {"type": "selection", "selection": [["new", "New"], ["done", "Done"]], "readonly": True},
        },
    )
    sandbox.connect(odoo)
    reply = await sandbox.servicer.DescribeModel(pb.DescribeModelRequest(tenant_id="t1", agent_id="a1", model="helpdesk.ticket"), cast(Any, None))
    found = {field.name: field for field in reply.fields}
    assert (found["name"].label, found["name"].is_required) == ("Subject", True)
    assert found["partner_id"].relation == "res.partner"
    assert (list(found["state"].choices), found["state"].is_readonly) == (["new", "done"], True)
    unknown = await sandbox.servicer.DescribeModel(pb.DescribeModelRequest(tenant_id="t1", agent_id="a1", model="no.such"), cast(Any, None))
    assert unknown.error_code.startswith("backend_")
    foreign = await sandbox.servicer.DescribeModel(pb.DescribeModelRequest(tenant_id="t2", agent_id="a1", model="res.partner"), cast(Any, None))
    assert (foreign.error_code, list(foreign.fields)) == ("backend_not_configured", [])


class _DocTypes(FakeServer):
    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/resource/DocType/Sales Order", self._doctype)]

    async def _doctype(self, _: web.Request) -> web.Response:
        fields = [
            {"fieldname": "customer", "fieldtype": "Link", "options": "Customer", "reqd": 1, "label": "Customer"},
            {"fieldname": "status", "fieldtype": "Select", "options": "\nDraft\nClosed", "read_only": 1},
            {"fieldname": "section", "fieldtype": "Section Break"},
        ]
        return web.json_response({"data": {"name": "Sales Order", "fields": fields}})


async def test_fields_of_a_doctype() -> None:
    async with _DocTypes() as site, EgressClient(EgressPolicy(["127.0.0.1"])) as egress:
        backend = ErpnextBackend(FrappeLogin(site.base_url, "key", "secret"), egress, timeout_s=2, max_response_bytes=1 << 20)
        customer, status = await backend.fields_of("Sales Order")
    assert (customer.name, customer.relation, customer.is_required) == ("customer", "Customer", True)
    assert (status.choices, status.is_readonly) == (("Draft", "Closed"), True)


@pytest.mark.parametrize("changed", [{"tenant_id": ""}, {"tool_json": "{}"}])
async def test_defects_of_the_asking_service_are_refused(sandbox: Sandbox, changed: dict[str, str]) -> None:
    class Aborted(Exception):
        pass

    class Context:
        async def abort(self, code: object, message: str) -> None:
            raise Aborted(message)

    named = {"tenant_id": "t1", "tool_json": _tool(), **changed}
    request = pb.TryToolRequest(tenant_id=named["tenant_id"], agent_id="a1", tool_json=named["tool_json"])
    with pytest.raises(Aborted):
        await sandbox.servicer.TryTool(request, cast(Any, Context()))
