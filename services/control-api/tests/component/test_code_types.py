"""Proves S5: types of tool code are checked by tool-sandbox, and a deploy does without when it is away or slow."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2_grpc
from callstage_kit.grpc.server import serve_grpc
from callstage_kit.health import Health
from control_api.in_process import InProcess, TenantAccess, in_process
from control_api.settings import ControlApiSettings

pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own

GOOD, BAD = "return {}", "x = 1\nreturn nope"
AGENT = {
    "agent_id": "shop",
    "display_name": "Shop",
    "tools": ["end_call", {"name": "good", "code": GOOD}, {"name": "bad", "code": BAD}, {"name": "broken", "code": "if True:"}],
}


class FakeChecker(sandbox_pb2_grpc.ToolServiceServicer):
    """Finds what the test says, by code."""

    def __init__(self) -> None:
        self.found: dict[str, pb.CodeFinding] = {}
        self.asked: list[str] = []
        self.is_stuck_at: str | None = None

    async def CheckCode(self, request: pb.CheckCodeRequest, context: Any) -> pb.CheckCodeReply:  # noqa: N802
        self.asked.append(request.code)
        if request.code == self.is_stuck_at:
            await asyncio.Event().wait()
        return pb.CheckCodeReply(findings=[self.found[request.code]] if request.code in self.found else [])


@asynccontextmanager
async def _serving(checker: FakeChecker) -> AsyncGenerator[int]:
    def register(server: grpc.aio.Server) -> None:
        sandbox_pb2_grpc.add_ToolServiceServicer_to_server(checker, server)

    async with serve_grpc(register, Health(), "127.0.0.1", 0, stop_grace_s=0) as port:
        yield port


@pytest.fixture
def checker() -> FakeChecker:
    return FakeChecker()  # pyright: ignore[reportAbstractUsage]


@pytest.fixture
async def stack(make_settings: Callable[..., ControlApiSettings], checker: FakeChecker) -> AsyncIterator[InProcess]:
    async with _serving(checker) as port, in_process(make_settings(sandbox_target=f"127.0.0.1:{port}")) as running:
        yield running


async def _findings(tenant: TenantAccess) -> list[tuple[str, str, str | None, int | None]]:
    found = (await tenant.http.get("/v1/agents/shop/findings")).json()["findings"]
    return [(item["code"], item["severity"], item["tool"], item["line"]) for item in found]


async def _made(tenant: TenantAccess, *tools: Any) -> None:
    assert (await tenant.http.post("/v1/agents", json={**AGENT, "tools": [*tools]} if tools else AGENT)).status_code == 201


async def test_a_type_error_is_an_error_to_the_editor_and_a_warning_to_a_deploy(tenant: TenantAccess, checker: FakeChecker) -> None:
    checker.found[BAD] = pb.CodeFinding(code="type", message="Name `nope` used when not defined", line=2, is_error=True)
    await _made(tenant)
    assert await _findings(tenant) == [("syntax", "error", "broken", 1), ("type_error", "error", "bad", 2)]
    assert checker.asked == [GOOD, BAD], "what does not even parse is not sent"
    await tenant.http.patch("/v1/agents/shop", json={"tools": AGENT["tools"][:3]})
    deployed = await tenant.http.post("/v1/agents/shop/deploy")
    assert deployed.status_code == 200, deployed.text
    [finding] = deployed.json()["findings"]
    assert (finding["code"], finding["severity"], finding["stage"], finding["tool"], finding["line"]) == ("type_error", "warning", None, "bad", 2)
    assert finding["message"] == "Type error in line 2 of the code of 'bad': Name `nope` used when not defined."
    assert "do not block" in finding["hint"]


async def test_python_that_tools_cannot_use_blocks_a_deploy(tenant: TenantAccess, checker: FakeChecker) -> None:
    checker.found[BAD] = pb.CodeFinding(code="syntax", message="classes are not supported", line=0, is_error=True)
    await _made(tenant, "end_call", {"name": "bad", "code": BAD})
    refused = await tenant.http.post("/v1/agents/shop/deploy")
    assert refused.status_code == 422
    assert [(item["code"], item["line"]) for item in refused.json()["findings"]] == [("syntax", None)]


async def test_a_stuck_checker_holds_a_deploy_up_for_two_seconds_at_most(tenant: TenantAccess, checker: FakeChecker) -> None:
    checker.found[GOOD] = pb.CodeFinding(code="type", message="odd", line=1, is_error=False)
    checker.is_stuck_at = BAD
    await _made(tenant, "end_call", {"name": "good", "code": GOOD}, {"name": "bad", "code": BAD})
    async with asyncio.timeout(8):
        deployed = await tenant.http.post("/v1/agents/shop/deploy")
    assert deployed.status_code == 200
    found = {item["code"]: (item["severity"], item["message"]) for item in deployed.json()["findings"]}
    assert found["type_error"] == ("warning", "Type error in line 1 of the code of 'good': odd.")
    assert found["code_not_type_checked"] == ("warning", "The types in the code of 'bad' could not be checked right now.")


async def test_without_the_sandbox_a_deploy_goes_on(make_settings: Callable[..., ControlApiSettings]) -> None:
    async with in_process(make_settings(sandbox_target="127.0.0.1:1")) as alone:
        tenant = await alone.tenant()
        await _made(tenant, "end_call", {"name": "good", "code": GOOD})
        assert await _findings(tenant) == [("code_not_type_checked", "warning", None, None)]
        deployed = await tenant.http.post("/v1/agents/shop/deploy")
        assert [item["code"] for item in deployed.json()["findings"]] == ["code_not_type_checked"]
