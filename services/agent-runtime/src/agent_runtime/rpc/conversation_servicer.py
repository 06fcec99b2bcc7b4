"""`ConversationService`: voice calls over links, text turns one by one."""

from collections.abc import AsyncIterator
from typing import Any, NoReturn

import grpc
import structlog
from callstage_contracts.pb.runtime.v1 import runtime_pb2, runtime_pb2_grpc
from callstage_domain.errors import CallstageError
from callstage_kit.grpc.status import status_of

from agent_runtime.call_registry import CallRegistry
from agent_runtime.conversation.text_answer import TextTurn
from agent_runtime.conversation.text_turns import TextConversations
from agent_runtime.rpc.convert import call_info, failure_code, json_object
from agent_runtime.rpc.link_servicer import CallServer, Link
from agent_runtime.rpc.text_stream import TextStream, text_reply

_log = structlog.get_logger(__name__)


class ConversationServicer(runtime_pb2_grpc.ConversationServiceServicer):
    """The gRPC edge."""

    def __init__(self, calls: CallServer, texts: TextConversations, registry: CallRegistry, *, flush_s: float = 0.02) -> None:
        self._calls = calls
        self._texts = texts
        self._registry = registry
        self._flush_s = flush_s

    async def Link(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self, request_iterator: AsyncIterator[runtime_pb2.LinkUp], context: Any
    ) -> None:
        """One stream per gateway process. Writes by itself, which grpc.aio allows and the generated types do not know."""
        await Link(self._calls, self._flush_s).serve(request_iterator, context)

    async def TextTurn(self, request: runtime_pb2.TextTurnRequest, context: Any) -> runtime_pb2.TextTurnReply:  # noqa: N802
        """One turn of a text conversation."""
        try:
            info = call_info(request.context)
            with self._registry.admitted(info.channel):
                turn = TextTurn(info, request.text, request.turn_id, json_object(request.variables_json))
                reply = await self._texts.take(turn)
        except CallstageError as err:
            await _abort(context, status_of(err), err.message)
        except Exception:
            _log.exception("text_turn_broken")
            await _abort(context, grpc.StatusCode.INTERNAL, "internal error")
        return text_reply(reply)

    async def StreamTextTurn(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self, request: runtime_pb2.TextTurnRequest, context: Any
    ) -> None:
        """One turn of a text conversation that somebody watches. Writes by itself, as `Link` does."""
        try:
            info = call_info(request.context)
            with self._registry.admitted(info.channel):
                lookup = json_object(request.lookup_json) if request.lookup_json else None
                variables = json_object(request.variables_json)
                turn = TextTurn(info, request.text, request.turn_id, variables, request.opens, request.resumes, lookup)
                await TextStream().serve(self._texts, turn, context)
        except CallstageError as err:
            failed = runtime_pb2.CallFailed(code=failure_code(err), message=err.message)
            await context.write(runtime_pb2.TextTurnPart(failed=failed))
        except Exception:
            _log.exception("text_turn_broken")
            await _abort(context, grpc.StatusCode.INTERNAL, "internal error")


async def _abort(context: Any, code: grpc.StatusCode, message: str) -> NoReturn:
    await context.abort(code, message)
    raise AssertionError("abort does not return")
