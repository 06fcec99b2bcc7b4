"""Proves D1 D2 D3 S4 S5 N4 V8: deploys, their history, test sessions, and how fast they reach the data plane."""

from time import monotonic

from callstage_contracts.buckets import ACTIVE, DEPLOYMENTS, agent_key, deployment_key
from control_api.in_process import InProcess, TenantAccess, until

AGENT = {"agent_id": "pizza", "display_name": "Luigi", "system_prompt": "v1", "tools": ["end_call"], "test_caller_phone": "+15550001111"}


async def test_a_deploy_reaches_nats_at_once_and_never_changes(stack: InProcess, tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json=AGENT)
    began = monotonic()
    assert (await tenant.http.post("/v1/agents/pizza/deploy")).json()["deployment"] == 1

    async def active() -> int:
        return (await stack.kv(ACTIVE, agent_key(tenant.id, "pizza")) or {}).get("deployment", 0)

    await until(active)
    assert monotonic() - began < 10.0
    assert await stack.kv(DEPLOYMENTS, deployment_key(tenant.id, "pizza", 1)) is not None
    await tenant.http.patch("/v1/agents/pizza", json={"system_prompt": "v2"})
    agent = (await tenant.http.get("/v1/agents/pizza")).json()["agent"]
    assert (agent["deployment"], agent["has_undeployed_changes"]) == (1, True)
    snapshot = (await tenant.http.get("/v1/agents/pizza/deployments/1")).json()["snapshot"]
    assert snapshot["settings"]["system_prompt"] == "v1"
    assert (snapshot["first_stage"], snapshot["stages"][0]["tools"]) == ("main", ["end_call"])


async def test_history_difference_and_going_back(stack: InProcess, tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json=AGENT)
    await tenant.http.post("/v1/agents/pizza/deploy")
    await tenant.http.patch("/v1/agents/pizza", json={"system_prompt": "v2"})
    await tenant.http.post("/v1/agents/pizza/deploy")
    difference = (await tenant.http.get("/v1/agents/pizza/deployments/1/diff/2")).json()
    assert difference["changes"] == [{"path": "settings.system_prompt", "before": "v1", "after": "v2"}]
    assert (await tenant.http.post("/v1/agents/pizza/deployments/1/activate")).json()["deployment"] == 1
    listed = (await tenant.http.get("/v1/agents/pizza/deployments")).json()["deployments"]
    assert [(item["deployment"], item["is_active"]) for item in listed] == [(2, False), (1, True)]

    async def went_back() -> bool:
        return (await stack.kv(ACTIVE, agent_key(tenant.id, "pizza")))["deployment"] == 1

    await until(went_back)


async def test_errors_block_a_deploy_and_all_are_named(tenant: TenantAccess) -> None:
    stages = [
        {"name": "one", "tools": ["ghost", "calc"], "transitions": [{"on_tool": "calc", "to_stage": "nowhere"}]},
        {"name": "island", "prompt": "Hello {unheard_of}"},
    ]
    tools = [{"name": "calc", "kind": "code", "code": "x = ("}]
    await tenant.http.post("/v1/agents", json={"agent_id": "bad", "display_name": "B", "stages": stages, "tool_definitions": tools})
    refused = await tenant.http.post("/v1/agents/bad/deploy")
    assert refused.status_code == 422
    assert {finding["code"] for finding in refused.json()["findings"] if finding["severity"] == "error"} == {
        "unknown_tool",
        "syntax",
        "transition_to_missing_stage",
    }
    findings = (await tenant.http.get("/v1/agents/bad/findings")).json()["findings"]
    warnings = {finding["code"] for finding in findings if finding["severity"] == "warning"}
    assert warnings == {"unreachable_stage", "missing_end_call", "undefined_variable"}
    assert (await tenant.http.get("/v1/agents/bad")).json()["agent"]["deployed"] is False


async def test_a_test_session_runs_on_the_draft(stack: InProcess, tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json=AGENT)
    for prompt in ("first draft", "second draft"):
        await tenant.http.patch("/v1/agents/pizza", json={"system_prompt": prompt})
        session = (await tenant.http.post("/v1/agents/pizza/test-session")).json()
    assert session["ws_url"] == "wss://calls.example.com/ws/voice"
    claims = stack.settings.token_signer.verify("ws", session["token"])
    assert {name: claims[name] for name in ("tenant_id", "agent_id", "deployment", "test", "caller_phone")} == {
        "tenant_id": tenant.id,
        "agent_id": "pizza",
        "deployment": 0,
        "test": True,
        "caller_phone": "+15550001111",
    }

    async def compiled() -> bool:
        found = await stack.kv(DEPLOYMENTS, deployment_key(tenant.id, "pizza", 0))
        return found is not None and found["settings"]["system_prompt"] == "second draft"

    await until(compiled)
    assert (await tenant.http.get("/v1/agents/pizza/deployments")).json()["deployments"] == []


async def test_only_the_newest_deployments_stay_in_the_data_plane(stack: InProcess, tenant: TenantAccess) -> None:
    await tenant.http.post("/v1/agents", json=AGENT)
    for _ in range(22):
        await tenant.http.post("/v1/agents/pizza/deploy")

    async def kept() -> bool:
        present = [await stack.kv(DEPLOYMENTS, deployment_key(tenant.id, "pizza", number)) is not None for number in (1, 2, 3, 22)]
        return present == [False, False, True, True]

    await until(kept)
    assert (await tenant.http.get("/v1/agents/pizza/deployments/1")).status_code == 200
    assert (await tenant.http.post("/v1/agents/pizza/deployments/1/activate")).status_code == 200

    async def back() -> bool:
        return await stack.kv(DEPLOYMENTS, deployment_key(tenant.id, "pizza", 1)) is not None

    await until(back)
