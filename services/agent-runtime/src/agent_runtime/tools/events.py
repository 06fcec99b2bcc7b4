"""Tool calls as events for the records (rule T9)."""

import json
import time
from typing import Any

from callstage_contracts.events import ToolCompleted
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2

from agent_runtime.call_info import CallInfo
from agent_runtime.stages.entries import ToolFinished


def tool_event(
    info: CallInfo,
    stage: str,
    outcome: ToolFinished,
    arguments: dict[str, Any],
    started: float,
    *,
    reply: sandbox_pb2.RunToolReply | None = None,
    result: dict[str, Any] | None = None,
    is_preload: bool = False,
) -> ToolCompleted:
    """Of a call since `started` (time.monotonic()). `reply` is the sandbox's; `result` that of a tool that ran here."""
    measured_ms = int((time.monotonic() - started) * 1000)
    return ToolCompleted(
        tenant_id=info.tenant_id,
        call_id=info.call_id,
        agent_id=info.agent_id,
        run_key=f"{info.call_id}:{outcome.tool_call_id}",
        tool=outcome.name,
        stage=stage,
        status=outcome.status,
        error_code=outcome.error_code,
        arguments=arguments,
        result=_told(reply) if reply else result or {},
        logs=list(reply.logs) if reply else [],
        host_calls=[_host_call(call) for call in reply.host_calls] if reply else [],
        duration_ms=int(reply.duration_ms) if reply and reply.duration_ms else measured_ms,
        is_preload=is_preload,
    )


def refused_event(info: CallInfo, stage: str, outcome: ToolFinished) -> ToolCompleted:
    """Of a call that the stage did not allow (rule S3)."""
    return tool_event(info, stage, outcome, {}, time.monotonic()).model_copy(update={"error_code": "not_in_stage"})


def json_object(text: str) -> dict[str, Any]:
    """What a sandbox says in JSON; empty when that is no object."""
    try:
        value: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _told(reply: sandbox_pb2.RunToolReply) -> dict[str, Any]:
    """For the records: the result; of a run that failed, for its designer, why, where and with what types in scope."""
    result = json_object(reply.result_json)
    if reply.status == sandbox_pb2.RUN_STATUS_OK or result:
        return result
    failure: dict[str, Any] = {"error": reply.model_text} if reply.model_text else {}
    return failure | ({"line": reply.line, "scope": {name.name: name.type for name in reply.scope}} if reply.line else {})


def _host_call(call: sandbox_pb2.HostCall) -> dict[str, Any]:
    plain = {"name": call.name, "duration_ms": call.duration_ms, "is_error": call.is_error}
    return {**plain, **json_object(call.detail_json)} if call.detail_json else plain
