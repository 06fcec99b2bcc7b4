"""All checks of a draft: our own, and those that tool-sandbox makes of tool code (rule S5)."""

import asyncio

from callstage_domain.errors import DependencyError
from callstage_kit.tasks import in_thread

from control_api.compile.checks import check, errors_first
from control_api.compile.draft import AgentDraft
from control_api.compile.effects import ToolEffects
from control_api.compile.findings import Finding
from control_api.compile.type_check import code_to_check, findings_of, not_checked
from control_api.features.backends.sandbox import SandboxClient


class DraftChecks:
    """A deploy must not depend on tool-sandbox: code that it has not checked within `limit_s` is named in a warning."""

    def __init__(self, sandbox: SandboxClient, *, limit_s: float = 2.0) -> None:
        self._sandbox = sandbox
        self._limit_s = limit_s

    async def review(self, draft: AgentDraft) -> tuple[list[Finding], list[ToolEffects]]:
        """As an editor sees them: findings, errors first, and what the tools can do."""
        of_types, effects = await self.types(draft)
        return errors_first([*await in_thread(check, draft), *of_types]), effects

    async def types(self, draft: AgentDraft) -> tuple[list[Finding], list[ToolEffects]]:
        """What tool-sandbox says of the code, one tool after the other: it has better things to do."""
        left = await in_thread(code_to_check, draft)
        found: list[Finding] = []
        effects: list[ToolEffects] = []
        try:
            async with asyncio.timeout(self._limit_s):
                while left:
                    remarks, its_effects = await self._sandbox.check_code(left[0].code, timeout_s=self._limit_s)
                    found += findings_of(left[0], remarks)
                    effects.append(ToolEffects(left[0].tool, its_effects))
                    del left[0]
        except (TimeoutError, DependencyError):
            found += not_checked(left)
        return found, effects

    def types_unknown(self, draft: AgentDraft) -> list[Finding]:
        """In place of `types` when there is no time to ask. Blocking, for a thread."""
        return list(not_checked(code_to_check(draft)))
