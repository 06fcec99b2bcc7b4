"""tool-sandbox as seen from here: it alone talks to backends (architecture rule 5)."""

from collections.abc import Iterable

import grpc
from callstage_contracts.buckets import BackendConnection, IntegrationRecord
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.errors import DependencyError

from control_api.compile.effects import Effect, Effects, UnknownEffect
from control_api.compile.type_check import Remark

_TIMEOUT_S = 15.0
_TRY_TIMEOUT_S = 75.0
"""A tool may take a minute."""


class SandboxClient:
    """Asks tool-sandbox to try a connection, and to look at code."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = sandbox_pb2_grpc.ToolServiceStub(channel)

    async def test_backend(self, connection: BackendConnection) -> tuple[bool, str, str]:
        """(ok, message, version). Raises DependencyError when tool-sandbox is away."""
        request = sandbox_pb2.TestBackendRequest(tenant_id=connection.tenant_id, backend_json=connection.model_dump_json())
        try:
            reply: sandbox_pb2.TestBackendReply = await self._stub.TestBackend(request, timeout=_TIMEOUT_S)  # pyright: ignore[reportGeneralTypeIssues]
        except grpc.aio.AioRpcError as err:
            raise _away("tries backends") from err
        return reply.ok, reply.message, reply.version

    async def check_code(self, code: str, *, timeout_s: float) -> tuple[list[Remark], Effects]:
        """Remarks in order of the lines, and what the code can do; nothing is run. Raises DependencyError when tool-sandbox is away or busy."""
        request = sandbox_pb2.CheckCodeRequest(code=code)
        try:
            reply: sandbox_pb2.CheckCodeReply = await self._stub.CheckCode(request, timeout=timeout_s)  # pyright: ignore[reportGeneralTypeIssues]
        except grpc.aio.AioRpcError as err:
            raise _away("checks code") from err
        remarks = [Remark(found.code == "syntax", found.message.rstrip("."), found.line, found.is_error) for found in reply.findings]
        return remarks, _effects(reply.effects)

    async def try_tool(self, request: sandbox_pb2.TryToolRequest) -> sandbox_pb2.TryToolReply:
        """Run a tool of a draft. Raises DependencyError when tool-sandbox is away."""
        try:
            reply: sandbox_pb2.TryToolReply = await self._stub.TryTool(request, timeout=_TRY_TIMEOUT_S)  # pyright: ignore[reportGeneralTypeIssues]
        except grpc.aio.AioRpcError as err:
            raise _away("runs tools") from err
        return reply

    async def test_integration(self, record: IntegrationRecord) -> tuple[bool, str, str]:
        """(ok, message, account). Raises DependencyError when tool-sandbox is away."""
        request = sandbox_pb2.TestIntegrationRequest(tenant_id=record.tenant_id, integration_json=record.model_dump_json())
        try:
            reply: sandbox_pb2.TestIntegrationReply = await self._stub.TestIntegration(request, timeout=_TIMEOUT_S)  # pyright: ignore[reportGeneralTypeIssues]
        except grpc.aio.AioRpcError as err:
            raise _away("tries integrations") from err
        return reply.ok, reply.message, reply.account

    async def describe_model(self, tenant_id: str, agent_id: str, model: str) -> sandbox_pb2.DescribeModelReply:
        """The fields of a model, or the backend's refusal. Raises DependencyError when tool-sandbox is away."""
        request = sandbox_pb2.DescribeModelRequest(tenant_id=tenant_id, agent_id=agent_id, model=model)
        try:
            reply: sandbox_pb2.DescribeModelReply = await self._stub.DescribeModel(request, timeout=_TIMEOUT_S)  # pyright: ignore[reportGeneralTypeIssues]
        except grpc.aio.AioRpcError as err:
            raise _away("asks backends") from err
        return reply


def _away(what: str) -> DependencyError:
    return DependencyError(f"tool-sandbox, which {what}, is not available right now", vendor="tool-sandbox", code="sandbox_unavailable")


def _effects(summary: sandbox_pb2.EffectSummary) -> Effects:
    def listed(effects: Iterable[sandbox_pb2.Effect]) -> tuple[Effect, ...]:
        return tuple(Effect(effect.target, effect.operation) for effect in effects)

    return Effects(
        tuple(summary.models_read),
        listed(summary.writes),
        listed(summary.calls),
        listed(summary.integrations),
        tuple(UnknownEffect(unknown.line, unknown.what) for unknown in summary.unknown),
    )
