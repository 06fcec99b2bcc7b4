"""Running a tool by name: which one, with valid arguments, once, in its tenant's share of this process."""

import asyncio
from dataclasses import replace
from typing import Final, Self

import structlog
from callstage_contracts.buckets import deployment_key
from callstage_domain.agent import AgentSnapshot, ToolDefinition
from callstage_domain.errors import InvariantBroken, LimitExceeded
from callstage_kit.tasks import TaskScope, settle
from callstage_kit.telemetry.metrics import TOOL_RUNS_TOTAL, TOOL_SECONDS

from tool_sandbox.configuration import Configuration
from tool_sandbox.execution.arguments import InvalidArguments, arguments_of
from tool_sandbox.execution.attachments import Attachments
from tool_sandbox.execution.ledger import Claim, Ledger
from tool_sandbox.execution.limits import RunLimits, TenantPlaces
from tool_sandbox.execution.runner import CodeRunner
from tool_sandbox.outcome import Invocation, RunOutcome, RunStatus
from tool_sandbox.webhooks.delivery import WebhookRunner

_log = structlog.get_logger(__name__)
_BUSY_TEXT: Final = "The system is busy right now; try again in a moment."


class ToolRunner:
    """A run outlives the request that asked for it: a lost connection does not stop it half-way, and whoever asks again gets its outcome."""

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        places: TenantPlaces,
        code: CodeRunner,
        webhooks: WebhookRunner,
        attachments: Attachments,
        *,
        limits: RunLimits,
        preload_timeout_s: float,
        timeout_max_s: float,
        lease_s: float,
    ) -> None:
        self._configuration = configuration
        self._ledger = ledger
        self._places = places
        self._code = code
        self._webhooks = webhooks
        self._attachments = attachments
        self._limits = limits
        self._preload_timeout_s = preload_timeout_s
        self._timeout_max_s = timeout_max_s
        self._lease_s = lease_s
        self._scope = TaskScope("tool_runs")
        self._running: dict[tuple[str, str], asyncio.Task[RunOutcome]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._scope.close()

    async def drain(self) -> None:
        """Wait until nothing runs."""
        while self._running:
            await settle(self._running.values())

    async def run(self, invocation: Invocation) -> RunOutcome:
        """The outcome of this run, or of the earlier one with the same key. Raises only for defects."""
        key = (invocation.tenant_id, invocation.run_key)
        running = self._running.get(key)
        if running is not None:
            return replace(await asyncio.shield(running), is_replayed=True)
        task = self._scope.start(self._run(invocation), name="run")
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _run(self, invocation: Invocation) -> RunOutcome:
        snapshot = self._configuration.deployment(deployment_key(invocation.tenant_id, invocation.agent_id, invocation.deployment))
        tool = None if snapshot is None else snapshot.tools.get(invocation.tool)
        if snapshot is None or tool is None or tool.kind == "builtin":
            return _counted("unknown", RunOutcome.failed("unknown_tool", f"There is no tool '{invocation.tool[:80]}'."))
        kind = "preload" if invocation.is_preload else tool.kind
        try:
            invocation = replace(invocation, args=invocation.args if invocation.is_preload else arguments_of(tool, invocation.args))
        except InvalidArguments as err:
            return _counted(kind, RunOutcome.failed(err.code, f"The arguments are not valid: {err.message}"))
        wait_s = self._timeout_s(tool, invocation) + self._lease_s
        async with self._ledger.claim(invocation.tenant_id, invocation.run_key, wait_s=wait_s) as claim:
            if claim.finished is not None:
                return replace(claim.finished, is_replayed=True)
            if claim.is_busy:
                return _counted(kind, RunOutcome.failed("busy", "The same action is still running.", status=RunStatus.UNKNOWN))
            try:
                async with self._places.hold(invocation.tenant_id):
                    outcome = await self._once(invocation, snapshot, tool, claim)
            except LimitExceeded as err:
                _log.warning("tool_refused_busy", reason=err.message)
                return _counted(kind, RunOutcome.failed("busy", _BUSY_TEXT))
            await self._ledger.finish(claim, outcome)
        TOOL_SECONDS.labels(kind, outcome.status.value).observe(outcome.duration_ms / 1000)
        return _counted(kind, outcome)

    async def _once(self, invocation: Invocation, snapshot: AgentSnapshot, tool: ToolDefinition, claim: Claim) -> RunOutcome:
        tenant = self._configuration.tenant(invocation.tenant_id)
        if tool.kind == "webhook":
            return await self._webhooks.run(invocation, snapshot.tools_webhook_url, tenant)
        try:
            attached = self._attachments.of(invocation.tenant_id, invocation.agent_id, snapshot.integrations)
        except InvariantBroken as err:
            _log.error("secret_unreadable", error=err.message)
            return RunOutcome.failed("backend_not_configured", "stored credentials cannot be read; save the backend and the integrations again")
        limits = replace(self._limits, timeout_s=self._timeout_s(tool, invocation))
        return await self._code.run(invocation, tool.code or "", attached=attached, journal=claim.journal, limits=limits)

    def _timeout_s(self, tool: ToolDefinition, invocation: Invocation) -> float:
        if invocation.is_preload:
            return self._preload_timeout_s
        return min(tool.timeout_s or self._limits.timeout_s, self._timeout_max_s)


def _counted(kind: str, outcome: RunOutcome) -> RunOutcome:
    TOOL_RUNS_TOTAL.labels(kind, outcome.status.value).inc()
    return outcome
