"""`ToolService` on the wire. The tenant is the one of the request's context; code and credentials are those deployed for it."""

from typing import Any

import grpc
import orjson
import structlog
from callstage_contracts.buckets import BackendConnection
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.errors import CallerError, CallstageError, InvariantBroken
from callstage_kit.grpc.status import status_of
from pydantic import ValidationError

from tool_sandbox.backend_test import BackendTest
from tool_sandbox.caller_lookup import CallerLookup
from tool_sandbox.checks.code_checker import CodeChecker
from tool_sandbox.execution.limits import MAX_ARGS_BYTES, MAX_SESSION_BYTES
from tool_sandbox.execution.tools import ToolRunner
from tool_sandbox.outcome import Invocation, RunOutcome, RunStatus

_log = structlog.get_logger(__name__)
_STATUS = {
    RunStatus.OK: sandbox_pb2.RUN_STATUS_OK,
    RunStatus.FAILED: sandbox_pb2.RUN_STATUS_FAILED,
    RunStatus.TIMED_OUT: sandbox_pb2.RUN_STATUS_TIMED_OUT,
    RunStatus.UNKNOWN: sandbox_pb2.RUN_STATUS_UNKNOWN,
}


class ToolServicer(sandbox_pb2_grpc.ToolServiceServicer):
    """The edge: parse, call, answer. Tool failures are replies, not gRPC errors."""

    def __init__(self, runner: ToolRunner, lookup: CallerLookup, checker: CodeChecker, backend_test: BackendTest) -> None:
        self._runner = runner
        self._lookup = lookup
        self._checker = checker
        self._backend_test = backend_test

    async def RunTool(self, request: sandbox_pb2.RunToolRequest, context: Any) -> sandbox_pb2.RunToolReply:  # noqa: N802
        """See the proto."""
        try:
            invocation = _invocation(request)
        except CallerError as err:
            if err.code == "invalid_arguments":
                return _reply(RunOutcome.failed(err.code, err.message), request.session_json)
            await context.abort(status_of(err), err.message)
            raise
        try:
            outcome = await self._runner.run(invocation)
        except CallstageError as err:
            _log.exception("tool_run_broke", tool=request.tool)
            outcome = RunOutcome.failed(err.code, "The tool could not be run.")
        except Exception:
            _log.exception("tool_run_broke", tool=request.tool)
            outcome = RunOutcome.failed("internal", "The tool could not be run.")
        return _reply(outcome, request.session_json)

    async def LookUpCaller(self, request: sandbox_pb2.LookUpCallerRequest, context: Any) -> sandbox_pb2.LookUpCallerReply:  # noqa: N802
        """See the proto."""
        found = await self._lookup.look_up(request.tenant_id, request.agent_id, caller_phone=request.caller_phone, email=request.email)
        return sandbox_pb2.LookUpCallerReply(variables_json=orjson.dumps(found).decode())

    async def CheckCode(self, request: sandbox_pb2.CheckCodeRequest, context: Any) -> sandbox_pb2.CheckCodeReply:  # noqa: N802
        """See the proto."""
        try:
            findings = await self._checker.check(request.code)
        except CallstageError as err:
            await context.abort(status_of(err), err.message)
            raise
        return sandbox_pb2.CheckCodeReply(
            findings=[
                sandbox_pb2.CodeFinding(code=finding.code, message=finding.message, line=finding.line, is_error=finding.is_error)
                for finding in findings
            ]
        )

    async def TestBackend(self, request: sandbox_pb2.TestBackendRequest, context: Any) -> sandbox_pb2.TestBackendReply:  # noqa: N802
        """See the proto."""
        try:
            connection = BackendConnection.model_validate_json(request.backend_json)
        except ValidationError:
            return sandbox_pb2.TestBackendReply(ok=False, message="the connection is not complete")
        if connection.tenant_id != request.tenant_id:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "the connection belongs to another tenant")
        try:
            version = await self._backend_test.log_in(connection)
        except InvariantBroken:
            return sandbox_pb2.TestBackendReply(ok=False, message="the stored credentials cannot be read; enter them again")
        except CallstageError as err:
            return sandbox_pb2.TestBackendReply(ok=False, message=err.message)
        return sandbox_pb2.TestBackendReply(ok=True, message="", version=version)


def _invocation(request: sandbox_pb2.RunToolRequest) -> Invocation:
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


def _reply(outcome: RunOutcome, session_json: str) -> sandbox_pb2.RunToolReply:
    return sandbox_pb2.RunToolReply(
        status=_STATUS[outcome.status],
        result_json=orjson.dumps(outcome.result).decode(),
        model_text=outcome.model_text,
        speech=outcome.speech,
        run_llm=outcome.run_llm,
        session_json=session_json or "{}" if outcome.session is None else orjson.dumps(outcome.session).decode(),
        logs=outcome.logs,
        host_calls=[sandbox_pb2.HostCall(name=call.name, duration_ms=call.duration_ms, is_error=call.is_error) for call in outcome.host_calls],
        duration_ms=outcome.duration_ms,
        is_replayed=outcome.is_replayed,
        error_code=outcome.error_code,
    )
