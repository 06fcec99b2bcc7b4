"""Running a tool of a draft outside of any conversation: for real, or as a rehearsal (rules D5, T13, W7)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from callstage_domain.agent import ToolDefinition
from callstage_domain.errors import InvariantBroken, LimitExceeded

from tool_sandbox.configuration import Configuration
from tool_sandbox.execution.arguments import InvalidArguments, arguments_of
from tool_sandbox.execution.attachments import Attachments
from tool_sandbox.execution.journal import Journal, JournalEntry
from tool_sandbox.execution.limits import RunLimits, TenantPlaces
from tool_sandbox.execution.rehearsal import Rehearsal, RehearsedWrite
from tool_sandbox.execution.runner import CodeRunner
from tool_sandbox.outcome import Invocation, RunOutcome
from tool_sandbox.webhooks.delivery import WebhookRunner

_BUSY_TEXT: Final = "All places of this tenant are taken; try again in a moment."


class _Forgotten:
    """A journal nobody comes back to: a person looks at the result, and presses the button again or not."""

    async def write(self, entries: Mapping[int, JournalEntry]) -> bool:
        """Kept nowhere."""
        return True


class Tryout:
    """Same limits, same isolation, same share of the tenant as in a call."""

    def __init__(
        self,
        configuration: Configuration,
        places: TenantPlaces,
        code: CodeRunner,
        webhooks: WebhookRunner,
        attachments: Attachments,
        *,
        limits: RunLimits,
        timeout_max_s: float,
    ) -> None:
        self._configuration = configuration
        self._places = places
        self._code = code
        self._webhooks = webhooks
        self._attachments = attachments
        self._limits = limits
        self._timeout_max_s = timeout_max_s

    async def run(
        self, invocation: Invocation, tool: ToolDefinition, webhook_url: str, integrations: Mapping[str, str], *, is_rehearsal: bool
    ) -> tuple[RunOutcome, list[RehearsedWrite]]:
        """What came of it, and what a rehearsal did not send. Raises only for defects."""
        try:
            invocation = replace(invocation, args=arguments_of(tool, invocation.args))
        except InvalidArguments as err:
            return RunOutcome.failed(err.code, f"The arguments are not valid: {err.message}"), []
        try:
            async with self._places.hold(invocation.tenant_id):
                if tool.kind == "webhook":
                    return await self._webhook(invocation, webhook_url, is_rehearsal=is_rehearsal)
                return await self._run_code(invocation, tool, integrations, is_rehearsal=is_rehearsal)
        except LimitExceeded:
            return RunOutcome.failed("busy", _BUSY_TEXT), []

    async def _webhook(self, invocation: Invocation, url: str, *, is_rehearsal: bool) -> tuple[RunOutcome, list[RehearsedWrite]]:
        if not is_rehearsal:
            return await self._webhooks.run(invocation, url or None, self._configuration.tenant(invocation.tenant_id)), []
        write = RehearsedWrite("webhook", url, {"function": invocation.tool, "args": invocation.args})
        return RunOutcome.failed("rehearsed", "The webhook was not called: only it knows what it would have answered."), [write]

    async def _run_code(
        self, invocation: Invocation, tool: ToolDefinition, integrations: Mapping[str, str], *, is_rehearsal: bool
    ) -> tuple[RunOutcome, list[RehearsedWrite]]:
        try:
            attached = self._attachments.of(invocation.tenant_id, invocation.agent_id, integrations)
        except InvariantBroken:
            return RunOutcome.failed("backend_not_configured", "stored credentials cannot be read; save the backend and the integrations again"), []
        rehearsal = Rehearsal(attached.backend)
        outcome = await self._code.run(
            invocation,
            tool.code or "",
            attached=attached,
            rehearsal=rehearsal if is_rehearsal else None,
            journal=Journal(_Forgotten()),
            limits=replace(self._limits, timeout_s=min(tool.timeout_s or self._limits.timeout_s, self._timeout_max_s)),
        )
        return outcome, rehearsal.writes
