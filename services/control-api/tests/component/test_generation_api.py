"""Proves T10 S6: code and prompts are written over the vendors' real wire, repaired, streamed; refused politely without a key."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2_grpc
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.openai import FakeOpenAI, Reply
from control_api.in_process import InProcess, TenantAccess, in_process
from control_api.settings import ControlApiSettings

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own
GOOD, BAD = 'return {"status": "done"}\n', "return nope\n"


class Checker(sandbox_pb2_grpc.ToolServiceServicer):
    async def CheckCode(self, request: pb.CheckCodeRequest, context: Any) -> pb.CheckCodeReply:  # noqa: N802
        wrong = [pb.CodeFinding(code="type", message="Name `nope` used when not defined", line=1, is_error=True)] if "nope" in request.code else []
        return pb.CheckCodeReply(findings=wrong, effects=pb.EffectSummary())


@pytest.fixture
async def openai() -> AsyncIterator[FakeOpenAI]:
    answers = [f"```python\n{BAD}```", f"```python\n{GOOD}```"]
    fake = FakeOpenAI(lambda request: Reply(text=answers[min(len(request["messages"]) // 2 - 1, 1)]))
    async with fake:
        yield fake


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings], openai: FakeOpenAI) -> AsyncIterator[InProcess]:
    def register(server: grpc.aio.Server) -> None:
        sandbox_pb2_grpc.add_ToolServiceServicer_to_server(Checker(), server)  # pyright: ignore[reportAbstractUsage]

    async with serve_grpc(register, Health(), "127.0.0.1", 0, stop_grace_s=0) as port:
        settings = make_settings(sandbox_target=f"127.0.0.1:{port}", egress_allow="127.0.0.1", generation_first_byte_timeout_s=5.0)
        async with in_process(settings) as running:
            yield running


async def _agent(tenant: TenantAccess, openai: FakeOpenAI | None) -> None:
    body = {"agent_id": "shop", "display_name": "Shop", "llm": {"provider": "openai", "model": "gpt-5-mini"}}
    assert (await tenant.http.post("/v1/agents", json=body)).status_code == 201
    if openai is not None:
        stored = await tenant.http.put("/v1/providers/openai", json={"api_key": openai.api_key, "base_url": openai.url})
        assert stored.status_code == 200, stored.text


WISH = {"name": "finish", "description": "Say that it is done."}


async def test_code_is_written_and_repaired(tenant: TenantAccess, openai: FakeOpenAI) -> None:
    await _agent(tenant, openai)
    reply = await tenant.http.post("/v1/agents/shop/tools/generate", json=WISH)
    assert reply.status_code == 200, reply.text
    written = reply.json()
    assert (written["code"], written["is_good"], written["repairs"], written["provider"], written["model"]) == (GOOD, True, 1, "openai", "gpt-5-mini")
    second = openai.requests[-1].json["messages"]
    assert [message["role"] for message in second] == ["system", "user", "assistant", "user"]
    assert "Name `nope`" in second[-1]["content"]


async def test_the_same_as_a_stream(tenant: TenantAccess, openai: FakeOpenAI) -> None:
    await _agent(tenant, openai)
    async with tenant.http.stream("POST", "/v1/agents/shop/tools/generate", json=WISH, headers={"accept": "text/event-stream"}) as reply:
        text = (await reply.aread()).decode()
    events = [
        (block.split("\n")[0].removeprefix("event: "), json.loads(block.split("\n")[1].removeprefix("data: ")))
        for block in text.strip().split("\n\n")
    ]
    assert [kind for kind, _ in events if kind != "delta"] == ["draft", "done"]
    assert "".join(data["text"] for kind, data in events if kind == "delta").count("```python") == 2
    assert events[-1][1]["result"]["code"] == GOOD


async def test_a_stream_with_an_idempotency_key_is_not_kept(tenant: TenantAccess, openai: FakeOpenAI) -> None:
    await _agent(tenant, openai)
    headers = {"accept": "text/event-stream", "idempotency-key": "write-once"}
    for _ in range(2):
        async with tenant.http.stream("POST", "/v1/agents/shop/tools/generate", json=WISH, headers=headers) as reply:
            assert "event: done" in (await reply.aread()).decode()


async def test_a_stage_prompt(tenant: TenantAccess, openai: FakeOpenAI) -> None:
    openai.reply = lambda _: Reply(text="  Greet the caller.\n")
    await _agent(tenant, openai)
    reply = await tenant.http.post("/v1/agents/shop/stages/generate", json={"stage": "main", "description": "Greet."})
    assert reply.json()["prompt"] == "Greet the caller."


async def test_without_a_key_there_is_a_way(tenant: TenantAccess) -> None:
    await _agent(tenant, None)
    reply = await tenant.http.post("/v1/agents/shop/tools/generate", json=WISH)
    assert (reply.status_code, reply.json()["code"]) == (409, "no_language_model")
    assert "template" in reply.json()["detail"]


@pytest.mark.parametrize(("status", "words"), [(401, "refuses the key"), (404, "does not know the model"), (500, "HTTP 500")])
async def test_the_vendor_refuses(tenant: TenantAccess, openai: FakeOpenAI, status: int, words: str) -> None:
    await _agent(tenant, openai)
    openai.faults.add(Fault(status=status), times=None)
    reply = await tenant.http.post("/v1/agents/shop/tools/generate", json=WISH)
    assert (reply.json()["code"], words in reply.json()["detail"]) == ("generation_failed", True)
    assert reply.status_code in (502, 503), reply.text
    async with tenant.http.stream("POST", "/v1/agents/shop/tools/generate", json=WISH, headers={"accept": "text/event-stream"}) as stream:
        assert "event: error" in (await stream.aread()).decode()


async def test_resources_are_named_rightly(tenant: TenantAccess, openai: FakeOpenAI) -> None:
    await _agent(tenant, openai)
    reply = await tenant.http.post("/v1/agents/shop/tools/generate", json={**WISH, "resources": ["no.such"]})
    assert (reply.status_code, "no.such" in reply.json()["detail"]) == (422, True)


async def test_example_arguments(tenant: TenantAccess) -> None:
    await _agent(tenant, None)
    args = (await tenant.http.post("/v1/agents/shop/tools/create_lead/arguments", json={})).json()["args"]
    assert args["phone"].startswith("+")
    assert (await tenant.http.post("/v1/agents/shop/tools/nothing/arguments", json={})).status_code == 404
