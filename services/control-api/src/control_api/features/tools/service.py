"""Tools while they are designed (rules D5, R2, T10, T12, T13). What touches a backend or runs code is done by tool-sandbox."""

from typing import Any, Final, Literal, cast

import orjson
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.agent import ToolDefinition
from callstage_domain.builtin_tools import standard_tool
from callstage_domain.errors import CallerError, NotFound

from control_api.access.caller import Caller
from control_api.compile.draft import AgentDraft, DraftResource
from control_api.compile.snapshot import definition_of
from control_api.compile.tool_templates import MissingRight, tool_for
from control_api.db.unit_of_work import Writer
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.agents.view import draft_of
from control_api.features.backends.sandbox import SandboxClient
from control_api.features.calls.schemas import HostCallReply
from control_api.features.deployments.schemas import EffectsReply
from control_api.features.tools.schemas import (
    CodeChecked,
    CodeRemark,
    ModelFieldReply,
    ModelReply,
    RehearsedWriteReply,
    ScopeNameReply,
    TemplateAsk,
    TemplateReply,
    ToolTried,
    ToolTry,
)
from control_api.web.problems import FieldError

_CHECK_TIMEOUT_S: Final = 5.0
_STATUS: Final[dict[Any, Literal["ok", "failed", "timed_out", "unknown"]]] = {
    sandbox_pb2.RUN_STATUS_OK: "ok",
    sandbox_pb2.RUN_STATUS_TIMED_OUT: "timed_out",
    sandbox_pb2.RUN_STATUS_UNKNOWN: "unknown",
}


class ToolService:
    """Check, try, describe, make from a template."""

    def __init__(self, writer: Writer, sandbox: SandboxClient) -> None:
        self._writer = writer
        self._sandbox = sandbox

    async def check(self, code: str) -> CodeChecked:
        """Raises DependencyError when tool-sandbox is away or busy."""
        remarks, effects = await self._sandbox.check_code(code, timeout_s=_CHECK_TIMEOUT_S)
        found = [
            CodeRemark(kind="syntax" if remark.is_syntax else "type", message=remark.message, line=remark.line, is_error=remark.is_error)
            for remark in remarks
        ]
        return CodeChecked(remarks=found, effects=EffectsReply.model_validate(effects))

    async def run(self, caller: Caller, agent_id: str, tool: str, body: ToolTry) -> ToolTried:
        """Raises NotFound, DependencyError; a real run is on record (rule AC6), whatever came of it."""
        draft = await self._draft(caller, agent_id)
        definition = tool_of(draft, tool)
        if not body.dry_run:
            async with self._writer.change(caller) as unit:
                unit.audit("tool.tried", "agent", agent_id, after={"tool": tool, "args": body.args})
        request = sandbox_pb2.TryToolRequest(
            tenant_id=caller.tenant_id,
            agent_id=agent_id,
            tool_json=definition.model_dump_json(),
            args_json=orjson.dumps(body.args).decode(),
            session_json=orjson.dumps(body.session).decode(),
            is_rehearsal=body.dry_run,
            tools_webhook_url=draft.tools_webhook_url or "",
            integrations={str(category): integration_id for category, integration_id in draft.integrations.items()},
        )
        return tried(await self._sandbox.try_tool(request), is_rehearsal=body.dry_run)

    async def model(self, caller: Caller, agent_id: str, model: str) -> ModelReply:
        """Raises NotFound, CallerError with the backend's own words."""
        await self._draft(caller, agent_id)
        reply = await self._sandbox.describe_model(caller.tenant_id, agent_id, model)
        if reply.error_code:
            raise CallerError(reply.error or "the backend did not answer", code=reply.error_code)
        fields = [
            ModelFieldReply(
                name=field.name,
                type=field.type,
                label=field.label,
                required=field.is_required,
                readonly=field.is_readonly,
                relation=field.relation,
                choices=list(field.choices),
            )
            for field in reply.fields
        ]
        return ModelReply(model=model, fields=fields)

    async def template(self, caller: Caller, agent_id: str, body: TemplateAsk) -> TemplateReply:
        """Raises NotFound, FieldError for a model that is no resource, or without the access right."""
        resource = _resource(await self._draft(caller, agent_id), body.model)
        if body.action == "call" and not body.method.isidentifier():
            raise FieldError("method", "name the method that is to be called")
        try:
            tool = tool_for(resource, body.action, body.method)
        except MissingRight as err:
            raise FieldError("action", str(err)) from err
        return TemplateReply(name=tool.name, description=tool.description, parameters=tool.parameters, code=tool.code or "")

    async def _draft(self, caller: Caller, agent_id: str) -> AgentDraft:
        async with self._writer.database.session() as session:
            return draft_of(found(await AgentRepository(session, caller.tenant_id).get(agent_id)))


def tool_of(draft: AgentDraft, name: str) -> ToolDefinition:
    """A tool of the draft that can run without a call, or a standard one. Raises NotFound, CallerError."""
    own = next((tool for tool in draft.own_tools if tool.name == name), None)
    definition = definition_of(own) if own is not None else standard_tool(name)
    if definition is None:
        raise NotFound("no such tool in the draft")
    if definition.kind == "builtin":
        raise CallerError(f"'{name}' acts on a call and cannot be tried without one", code="builtin_tool")
    return definition


def _resource(draft: AgentDraft, model: str) -> DraftResource:
    resource = next((resource for resource in draft.resources if resource.model == model), None)
    if resource is None:
        raise FieldError("model", f"'{model}' is no resource of this agent; import it first")
    return resource


def tried(reply: sandbox_pb2.TryToolReply, *, is_rehearsal: bool) -> ToolTried:
    """As a reply."""
    run = reply.run
    return ToolTried(
        status=_STATUS.get(run.status, "failed"),
        result=orjson.loads(run.result_json or "{}"),
        speech=run.speech,
        error="" if run.status == sandbox_pb2.RUN_STATUS_OK else run.model_text,
        error_code=run.error_code,
        line=run.line,
        scope=[ScopeNameReply(name=name.name, type=name.type) for name in run.scope],
        session=orjson.loads(run.session_json or "{}"),
        logs=list(run.logs),
        host_calls=[HostCallReply(name=call.name, duration_ms=call.duration_ms, is_error=call.is_error, **_detail(call)) for call in run.host_calls],
        duration_ms=run.duration_ms,
        dry_run=is_rehearsal,
        writes=[
            RehearsedWriteReply(
                operation=cast(Any, write.operation),
                target=write.target,
                arguments=orjson.loads(write.arguments_json),
            )
            for write in reply.writes
        ],
    )


def _detail(call: sandbox_pb2.HostCall) -> dict[str, Any]:
    return orjson.loads(call.detail_json) if call.detail_json else {}
