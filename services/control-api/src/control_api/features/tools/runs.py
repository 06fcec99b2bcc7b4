"""Runs of tools in calls, newest first; webhooks can be delivered once more (rules T9, W7)."""

from collections.abc import Sequence
from typing import Any

import orjson
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.agent import AgentSnapshot, ToolDefinition
from callstage_domain.errors import CallerError, NotFound
from sqlalchemy import ColumnElement

from control_api.access.caller import Caller
from control_api.db.agent_tables import DeploymentRow
from control_api.db.call_tables import CallRow, ToolRunRow
from control_api.db.rows import Page, PageRequest, TenantRows
from control_api.db.unit_of_work import Writer
from control_api.features.backends.sandbox import SandboxClient
from control_api.features.tools.schemas import ToolRunFilter, ToolTried
from control_api.features.tools.service import tried


class ToolRunService:
    """Look, and send again."""

    def __init__(self, writer: Writer, sandbox: SandboxClient) -> None:
        self._writer = writer
        self._sandbox = sandbox

    async def list_page(self, caller: Caller, request: PageRequest, wanted: ToolRunFilter) -> Page[ToolRunRow]:
        """Newest first."""
        async with self._writer.database.session() as session:
            order = (ToolRunRow.occurred_at, ToolRunRow.call_id, ToolRunRow.run_key)
            return await TenantRows(session, caller.tenant_id).page(ToolRunRow, request, *_conditions(wanted), order=order)

    async def redeliver(self, caller: Caller, call_id: str, run_key: str) -> ToolTried:
        """The same request with the same Idempotency-Key. Raises NotFound, CallerError for a tool that is no webhook, DependencyError."""
        async with self._writer.database.session() as session:
            rows = TenantRows(session, caller.tenant_id)
            run = await rows.first(ToolRunRow, ToolRunRow.call_id == call_id, ToolRunRow.run_key == run_key)
            call = await rows.first(CallRow, CallRow.call_id == call_id)
            snapshot = await _snapshot(rows, run, call)
        if run is None or snapshot is None:
            raise NotFound("no such run, or its deployment is gone")
        tool = snapshot.tools.get(run.tool)
        if tool is None or tool.kind != "webhook":
            raise CallerError("only webhooks are delivered again; code is never run twice (rule T8)", code="not_a_webhook")
        async with self._writer.change(caller) as unit:
            unit.audit("webhook.redelivered", "tool_run", run_key, after={"tool": run.tool, "call_id": call_id})
        request = _request(caller.tenant_id, run, tool, snapshot.tools_webhook_url or "")
        return tried(await self._sandbox.try_tool(request), is_rehearsal=False)


async def _snapshot(rows: TenantRows, run: ToolRunRow | None, call: CallRow | None) -> AgentSnapshot | None:
    if run is None or call is None or call.deployment is None:
        return None
    row = await rows.first(DeploymentRow, DeploymentRow.agent_id == run.agent_id, DeploymentRow.deployment == call.deployment)
    return AgentSnapshot.model_validate(row.snapshot) if row is not None else None


def _request(tenant_id: str, run: ToolRunRow, tool: ToolDefinition, url: str) -> sandbox_pb2.TryToolRequest:
    return sandbox_pb2.TryToolRequest(
        tenant_id=tenant_id,
        agent_id=run.agent_id,
        tool_json=tool.model_dump_json(),
        args_json=orjson.dumps(run.arguments).decode(),
        tools_webhook_url=url,
        run_key=run.run_key,
        call_id=run.call_id,
    )


def _conditions(wanted: ToolRunFilter) -> Sequence[ColumnElement[bool]]:
    exact: dict[Any, Any] = {ToolRunRow.agent_id: wanted.agent_id, ToolRunRow.tool: wanted.tool, ToolRunRow.status: wanted.status}
    exact[ToolRunRow.call_id] = wanted.call_id
    found: list[ColumnElement[bool]] = [column == value for column, value in exact.items() if value is not None]
    return [*found, ToolRunRow.host_calls.contains([{"name": "webhook"}])] if wanted.kind == "webhook" else found
