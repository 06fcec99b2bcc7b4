"""One tool call: checked, run once in the sandbox, and turned into what the model, the records and the next stage need."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import grpc
from callstage_contracts.events import ToolCompleted
from callstage_contracts.pb.common.v1 import common_pb2
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.agent import ToolDefinition
from callstage_domain.builtin_tools import LINE_TOOLS
from callstage_domain.errors import ModelFacingError
from callstage_kit.retry import backoff_s

from agent_runtime.call_info import CallInfo
from agent_runtime.providers.ports import ToolCallRequest
from agent_runtime.stages.entries import ToolFinished, ToolStatus
from agent_runtime.tools.arguments import checked_arguments
from agent_runtime.tools.events import json_object, tool_event
from agent_runtime.tools.veil import Veil

DEFAULT_TIMEOUT_S = 10.0
PRELOAD_TIMEOUT_S = 3.0
_MARGIN_S = 2.0
"""Above the tool's own limit, so that the sandbox's answer about the limit still arrives."""
_MAX_CONTENT_CHARS = 16_000
_UNREACHABLE = "Error: the system behind this tool cannot be reached right now. Apologise briefly and offer to help in another way."
_NO_ANSWER = "Error: the tool did not answer in time; it is not known whether it took effect. Do not call it again. Tell the caller honestly."
_STATUS: dict[int, ToolStatus] = {
    sandbox_pb2.RUN_STATUS_OK: "ok",
    sandbox_pb2.RUN_STATUS_FAILED: "failed",
    sandbox_pb2.RUN_STATUS_TIMED_OUT: "timed_out",
    sandbox_pb2.RUN_STATUS_UNKNOWN: "unknown",
}


class SandboxStub(Protocol):
    """The part of `ToolServiceStub` in use."""

    @property
    def RunTool(self) -> Any: ...  # noqa: N802 (as gRPC names it)


@dataclass(frozen=True, slots=True)
class ToolRun:
    """The outcome for the conversation, the event for the records, and for preload the structured result."""

    outcome: ToolFinished
    event: ToolCompleted
    data: dict[str, Any] = field(default_factory=dict[str, Any])


class ToolDispatcher:
    """Stateless; one per process."""

    def __init__(self, sandbox: SandboxStub, *, margin_s: float = _MARGIN_S) -> None:
        self._sandbox = sandbox
        self._margin_s = margin_s

    async def run(
        self,
        info: CallInfo,
        tool: ToolDefinition,
        call: ToolCallRequest,
        session: Mapping[str, Any],
        *,
        stage: str = "",
        preload_args: Mapping[str, Any] | None = None,
        veil: Veil | None = None,
    ) -> ToolRun:
        """Never fails: trouble is an outcome. The run key is `call_id:tool_call_id`, so that a repeat returns the stored outcome (rule T8).

        Placeholders of `veil` in the arguments are opened for the tool; what comes back has placeholders again.
        """
        started = time.monotonic()
        veil = veil or Veil()
        is_preload = preload_args is not None
        arguments: dict[str, Any] = dict(preload_args or {})
        try:
            arguments_json, hidden = veil.open(call.arguments_json)
            if not is_preload:
                arguments = checked_arguments(arguments_json, tool.parameters)
            if tool.kind == "builtin" and tool.name in LINE_TOOLS:
                raise ModelFacingError("This tool needs a phone line, and this conversation has none. Do without it.", code="no_line")
            if tool.kind == "builtin":
                reply = sandbox_pb2.RunToolReply()
            else:
                reply = _veiled(veil, await self._call(info, tool, call, arguments, session, is_preload, hidden))
        except ModelFacingError as err:
            content = veil.text(f"Error: {err.message.removeprefix('Error: ')}")
            outcome = ToolFinished(tool_call_id=call.id, name=call.name, status="failed", content=content, error_code=err.code)
            return ToolRun(outcome, tool_event(info, stage, outcome, veil.value(arguments), started, is_preload=is_preload))
        arguments = veil.value(arguments)
        if tool.kind == "builtin":
            outcome = ToolFinished(tool_call_id=call.id, name=call.name, status="ok", content='{"status":"ok"}', fields=_scalars(arguments))
            return ToolRun(outcome, tool_event(info, stage, outcome, arguments, started, is_preload=is_preload))
        result = json_object(reply.result_json)
        outcome = ToolFinished(
            tool_call_id=call.id,
            name=call.name,
            status=_STATUS.get(reply.status, "failed"),
            content=_content(reply, result),
            fields=_scalars(result),
            session=_changes(session, json_object(reply.session_json)) if reply.session_json else {},
            speech=reply.speech,
            run_llm=reply.run_llm if reply.HasField("run_llm") else None,
            error_code=reply.error_code,
        )
        return ToolRun(outcome, tool_event(info, stage, outcome, arguments, started, reply=reply, is_preload=is_preload), result)

    async def _call(
        self,
        info: CallInfo,
        tool: ToolDefinition,
        call: ToolCallRequest,
        arguments: dict[str, Any],
        session: Mapping[str, Any],
        is_preload: bool,
        hidden: dict[str, str],
    ) -> sandbox_pb2.RunToolReply:
        request = sandbox_pb2.RunToolRequest(
            context=to_pb(info),
            tool=tool.name,
            run_key=run_key(info, call),
            args_json=json.dumps(arguments, ensure_ascii=False, default=str),
            session_json=json.dumps(dict(session), ensure_ascii=False, default=str),
            is_preload=is_preload,
            hidden_values=hidden,
        )
        limit_s = PRELOAD_TIMEOUT_S if is_preload else (tool.timeout_s or DEFAULT_TIMEOUT_S) + self._margin_s
        deadline = time.monotonic() + limit_s
        waits = backoff_s(0.1, limit_s=1.0)
        while True:
            try:
                return await self._sandbox.RunTool(request, timeout=max(0.05, deadline - time.monotonic()))
            except grpc.aio.AioRpcError as err:
                problem = _problem(err)
                wait_s = next(waits)
                # Only a lost connection is worth another try; the ledger behind the run key makes it safe.
                if err.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() + wait_s >= deadline:
                    raise problem from err
            await asyncio.sleep(wait_s)


def _veiled(veil: Veil, reply: sandbox_pb2.RunToolReply) -> sandbox_pb2.RunToolReply:
    """The reply without the digits that were typed in secret."""
    veiled = sandbox_pb2.RunToolReply()
    veiled.CopyFrom(reply)
    for name in ("result_json", "session_json"):
        if text := getattr(reply, name):
            setattr(veiled, name, json.dumps(veil.value(json_object(text)), ensure_ascii=False))
    veiled.model_text, veiled.speech = veil.text(reply.model_text), veil.text(reply.speech)
    veiled.logs[:] = [veil.text(line) for line in reply.logs]
    for call in veiled.host_calls:
        call.detail_json = veil.text(call.detail_json)
    return veiled


def run_key(info: CallInfo, call: ToolCallRequest) -> str:
    """Stable across retries and processes."""
    return f"{info.call_id}:{call.id}"


def to_pb(info: CallInfo) -> common_pb2.CallContext:
    """As the sandbox wants it."""
    return common_pb2.CallContext(
        call_id=info.call_id,
        session_id=info.session_id,
        tenant_id=info.tenant_id,
        agent_id=info.agent_id,
        deployment=info.deployment,
        channel=info.channel,
        direction=info.direction,
        caller_phone=info.caller_phone,
        to_number=info.to_number,
        carrier_call_id=info.carrier_call_id,
        is_test=info.is_test,
    )


def _problem(err: grpc.aio.AioRpcError) -> ModelFacingError:
    code: Literal["timeout", "unreachable"] = "timeout" if err.code() is grpc.StatusCode.DEADLINE_EXCEEDED else "unreachable"
    return ModelFacingError(_NO_ANSWER if code == "timeout" else _UNREACHABLE, code=code)


def _scalars(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith("_") and isinstance(value, (str, int, float, bool))}


def _content(reply: sandbox_pb2.RunToolReply, result: Mapping[str, Any]) -> str:
    if reply.status != sandbox_pb2.RUN_STATUS_OK and reply.model_text:
        return reply.model_text[:_MAX_CONTENT_CHARS]
    text = json.dumps({name: value for name, value in result.items() if name != "_run_llm"}, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_CONTENT_CHARS else text[:_MAX_CONTENT_CHARS] + " … (cut)"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What the tool set in `session`; what it removed is None. Only changes are kept, so that a copy of a lookup value never hides a later source."""
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return changed | {name: None for name in before if name not in after}
