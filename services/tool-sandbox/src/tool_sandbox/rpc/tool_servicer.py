"""`ToolService` on the wire. The tenant is the one of the request's context; code and credentials are those deployed for it."""

import uuid
from typing import Any

import grpc
import orjson
import structlog
from callstage_contracts.buckets import BackendConnection, IntegrationRecord
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.errors import CallerError, CallstageError, InvariantBroken
from callstage_kit.grpc.status import status_of
from callstage_kit.tasks import in_thread
from pydantic import ValidationError

from tool_sandbox.caller_lookup import CallerLookup
from tool_sandbox.checks.code_checker import CodeChecker
from tool_sandbox.checks.effects import effects
from tool_sandbox.execution.tools import ToolRunner
from tool_sandbox.execution.tryout import Tryout
from tool_sandbox.inspection import Inspection
from tool_sandbox.outcome import RunOutcome
from tool_sandbox.rpc.convert import check_reply, invocation_of, model_reply, run_reply, tried_reply, tried_tool

_log = structlog.get_logger(__name__)


class ToolServicer(sandbox_pb2_grpc.ToolServiceServicer):
    """The edge: parse, call, answer. Tool failures are replies, not gRPC errors."""

    def __init__(self, runner: ToolRunner, tryout: Tryout, lookup: CallerLookup, checker: CodeChecker, inspection: Inspection) -> None:
        self._runner = runner
        self._tryout = tryout
        self._lookup = lookup
        self._checker = checker
        self._inspection = inspection

    async def RunTool(self, request: sandbox_pb2.RunToolRequest, context: Any) -> sandbox_pb2.RunToolReply:  # noqa: N802
        """See the proto."""
        try:
            invocation = invocation_of(request)
        except CallerError as err:
            if err.code == "invalid_arguments":
                return run_reply(RunOutcome.failed(err.code, err.message), request.session_json)
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
        return run_reply(outcome, request.session_json)

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
        return check_reply(findings, await in_thread(effects, request.code))

    async def TestBackend(self, request: sandbox_pb2.TestBackendRequest, context: Any) -> sandbox_pb2.TestBackendReply:  # noqa: N802
        """See the proto."""
        try:
            connection = BackendConnection.model_validate_json(request.backend_json)
        except ValidationError:
            return sandbox_pb2.TestBackendReply(ok=False, message="the connection is not complete")
        if connection.tenant_id != request.tenant_id:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "the connection belongs to another tenant")
        try:
            version = await self._inspection.log_in(connection)
        except InvariantBroken:
            return sandbox_pb2.TestBackendReply(ok=False, message="the stored credentials cannot be read; enter them again")
        except CallstageError as err:
            return sandbox_pb2.TestBackendReply(ok=False, message=err.message)
        return sandbox_pb2.TestBackendReply(ok=True, message="", version=version)

    async def TryTool(self, request: sandbox_pb2.TryToolRequest, context: Any) -> sandbox_pb2.TryToolReply:  # noqa: N802
        """See the proto."""
        try:
            invocation, tool = tried_tool(request, f"try-{uuid.uuid4()}")
            outcome, writes = await self._tryout.run(
                invocation, tool, request.tools_webhook_url, dict(request.integrations), is_rehearsal=request.is_rehearsal
            )
        except CallerError as err:
            if err.code == "invalid_arguments":
                return tried_reply(run_reply(RunOutcome.failed(err.code, err.message), ""), [])
            await context.abort(status_of(err), err.message)
            raise
        return tried_reply(run_reply(outcome, request.session_json), writes)

    async def DescribeModel(self, request: sandbox_pb2.DescribeModelRequest, context: Any) -> sandbox_pb2.DescribeModelReply:  # noqa: N802
        """See the proto."""
        try:
            return model_reply(await self._inspection.fields_of(request.tenant_id, request.agent_id, request.model))
        except InvariantBroken:
            message = "the stored credentials cannot be read; enter them again"
            return sandbox_pb2.DescribeModelReply(error=message, error_code="backend_not_configured")
        except CallstageError as err:
            return sandbox_pb2.DescribeModelReply(error=err.message, error_code=err.code)

    async def TestIntegration(self, request: sandbox_pb2.TestIntegrationRequest, context: Any) -> sandbox_pb2.TestIntegrationReply:  # noqa: N802
        """See the proto."""
        try:
            record = IntegrationRecord.model_validate_json(request.integration_json)
        except ValidationError:
            return sandbox_pb2.TestIntegrationReply(ok=False, message="the settings are not complete")
        if record.tenant_id != request.tenant_id:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "the integration belongs to another tenant")
        try:
            return sandbox_pb2.TestIntegrationReply(ok=True, account=await self._inspection.reached(record))
        except CallstageError as err:
            return sandbox_pb2.TestIntegrationReply(ok=False, message=err.message)
