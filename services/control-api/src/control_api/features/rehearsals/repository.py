"""Which calls a rehearsal may use."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from control_api.db.agent_tables import DeploymentRow
from control_api.db.call_tables import CallRow
from control_api.db.rows import TenantRows

LOOKED_AT = 100
"""Newest calls among which those that may be used are sought."""


@dataclass(frozen=True, slots=True)
class RecentCall:
    """`may_be_used`: its sound is kept, and the caller was told so before anything else (rules A6, K1)."""

    row: CallRow
    may_be_used: bool


class RehearsalRepository(TenantRows):
    """Calls of one tenant's agents."""

    async def recent(self, agent_id: str) -> list[RecentCall]:
        """Conversations with real callers that are over, newest first."""
        of_agent = (CallRow.agent_id == agent_id, CallRow.is_test.is_(False), CallRow.ended_at.is_not(None), CallRow.deployment > 0)
        statement = self.of(CallRow, *of_agent).order_by(CallRow.started_at.desc(), CallRow.call_id.desc()).limit(LOOKED_AT)
        rows = (await self.session.scalars(statement)).all()
        telling = await self._telling(agent_id, {row.deployment or 0 for row in rows})
        return [RecentCall(row, row.recording is not None and _was_told(row, telling)) for row in rows]

    async def _telling(self, agent_id: str, deployments: set[int]) -> dict[int, datetime]:
        """When those of them were made that begin with the disclosure."""
        discloses = DeploymentRow.snapshot["settings"]["disclosure"].as_boolean()
        of_agent = (DeploymentRow.tenant_id == self.tenant_id, DeploymentRow.agent_id == agent_id)
        statement = select(DeploymentRow.deployment, DeploymentRow.created_at).where(*of_agent, DeploymentRow.deployment.in_(deployments), discloses)
        return {row.deployment: row.created_at for row in await self.session.execute(statement)}


def _was_told(row: CallRow, telling: dict[int, datetime]) -> bool:
    # An older call belongs to an agent of the same name that was deleted.
    made_at = telling.get(row.deployment or 0)
    return made_at is not None and made_at <= row.started_at
