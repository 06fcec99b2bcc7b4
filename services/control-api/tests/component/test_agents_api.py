"""Proves A1 A2 A3 A4 RE1 RE2 AC6: agents over the API."""

import secrets

import pytest
from callstage_contracts.buckets import ACTIVE, DEPLOYMENTS, ROUTES, agent_key, deployment_key
from control_api.in_process import InProcess, TenantAccess, until

FULL = {
    "agent_id": "acme-sales",
    "display_name": "Sofia",
    "company": "Acme Corp",
    "role": "Receptionist",
    "language": "es",
    "voice": "Sulafat",
    "speed": 1.2,
    "speak_first": False,
    "temperature": 0.5,
    "thinking_level": "high",
    "system_prompt": "You are Sofia.",
    "tools": ["transfer_to_human", "end_call", "create_lead"],
    "tools_webhook_url": "https://crm.example.com/hook",
    "max_duration_s": 300,
    "idle_timeout_s": 20,
    "greeting": "Hello!",
    "farewell": "Bye!",
    "enable_transcription": True,
    "keep_journal": False,
    "type": "click_to_call",
    "disable_signature_verification": True,
    "test_caller_phone": "+15550001111",
    "test_sender_email": "a@example.com",
    "disclosure": False,
}


async def test_every_field_comes_back(tenant: TenantAccess) -> None:
    reply = await tenant.http.post("/v1/agents", json=FULL)
    assert reply.status_code == 201, reply.text
    agent = (await tenant.http.get("/v1/agents/acme-sales")).json()["agent"]
    assert {name: agent[name] for name in FULL} == FULL
    assert agent["llm"] == {"provider": None, "model": None, "temperature": 0.5, "thinking_level": "high", "options": {}, "fallbacks": None}
    assert agent["interruption_sensitivity"] == 0.5
    assert agent["silence_threshold_ms"] == 700


async def test_defaults(tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json={"agent_id": "plain", "display_name": "Nova"})
    agent = (await tenant.http.get("/v1/agents/plain")).json()["agent"]
    assert agent["company"] == "Nova"
    assert (agent["role"], agent["language"], agent["speed"], agent["system_prompt"]) == ("AI Assistant", "en", 1.0, "")
    assert (agent["speak_first"], agent["greeting"], agent["tools"], agent["disclosure"]) == (True, None, [], True)
    assert (agent["max_duration_s"], agent["idle_timeout_s"], agent["type"]) == (600, 30, "inbound")


async def test_patch_changes_only_what_is_sent_and_null_clears(tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json=FULL)
    cleared = await tenant.http.patch("/v1/agents/acme-sales", json={"greeting": None, "tools": [], "company": None, "system_prompt": None})
    assert cleared.status_code == 200, cleared.text
    agent = cleared.json()["agent"]
    assert (agent["greeting"], agent["tools"], agent["company"], agent["system_prompt"]) == (None, [], "Sofia", "")
    assert agent["farewell"] == "Bye!"
    agent = (await tenant.http.patch("/v1/agents/acme-sales", json={"llm": {"model": "gpt-x"}})).json()["agent"]
    assert agent["llm"] == {"provider": None, "model": "gpt-x", "temperature": 0.5, "thinking_level": "high", "options": {}, "fallbacks": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"voise": "x"}, "voise"),
        ({"speed": 3}, "speed"),
        ({"temperature": 2.5}, "temperature"),
        ({"thinking_level": "extreme"}, "thinking_level"),
        ({"silence_threshold_ms": 100}, "silence_threshold_ms"),
        ({"tools_webhook_url": "ftp://x"}, "tools_webhook_url"),
        ({"display_name": None}, "display_name"),
        ({"speak_first": None}, "speak_first"),
        ({"agent_id": "other"}, "agent_id"),
        ({"language": "not a language"}, "language"),
    ],
)
async def test_what_is_wrong_is_named(tenant: TenantAccess, body: dict[str, object], field: str) -> None:
    await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A"})
    reply = await tenant.http.patch("/v1/agents/a", json=body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["errors"][0]["field"].split(".")[0] == field
    assert field in reply.json()["detail"]


async def test_an_id_is_unique_in_a_tenant_only(stack: InProcess, tenant: TenantAccess) -> None:
    other = await stack.tenant()
    body = {"agent_id": "same", "display_name": "A"}
    assert (await tenant.http.post("/v1/agents", json=body)).status_code == 201
    assert (await tenant.http.post("/v1/agents", json=body)).status_code == 409
    assert (await other.http.post("/v1/agents", json=body)).status_code == 201


async def test_a_stale_edit_is_refused(tenant: TenantAccess) -> None:
    created = await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A"})
    etag = created.headers["etag"]
    first = await tenant.http.patch("/v1/agents/a", json={"role": "x"}, headers={"If-Match": etag})
    assert first.status_code == 200
    assert first.headers["etag"] != etag
    stale = await tenant.http.patch("/v1/agents/a", json={"role": "y"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert stale.json()["status"] == 412
    assert (await tenant.http.get("/v1/agents/a")).json()["agent"]["role"] == "x"
    assert (await tenant.http.patch("/v1/agents/a", json={"role": "z"})).status_code == 200


async def test_a_draft_knows_who_changed_it_last(stack: InProcess, tenant: TenantAccess) -> None:
    """RE1: whoever is told that somebody was quicker is told who."""
    address = "/v1/agents/a/last-change"
    await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A"})
    made = (await tenant.http.get(address)).json()
    assert (made["kind"], made["id"]) == ("api_key", (await tenant.http.get("/v1/me")).json()["id"])
    ada = await stack.client(x_callstage_csrf="1")
    person = {"email": f"ada-{tenant.id}@example.com", "password": "a long enough password", "name": "Ada", "role": "editor"}
    person_id = (await tenant.http.post("/v1/users", json=person)).json()["id"]
    await ada.post("/v1/auth/login", json={"email": person["email"], "password": person["password"]})
    assert (await ada.patch("/v1/agents/a", json={"role": "x"})).status_code == 200
    changed = (await ada.get(address)).json()
    assert changed.pop("at") > made["at"]
    assert changed == {"kind": "user", "id": person_id, "name": "Ada"}
    await tenant.http.delete(f"/v1/users/{person_id}")
    assert (await tenant.http.get(address)).json()["name"] == person["email"]
    assert (await (await stack.tenant()).http.get(address)).status_code == 404
    await tenant.http.delete("/v1/agents/a")
    assert (await tenant.http.get(address)).status_code == 404


@pytest.mark.parametrize("template", ["blank", "salesperson", "support"])
async def test_templates_deploy_as_they_are(tenant: TenantAccess, template: str) -> None:
    created = await tenant.http.post("/v1/agents", json={"agent_id": "t", "display_name": "T", "template": template})
    assert created.status_code == 201, created.text
    deployed = await tenant.http.post("/v1/agents/t/deploy")
    assert deployed.status_code == 200, deployed.text
    # The sandbox, which checks types, is not there.
    assert {finding["code"] for finding in deployed.json()["findings"]} <= {"missing_end_call", "code_not_type_checked"}


async def test_pages_follow_the_cursor(tenant: TenantAccess) -> None:
    for number in range(5):
        await tenant.http.post("/v1/agents", json={"agent_id": f"a{number}", "display_name": "A"})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await tenant.http.get("/api/dashboard/agents", params={"limit": 2, **cursor})).json()
        seen += [agent["agent_id"] for agent in page["agents"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["a0", "a1", "a2", "a3", "a4"]
    assert (await tenant.http.get("/v1/agents", params={"cursor": "nonsense"})).status_code == 422
    assert (await tenant.http.get("/v1/agents", params={"limit": 201})).status_code == 422


async def test_changes_are_audited_with_before_and_after(tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A"})
    await tenant.http.patch("/v1/agents/a", json={"role": "Clerk"})
    entries = (await tenant.http.get("/v1/audit", params={"entity": "agent"})).json()["entries"]
    assert [entry["action"] for entry in entries] == ["agent.changed", "agent.created"]
    assert (entries[0]["before"], entries[0]["after"]) == ({"role": "AI Assistant"}, {"role": "Clerk"})


async def test_move_lists_what_stays_behind(stack: InProcess) -> None:
    platform, target = await stack.tenant(is_platform=True), await stack.tenant()
    await platform.http.post("/v1/agents", json={"agent_id": "m", "display_name": "M", "tools": ["end_call"]})
    await platform.http.post("/v1/agents/m/deploy")
    number = f"+1415{secrets.randbelow(10**7):07d}"
    assert (await platform.http.post("/v1/numbers", json={"number": number, "routeTarget": "m"})).status_code == 201
    moved = await platform.http.post("/v1/agents/m/move", json={"new_tenant_id": target.id})
    assert moved.status_code == 200, moved.text
    assert (moved.json()["previous_tenant_id"], moved.json()["new_tenant_id"]) == (platform.id, target.id)
    assert moved.json()["detached"] == [{"kind": "number", "id": number}]
    assert (await platform.http.get("/v1/agents/m")).status_code == 404
    assert (await target.http.get("/v1/agents/m")).json()["agent"]["deployment"] == 1

    async def arrived() -> bool:
        gone = await stack.kv(ACTIVE, agent_key(platform.id, "m")) is None
        snapshot = await stack.kv(DEPLOYMENTS, deployment_key(target.id, "m", 1))
        route = await stack.kv(ROUTES, number[1:])
        return gone and snapshot is not None and snapshot["tenant_id"] == target.id and route["route_target"] is None

    await until(arrived)


async def test_move_needs_a_platform_key(stack: InProcess, tenant: TenantAccess) -> None:
    target = await stack.tenant()
    await tenant.http.post("/v1/agents", json={"agent_id": "m", "display_name": "M"})
    assert (await tenant.http.post("/v1/agents/m/move", json={"new_tenant_id": target.id})).status_code == 403


async def test_delete_takes_the_agent_out_of_the_data_plane(stack: InProcess, tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json={"agent_id": "d", "display_name": "D", "tools": ["end_call"]})
    await tenant.http.post("/v1/agents/d/deploy")

    async def deployed() -> bool:
        return await stack.kv(ACTIVE, agent_key(tenant.id, "d")) is not None

    await until(deployed)
    assert (await tenant.http.delete("/v1/agents/d")).status_code == 204

    async def gone() -> bool:
        key = deployment_key(tenant.id, "d", 1)
        return await stack.kv(ACTIVE, agent_key(tenant.id, "d")) is None and await stack.kv(DEPLOYMENTS, key) is None

    await until(gone)


async def test_options_of_the_model_are_kept_and_deployed(tenant: TenantAccess) -> None:
    options = {"api": "responses", "service_tier": "priority"}
    made = await tenant.http.post("/v1/agents", json={"agent_id": "a", "display_name": "A", "llm": {"provider": "openai", "options": options}})
    assert made.status_code == 201, made.text
    agent = (await tenant.http.patch("/v1/agents/a", json={"llm": {"model": "gpt-x"}})).json()["agent"]
    assert agent["llm"]["options"] == options
    await tenant.http.post("/v1/agents/a/deploy")
    assert (await tenant.http.get("/v1/agents/a/deployments/1")).json()["snapshot"]["settings"]["llm"]["options"] == options
    agent = (await tenant.http.patch("/v1/agents/a", json={"llm": {"options": None}})).json()["agent"]
    assert agent["llm"]["options"] == {}
    assert (await tenant.http.patch("/v1/agents/a", json={"llm": {"options": "fast"}})).status_code == 422


async def test_agents_are_found_by_what_people_call_them(tenant: TenantAccess) -> None:
    number = f"+1415{secrets.randbelow(10**7):07d}"
    for agent_id, name, company in (("bella", "Pizzeria Bella", None), ("roma", "Roma 100%", "Trattoria Group"), ("mia_2", "Mia", None)):
        await tenant.http.post("/v1/agents", json={"agent_id": agent_id, "display_name": name, "company": company})
    await tenant.http.post("/v1/agents/mia_2/deploy")
    assert (await tenant.http.post("/v1/numbers", json={"number": number, "routeTarget": "mia_2"})).status_code == 201

    async def found(q: str) -> list[str]:
        reply = await tenant.http.get("/v1/agents", params={"q": q})
        assert reply.status_code == 200, reply.text
        return [agent["agent_id"] for agent in reply.json()["agents"]]

    assert await found("BELLA pizz") == ["bella"]
    assert await found("trattoria") == await found("100%") == ["roma"]
    assert await found("a_") == await found("MIA_2") == ["mia_2"]
    assert await found(number) == await found(f"{number[:5]} {number[5:]}") == ["mia_2"]
    assert await found("bella roma") == []
    assert await found("a") == ["bella", "roma", "mia_2"]


async def test_pages_by_the_last_edit(tenant: TenantAccess) -> None:
    for agent_id in ("one", "two", "three"):
        await tenant.http.post("/v1/agents", json={"agent_id": agent_id, "display_name": agent_id})
    await tenant.http.patch("/v1/agents/one", json={"greeting": "Hello!"})
    first = (await tenant.http.get("/v1/agents", params={"sort": "edited", "limit": 2})).json()
    second = (await tenant.http.get("/v1/agents", params={"sort": "edited", "limit": 2, "cursor": first["next_cursor"]})).json()
    assert [agent["agent_id"] for agent in first["agents"] + second["agents"]] == ["one", "three", "two"]
    assert second["next_cursor"] is None
