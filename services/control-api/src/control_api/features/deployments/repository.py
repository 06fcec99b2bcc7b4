"""Rows of deployments."""

from sqlalchemy import delete

from control_api.db.agent_tables import DeploymentRow
from control_api.db.rows import Page, PageRequest, TenantRows


class DeploymentRepository(TenantRows):
    """Snapshots of one agent; number 0 is the test draft and is not part of the history."""

    async def list_page(self, agent_id: str, request: PageRequest) -> Page[DeploymentRow]:
        """Newest first."""
        return await self.page(
            DeploymentRow, request, DeploymentRow.agent_id == agent_id, DeploymentRow.deployment > 0, order=(DeploymentRow.deployment,)
        )

    async def get(self, agent_id: str, deployment: int) -> DeploymentRow | None:
        """By number."""
        return await self.first(DeploymentRow, DeploymentRow.agent_id == agent_id, DeploymentRow.deployment == deployment)

    async def beyond(self, agent_id: str, newest: int) -> list[int]:
        """Numbers that are at least `newest` deployments old."""
        rows = self.of(DeploymentRow, DeploymentRow.agent_id == agent_id, DeploymentRow.deployment > 0).order_by(DeploymentRow.deployment.desc())
        found = await self.session.scalars(rows.with_only_columns(DeploymentRow.deployment).offset(newest).limit(5))
        return [int(number) for number in found.all()]

    async def remove_test_draft(self, agent_id: str) -> None:
        """The one that a new test session replaces."""
        await self.session.execute(
            delete(DeploymentRow).where(DeploymentRow.tenant_id == self.tenant_id, DeploymentRow.agent_id == agent_id, DeploymentRow.deployment == 0)
        )
