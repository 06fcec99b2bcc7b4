"""agent-runtime over gRPC."""

import json

import grpc
from callstage_contracts.pb.common.v1.common_pb2 import CallContext
from callstage_contracts.pb.runtime.v1.runtime_pb2 import TextTurnReply, TextTurnRequest
from callstage_contracts.pb.runtime.v1.runtime_pb2_grpc import ConversationServiceStub
from callstage_domain.errors import DependencyError
from callstage_domain.ids import mail_call_id

from email_poller.conversation.ports import AGENT_AWAY, AgentAnswer, AgentTurn

_AWAY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})
_HOPELESS = frozenset(
    {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED}
)


class RuntimeAgent:
    """One channel for all mailboxes of the process."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_s: float) -> None:
        self._stub = ConversationServiceStub(channel)
        self._timeout_s = timeout_s

    async def answer(self, turn: AgentTurn) -> AgentAnswer:
        """Raises DependencyError."""
        request = TextTurnRequest(
            context=CallContext(
                call_id=mail_call_id(turn.session_id),
                session_id=turn.session_id,
                tenant_id=turn.tenant_id,
                agent_id=turn.agent_id,
                deployment=turn.deployment,
                channel="email",
                direction="inbound",
                to_number=turn.to_address,
            ),
            text=turn.text,
            turn_id=turn.turn_id,
            variables_json=json.dumps({"email": turn.email, "name": turn.name, "subject": turn.subject}),
        )
        try:
            reply: TextTurnReply = await self._stub.TextTurn(request, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as err:
            message = f"agent-runtime: {err.code().name}: {err.details()}"
            code = AGENT_AWAY if err.code() in _AWAY else None
            raise DependencyError(message, vendor="agent-runtime", phase="stream", code=code, retryable=err.code() not in _HOPELESS) from err
        return AgentAnswer(reply.text, reply.session_id or turn.session_id, reply.is_ended, reply.is_handed_off)
