"""tool-sandbox as seen from here: it alone talks to backends (architecture rule 5)."""

import grpc
from callstage_contracts.buckets import BackendConnection
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.errors import DependencyError

from control_api.compile.type_check import Remark

_TIMEOUT_S = 15.0


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
            raise DependencyError(
                "tool-sandbox, which tries backends, is not available right now", vendor="tool-sandbox", code="sandbox_unavailable"
            ) from err
        return reply.ok, reply.message, reply.version

    async def check_code(self, code: str, *, timeout_s: float) -> list[Remark]:
        """In order of the lines; nothing is run. Raises DependencyError when tool-sandbox is away or busy."""
        request = sandbox_pb2.CheckCodeRequest(code=code)
        try:
            reply: sandbox_pb2.CheckCodeReply = await self._stub.CheckCode(request, timeout=timeout_s)  # pyright: ignore[reportGeneralTypeIssues]
        except grpc.aio.AioRpcError as err:
            raise DependencyError(
                "tool-sandbox, which checks code, is not available right now", vendor="tool-sandbox", code="sandbox_unavailable"
            ) from err
        return [Remark(found.code == "syntax", found.message.rstrip("."), found.line, found.is_error) for found in reply.findings]
