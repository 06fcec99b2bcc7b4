"""Messages of the sandbox's wire to its own types, and back."""

from typing import Any

import orjson
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.agent import ToolDefinition
from callstage_domain.errors import CallerError
from pydantic import ValidationError

from tool_sandbox.backends.port import ModelField
from tool_sandbox.checks.code_checker import Finding
from tool_sandbox.checks.effects import EffectSummary
from tool_sandbox.execution.limits import MAX_ARGS_BYTES, MAX_SESSION_BYTES
from tool_sandbox.execution.rehearsal import RehearsedWrite
from tool_sandbox.outcome import HostCallRecord, Invocation, RunOutcome, RunStatus

_STATUS = {
    RunStatus.OK: sandbox_pb2.RUN_STATUS_OK,
    RunStatus.FAILED: sandbox_pb2.RUN_STATUS_FAILED,
    RunStatus.TIMED_OUT: sandbox_pb2.RUN_STATUS_TIMED_OUT,
    RunStatus.UNKNOWN: sandbox_pb2.RUN_STATUS_UNKNOWN,
}


def invocation_of(request: sandbox_pb2.RunToolRequest) -> Invocation:
    """Raises CallerError: `invalid_arguments` is for the model, everything else is a defect of the caller."""
    context = request.context
    for name in ("tenant_id", "agent_id"):
        if not getattr(context, name):
            raise CallerError(f"context.{name} is missing")
    if not request.run_key or len(request.run_key) > 300:
        raise CallerError("run_key is missing or too long")
    return Invocation(
        tenant_id=context.tenant_id,
        agent_id=context.agent_id,
        deployment=context.deployment,
        call_id=context.call_id,
        tool=request.tool,
        run_key=request.run_key,
        args=_object(request.args_json, "args_json", MAX_ARGS_BYTES, code="invalid_arguments"),
        session=_object(request.session_json, "session_json", MAX_SESSION_BYTES, code="invalid"),
        is_preload=request.is_preload,
        hidden_values=dict(request.hidden_values),
    )


def _object(text: str, name: str, max_bytes: int, *, code: str) -> dict[str, Any]:
    if len(text) > max_bytes:
        raise CallerError(f"{name} is larger than {max_bytes // 1024} KiB", code=code)
    try:
        value = orjson.loads(text or "{}")
    except ValueError as err:
        raise CallerError(f"{name} is not valid JSON", code=code) from err
    if not isinstance(value, dict):
        raise CallerError(f"{name} is not a JSON object", code=code)
    return value


def run_reply(outcome: RunOutcome, session_json: str) -> sandbox_pb2.RunToolReply:
    return sandbox_pb2.RunToolReply(
        status=_STATUS[outcome.status],
        result_json=orjson.dumps(outcome.result).decode(),
        model_text=outcome.model_text,
        speech=outcome.speech,
        run_llm=outcome.run_llm,
        session_json=session_json or "{}" if outcome.session is None else orjson.dumps(outcome.session).decode(),
        logs=outcome.logs,
        host_calls=[_host_call(call) for call in outcome.host_calls],
        duration_ms=outcome.duration_ms,
        is_replayed=outcome.is_replayed,
        error_code=outcome.error_code,
        line=outcome.line,
        scope=[sandbox_pb2.ScopeName(name=name.name, type=name.type) for name in outcome.scope],
    )


def _host_call(call: HostCallRecord) -> sandbox_pb2.HostCall:
    detail = "" if call.detail is None else orjson.dumps(call.detail).decode()
    return sandbox_pb2.HostCall(name=call.name, duration_ms=call.duration_ms, is_error=call.is_error, detail_json=detail)


def tried_tool(request: sandbox_pb2.TryToolRequest, run_key: str) -> tuple[Invocation, ToolDefinition]:
    """Raises CallerError: `invalid_arguments` is for the person who tries, everything else is a defect of the caller."""
    if not request.tenant_id or not request.agent_id:
        raise CallerError("tenant_id or agent_id is missing")
    try:
        tool = ToolDefinition.model_validate_json(request.tool_json)
    except ValidationError as err:
        raise CallerError("tool_json is not a tool definition") from err
    invocation = Invocation(
        tenant_id=request.tenant_id,
        agent_id=request.agent_id,
        deployment=0,
        call_id=request.call_id or run_key,
        tool=tool.name,
        run_key=request.run_key or run_key,
        args=_object(request.args_json, "args_json", MAX_ARGS_BYTES, code="invalid_arguments"),
        session=_object(request.session_json, "session_json", MAX_SESSION_BYTES, code="invalid_arguments"),
    )
    return invocation, tool


def check_reply(findings: list[Finding], effects: EffectSummary) -> sandbox_pb2.CheckCodeReply:
    """What is wrong with the code, and what it can do."""

    def listed(pairs: tuple[tuple[str, str], ...]) -> list[sandbox_pb2.Effect]:
        return [sandbox_pb2.Effect(target=target, operation=operation) for target, operation in pairs]

    return sandbox_pb2.CheckCodeReply(
        findings=[
            sandbox_pb2.CodeFinding(code=finding.code, message=finding.message, line=finding.line, is_error=finding.is_error) for finding in findings
        ],
        effects=sandbox_pb2.EffectSummary(
            models_read=effects.reads,
            writes=listed(effects.writes),
            calls=listed(effects.calls),
            integrations=listed(effects.integrations),
            unknown=[sandbox_pb2.UnknownEffect(line=line, what=what) for line, what in effects.unknown],
        ),
    )


def tried_reply(run: sandbox_pb2.RunToolReply, writes: list[RehearsedWrite]) -> sandbox_pb2.TryToolReply:
    """The run, and what was not sent."""
    return sandbox_pb2.TryToolReply(
        run=run,
        writes=[
            sandbox_pb2.RehearsedWrite(operation=write.operation, target=write.target, arguments_json=orjson.dumps(write.arguments).decode())
            for write in writes
        ],
    )


def model_reply(fields: list[ModelField]) -> sandbox_pb2.DescribeModelReply:
    """Rule R2."""
    return sandbox_pb2.DescribeModelReply(
        fields=[
            sandbox_pb2.ModelField(
                name=field.name,
                type=field.type,
                label=field.label,
                is_required=field.is_required,
                is_readonly=field.is_readonly,
                relation=field.relation,
                choices=field.choices,
            )
            for field in fields
        ]
    )
