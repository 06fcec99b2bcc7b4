"""Proves T1 T2 T3 T6 T9 T11: what tool code may do, what it gets, what comes back."""

import json
from typing import Any

import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_domain.agent import ToolDefinition
from callstage_testing.fakes.odoo import FakeOdoo, rpc_method
from callstage_testing.fakes.odoo_records import validation_error

Sandbox = Any


async def test_body_with_everything_in_scope(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code('''
logger.info("looking for %s", args["name"])
print("printed")
text = """two
  lines"""
email = kwargs.get("integrations", {}).get("email")
rows = await server.search_read("res.partner", domain=[["name", "=", args["name"]]], fields=["id", "name"], limit=1)
session["customer_id"] = rows[0]["id"]
return {"found": True, "name": rows[0]["name"], "text": text, "email": email, "_run_llm": False}
''')
    reply = await sandbox.run({"name": "Ann"}, session={"old": 1})
    assert reply.status == pb.RUN_STATUS_OK, reply
    assert json.loads(reply.result_json) == {"found": True, "name": "Ann", "text": "two\n  lines", "email": None}
    assert json.loads(reply.session_json) == {"old": 1, "customer_id": 1}
    assert list(reply.logs) == ["INFO looking for Ann", "printed"]
    assert [call.name for call in reply.host_calls] == ["server.search_read res.partner.search_read"]
    assert reply.HasField("run_llm")
    assert reply.run_llm is False


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("return 5", {"result": 5}),
        ("return None", {"result": None}),
        ("# nothing to do", {"result": None}),
        ("", {"result": None}),
        ("return [1, (2, 3)]", {"result": [1, [2, 3]]}),
        ("    x = 1\n    return {'x': x}", {"x": 1}),
        ("args = dict(args)\nargs['b'] = 2\nreturn args", {"a": 1, "b": 2}),
        ("import datetime\nreturn {'d': datetime.date(2026, 1, 31), 's': {1}, 'f': float('nan')}", {"d": "2026-01-31", "s": [1], "f": None}),
        ("return {\n'a': 'x\\\n y'}", {"a": "x y"}),
    ],
)
async def test_results(sandbox: Sandbox, code: str, result: dict[str, Any]) -> None:
    sandbox.code(code)
    reply = await sandbox.run({"a": 1})
    assert (reply.status, json.loads(reply.result_json)) == (pb.RUN_STATUS_OK, result), reply
    assert not reply.HasField("run_llm")


async def test_extra_keywords_reach_the_backend_unchanged(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code("""
await server.search_read("res.partner", domain=[], fields=["name"], limit=2, context={"active_test": False}, load="")
order = await server.create("sale.order", vals={"name": "S1"}, context={"default_company_id": 1})
await server.write("sale.order", [order], {"note": "n"})
await server.call("sale.order", "action_confirm", ids=[order], validate=True)
rows = await server.read("sale.order", [order], fields=["note"])
same = await server.read("sale.order", {"name": "S1"}, fields=["note"])
await server.delete("sale.order", ids=[order])
return {"order": order, "rows": rows, "same": same}
""")
    reply = await sandbox.run()
    assert reply.status == pb.RUN_STATUS_OK, reply
    assert json.loads(reply.result_json) == {"order": 1, "rows": [{"id": 1, "note": "n"}], "same": [{"id": 1, "note": "n"}]}
    sent = [exchange.json["params"]["args"] for exchange in odoo.executed]
    assert sent[0][3:] == [
        "res.partner",
        "search_read",
        [],
        {"domain": [], "fields": ["name"], "limit": 2, "context": {"active_test": False}, "load": ""},
    ]
    assert sent[1][3:] == ["sale.order", "create", [{"name": "S1"}], {"context": {"default_company_id": 1}}]
    assert sent[3][3:] == ["sale.order", "action_confirm", [[1]], {"validate": True}]
    assert [write.method for write in odoo.writes] == ["create", "write", "action_confirm", "unlink"]


async def test_backend_errors_can_be_caught_and_told_apart(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)

    def refuse(*_: Any) -> Any:
        raise validation_error("The quantity must be positive.")

    odoo.deny("sale.order", "create")
    odoo.method("sale.order", "check", refuse)
    sandbox.code("""
kinds = []
for method in ("create", "check"):
    try:
        if method == "create":
            await server.create("sale.order", vals={"name": "x"})
        else:
            await server.call("sale.order", "check", ids=[1])
    except BackendAccessError as e:
        kinds.append(["access", str(e)])
    except BackendValidationError as e:
        kinds.append(["validation", str(e)])
try:
    await server.read("sale.order", [99], fields=["name"])
except BackendError as e:
    kinds.append(["any", isinstance(e, BackendNotFoundError)])
return kinds
""")
    reply = await sandbox.run()
    assert reply.status == pb.RUN_STATUS_OK, reply
    assert json.loads(reply.result_json)["result"] == [
        ["access", "You are not allowed to access 'sale.order' records (create)."],
        ["validation", "The quantity must be positive."],
        ["any", True],
    ]


async def test_an_uncaught_backend_error_has_the_backends_words(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    odoo.deny("sale.order", "create")
    sandbox.code('await server.create("sale.order", vals={"name": "x"})')
    sandbox.connect(odoo)
    refused = await sandbox.run()
    assert (refused.status, refused.error_code) == (pb.RUN_STATUS_FAILED, "backend_access")
    assert "You are not allowed" in refused.model_text
    sandbox.connect(odoo, secret="wrong-key")
    locked_out = await sandbox.run()
    assert locked_out.error_code == "backend_authentication"
    sandbox.configuration.backends.clear()
    missing = await sandbox.run()
    assert missing.error_code == "backend_not_configured"


async def test_a_stale_login_is_renewed(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code('return await server.search_read("res.partner", fields=["name"])')
    assert (await sandbox.run()).status == pb.RUN_STATUS_OK
    odoo.uid = 9
    assert (await sandbox.run()).status == pb.RUN_STATUS_OK
    logins = [exchange for exchange in odoo.requests if rpc_method(exchange) == "authenticate"]
    assert len(logins) == 2


async def test_arguments_are_validated_before_the_code_runs(sandbox: Sandbox) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "unit": {"type": "string", "default": "kg"}}, "required": ["n"]}
    sandbox.code("return args", parameters=schema)
    refused = await sandbox.run({"n": "two"})
    assert (refused.status, refused.error_code, refused.duration_ms) == (pb.RUN_STATUS_FAILED, "invalid_arguments", 0)
    assert "'two' is not of type 'integer'" in refused.model_text
    assert "n" in (await sandbox.run({})).model_text
    assert json.loads((await sandbox.run({"n": 2})).result_json) == {"n": 2, "unit": "kg"}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("x = 1\nreturn x +", "line 2"),
        ("x = 1\n\nreturn x / 0", "ZeroDivisionError: division by zero (line 3)"),
        ("def f():\n    return 1 / 0\n\nreturn f()", "(line 2)"),
        ("return nope", "NameError: name 'nope' is not defined (line 1)"),
        ("raise ValueError('no such day')", "ValueError: no such day (line 1)"),
        ('s = """\nx\n"""\nreturn nope', "(line 4)"),
    ],
)
async def test_errors_name_the_tools_own_line(sandbox: Sandbox, code: str, text: str) -> None:
    sandbox.code(code)
    reply = await sandbox.run()
    assert (reply.status, reply.error_code) == (pb.RUN_STATUS_FAILED, "tool_error")
    assert text in reply.model_text


async def test_session_stays_as_it_was_when_a_tool_fails(sandbox: Sandbox) -> None:
    sandbox.code("session['a'] = 2\nraise ValueError('x')")
    assert json.loads((await sandbox.run(session={"a": 1})).session_json) == {"a": 1}


async def test_secrets_do_not_show(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    odoo.method("res.partner", "leak", lambda *_: {"key": odoo.password, "other": "csk_live_0123456789abcdef"})
    sandbox.code('r = await server.call("res.partner", "leak")\nlogger.error(r["key"] + r["other"])\nsession["k"] = r["key"]\nreturn r')
    reply = await sandbox.run()
    assert reply.status == pb.RUN_STATUS_OK
    assert odoo.password not in str(reply)
    assert "csk_live_0" not in str(reply)
    assert "[secret]" in reply.logs[0]


async def test_time_limits(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.deploy(ToolDefinition(name="tool", kind="code", code="import asyncio\nawait asyncio.sleep(60)", timeout_s=0.3))
    reply = await sandbox.run()
    assert (reply.status, reply.error_code) == (pb.RUN_STATUS_TIMED_OUT, "timeout")
    assert 250 <= reply.duration_ms < 30_000


async def test_unknown_tools_and_foreign_tenants(sandbox: Sandbox) -> None:
    sandbox.code("return 1")
    assert (await sandbox.run(tool="nope")).error_code == "unknown_tool"
    assert (await sandbox.run(tenant_id="t2")).error_code == "unknown_tool"
    assert (await sandbox.run(tool="end_call")).error_code == "unknown_tool"


async def test_calls_run_at_the_same_time_and_unawaited_ones_finish(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    sandbox.code("""
import asyncio
many = await asyncio.gather(*[server.search_read("res.partner", fields=["name"]) for _ in range(20)])
server.create("sale.order", vals={"name": "late"})
return len(many)
""")
    reply = await sandbox.run()
    assert json.loads(reply.result_json) == {"result": 20}
    assert [write.method for write in odoo.writes] == ["create"]


async def test_preload_ignores_run_llm_and_schema(sandbox: Sandbox) -> None:
    sandbox.code("return {'a': args.get('caller_phone'), '_run_llm': True}", parameters={"type": "object", "required": ["x"], "properties": {}})
    reply = await sandbox.run({"caller_phone": "+1"}, is_preload=True)
    assert json.loads(reply.result_json) == {"a": "+1"}
    assert not reply.HasField("run_llm")


async def test_one_tenant_cannot_starve_another(sandbox: Sandbox) -> None:
    from callstage_kit.tasks import TaskScope

    slow = ToolDefinition(name="tool", kind="code", code="import asyncio\nawait asyncio.sleep(30)", timeout_s=30)
    sandbox.deploy(slow)
    sandbox.deploy(ToolDefinition(name="tool", kind="code", code="return 1"), tenant_id="t2")
    async with TaskScope("flood") as scope:
        flood = [scope.start(sandbox.run(), name="run") for _ in range(12)]
        other = await sandbox.run(tenant_id="t2")
        assert json.loads(other.result_json) == {"result": 1}
        assert other.duration_ms < 15_000
        refused = await sandbox.run()
        assert (refused.status, refused.error_code) == (pb.RUN_STATUS_FAILED, "busy")
        assert sum(task.done() for task in flood) <= 4


async def test_a_failure_names_its_line_and_the_types_in_scope(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    """The run is played again from its record for it: the backend hears of each call once."""
    sandbox.connect(odoo)
    sandbox.code("""
import random
text = \"\"\"two
lines\"\"\"
rows = await server.search_read("res.partner", fields=["name"])
order = {"total": 12, "lines": 3}
made = await server.create("sale.order", vals={"name": str(random.random())})
nothing, pair, empty = None, (1, "a"), []
for row in rows:
    wanted = row["missing"]
late = 1
""")
    reply = await sandbox.run({"phone": "+32471000000"}, session={"customer_id": 4})
    assert (reply.error_code, reply.line) == ("tool_error", 10)
    scope = {name.name: name.type for name in reply.scope}
    assert scope == {
        "args": "dict[str, str]",
        "session": "dict[str, int]",
        "random": "module",
        "text": "str",
        "rows": "list[dict] (1)",
        "order": "dict[str, int]",
        "made": "int",
        "nothing": "None",
        "pair": "tuple[int | str] (2)",
        "empty": "list",
        "row": "dict[str, int | str]",
    }
    assert "+32471" not in str(reply.scope)
    assert [write.method for write in odoo.writes] == ["create"]
    assert len(odoo.executed) == 2


async def test_what_the_backend_refused_has_a_scope_and_what_no_code_did_has_none(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    sandbox.connect(odoo)
    odoo.deny("sale.order", "create")
    sandbox.code('lines = [1, 2]\nawait server.create("sale.order", vals={"name": "x"})')
    refused = await sandbox.run()
    assert (refused.error_code, refused.line) == ("backend_access", 2)
    assert {name.name: name.type for name in refused.scope}["lines"] == "list[int] (2)"
    sandbox.code("return 1 +")
    assert list((await sandbox.run()).scope) == []
    sandbox.code("import asyncio\nawait asyncio.sleep(3)\nraise ValueError('late')", timeout_s=5)
    slow = await sandbox.run()
    assert (slow.line, list(slow.scope)) == (3, [])


async def test_hidden_values_reach_the_code_and_show_nowhere(sandbox: Sandbox, odoo: FakeOdoo) -> None:
    """Rule B3: what a caller typed in secret stands as its placeholder in whatever is kept or answered."""
    sandbox.connect(odoo)
    sandbox.code("""
print("pin", args["pin"])
session["pin"] = args["pin"]
await server.create("sale.order", vals={"name": args["pin"]})
return {"text": "it is " + args["pin"], "number": int(args["pin"]), "list": [args["pin"]]}
""")
    hidden = {"[keypad-0a1b2c3d]": "8305"}
    reply = await sandbox.run({"pin": "8305"}, hidden_values=hidden)
    (placeholder,) = hidden
    assert json.loads(reply.result_json) == {"text": f"it is {placeholder}", "number": placeholder, "list": [placeholder]}
    assert json.loads(reply.session_json) == {"pin": placeholder}
    assert list(reply.logs) == [f"pin {placeholder}"]
    assert odoo.writes[0].values == {"name": "8305"}
    sandbox.code("raise ValueError(args['pin'])")
    assert "8305" not in (await sandbox.run({"pin": "8305"}, hidden_values=hidden)).SerializeToString().decode(errors="replace")
