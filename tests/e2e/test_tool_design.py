"""Proves D5 R1 R2 T12 T13 AC6 I1 I3 I4 T9 W7: a tool is made from a live model, rehearsed, run and deployed, through the public API alone."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from callstage_testing.fakes.crm import CrmAnswer, FakeCrm
from callstage_testing.fakes.mail import FakeMail
from callstage_testing.fakes.odoo import FakeOdoo
from callstage_testing.stack import Stack

from tests.platform_steps import browser_call, eventually, hears, make_agent

ODOO_KEY = "odoo-api-key-of-the-test"


@pytest.fixture
async def odoo() -> AsyncIterator[FakeOdoo]:
    async with FakeOdoo(password=ODOO_KEY, version="17.0") as fake:
        fake.define(
            "helpdesk.ticket",
            {
                "name": {"type": "char", "string": "Subject", "required": True},
                "priority": {"type": "selection", "selection": [["0", "Low"], ["1", "High"]]},
            },
        )
        yield fake


async def test_from_a_live_model_to_a_deployed_tool(stack: Stack, api: httpx2.AsyncClient, odoo: FakeOdoo) -> None:
    agent = await make_agent(api, "tool-design", deploy=False)
    connection = {"kind": "odoo", "url": odoo.url, "database": odoo.db, "login": odoo.login, "api_key": ODOO_KEY}
    assert (await api.put(f"/v1/agents/{agent}/backend", json=connection)).status_code == 200
    assert (await api.post(f"/v1/agents/{agent}/backend/test")).json()["ok"] is True

    async def described() -> httpx2.Response | None:
        reply = await api.get(f"/v1/agents/{agent}/backend/models/helpdesk.ticket")
        return reply if reply.status_code == 200 else None

    fields = (await eventually(described, what="the connection in tool-sandbox")).json()["fields"]
    named = [(field["name"], field["required"], field["choices"]) for field in fields if field["name"] != "id"]
    assert named == [("name", True, []), ("priority", False, ["0", "1"])]
    resource = {"model": "helpdesk.ticket", "fields": fields, "access": ["create"], "create_extra": {"priority": "1"}}
    assert (await api.patch(f"/v1/agents/{agent}", json={"resources": [resource]})).status_code == 200

    refused = await api.post(f"/v1/agents/{agent}/tools/template", json={"model": "helpdesk.ticket", "action": "delete"})
    assert (refused.status_code, "delete" in refused.json()["detail"]) == (422, True)
    tool = (await api.post(f"/v1/agents/{agent}/tools/template", json={"model": "helpdesk.ticket", "action": "create"})).json()
    checked = (await api.post("/v1/tools/check", json={"code": tool["code"]})).json()
    assert (checked["remarks"], checked["effects"]["writes"]) == ([], [{"target": "helpdesk.ticket", "operation": "create"}])
    assert (await api.patch(f"/v1/agents/{agent}", json={"tools": [{**tool, "kind": "code"}, "end_call"]})).status_code == 200

    path = f"/v1/agents/{agent}/tools/{tool['name']}/try"
    rehearsed = (await api.post(path, json={"args": {"name": "No hot water"}, "dry_run": True})).json()
    assert (rehearsed["status"], rehearsed["result"]["id"]) == ("ok", -1), rehearsed
    assert rehearsed["writes"] == [
        {
            "operation": "create",
            "target": "helpdesk.ticket",
            "arguments": {"vals": {"name": "No hot water", "priority": "1"}},
        }
    ]
    assert odoo.records.tables["helpdesk.ticket"] == {}
    wrong = (await api.post(path, json={"args": {}})).json()
    assert (wrong["status"], wrong["error_code"], "name" in wrong["error"]) == ("failed", "invalid_arguments", True)
    real = (await api.post(path, json={"args": {"name": "No hot water"}})).json()
    assert (real["result"], real["writes"]) == ({"status": "created", "id": 1}, [])
    assert [row["name"] for row in odoo.records.tables["helpdesk.ticket"].values()] == ["No hot water"]
    actions = [entry["action"] for entry in (await api.get("/v1/audit", params={"limit": 20})).json()["entries"]]
    assert actions.count("tool.tried") == 2

    deployed = (await api.post(f"/v1/agents/{agent}/deploy", json={})).json()
    assert deployed["effects"] == [{"tool": tool["name"], "effects": {**checked["effects"], "hosts": [f"127.0.0.1:{odoo.port}"]}}]
    assert (await api.post(f"/v1/agents/{agent}/tools/end_call/try", json={})).json()["code"] == "builtin_tool"


async def test_a_tool_that_sends_mail(stack: Stack, api: httpx2.AsyncClient) -> None:
    async with FakeMail({"shop@example.com": "mail-secret"}) as mail:
        settings = {"sender": "shop@example.com", "smtp_host": "127.0.0.1", "smtp_port": mail.smtp_port, "smtp_security": "none"}
        body = {"provider": "smtp", "name": "Shop", "settings": {**settings, "username": "shop@example.com"}, "secret": "mail-secret"}
        assert (await api.post("/v1/integrations/test", json={**body, "secret": "wrong"})).json()["ok"] is False
        assert (await api.post("/v1/integrations/test", json=body)).json() == {"ok": True, "message": "", "account": "127.0.0.1"}
        made = (await api.post("/v1/integrations", json=body)).json()
        code = 'mail = kwargs.get("integrations", {}).get("email")\nreturn {"id": mail and await mail.send(args["to"], "Hello", "Thank you.")}'
        parameters = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
        tool = {"name": "say_thanks", "kind": "code", "description": "Thanks.", "parameters": parameters, "code": code}
        agent = await make_agent(api, "tool-mail", tools=[tool, "end_call"], integrations={"email": made["id"]})

        async def sent() -> dict[str, str] | None:
            tried = (await api.post(f"/v1/agents/{agent}/tools/say_thanks/try", json={"args": {"to": "ada@example.com"}})).json()
            return tried["result"] if tried["result"].get("id") else None

        result = await eventually(sent, what="the account in tool-sandbox")
        [message] = await mail.wait_for_mail()
        assert (message.recipients, result["id"].encode() in message.raw) == (("ada@example.com",), True)
        assert (await api.delete(f"/v1/integrations/{made['id']}")).status_code == 409


async def test_deliveries_are_listed_and_sent_again(stack: Stack, api: httpx2.AsyncClient) -> None:
    async with FakeCrm() as crm:
        crm.on("create_lead", CrmAnswer(body={"status": "created", "message": "Noted."}))
        agent = await make_agent(
            api, "tool-hooks", greeting="Hi.", tools=["create_lead"], tools_webhook_url=crm.url, system_prompt="Create a lead for every caller."
        )
        async with browser_call(stack, agent) as browser:
            await hears(browser, "Hi.")
            for text in ("Please create a lead for me", "Ada", "+12025550188"):
                await browser.wait_for_agent_silence(400, 15)
                browser.send_text(text)
                await browser.wait_for_agent_speech(15, after=browser.room.now)
            await hears(browser, "Noted")

        async def listed() -> dict[str, Any] | None:
            runs: list[dict[str, Any]] = (await api.get("/v1/tool-runs", params={"agent_id": agent})).json()["tool_runs"]
            return runs[0] if runs else None

        run = await eventually(listed, what="the delivery in the list")
        [call] = run["host_calls"]
        assert (run["status"], run["arguments"]["phone"], call["status"], call["url"]) == ("ok", "+12025550188", 200, crm.url)
        assert "Noted." in call["response"]
        again = await api.post(f"/v1/calls/{run['call_id']}/tool-runs/{run['run_key']}/redeliver", json={})
        assert again.json()["speech"] == "Noted.", again.text
        first, second = crm.deliveries("create_lead")
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == run["run_key"]
        assert first.json == second.json
