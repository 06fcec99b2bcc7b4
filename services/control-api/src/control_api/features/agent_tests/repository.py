"""Rows of agent tests, and the recordings they are made of."""

from collections.abc import Sequence

from sqlalchemy import func, select

from control_api.db.agent_test_tables import AgentTestRow
from control_api.db.call_tables import CallJournalRow, CallRow
from control_api.db.rows import TenantRows


class AgentTestRepository(TenantRows):
    """Tests of one tenant's agents."""

    async def of_agent(self, agent_id: str) -> Sequence[AgentTestRow]:
        """Oldest first."""
        statement = self.of(AgentTestRow, AgentTestRow.agent_id == agent_id).order_by(AgentTestRow.created_at, AgentTestRow.id)
        return (await self.session.scalars(statement)).all()

    async def get(self, agent_id: str, test_id: str) -> AgentTestRow | None:
        """By id."""
        return await self.first(AgentTestRow, AgentTestRow.agent_id == agent_id, AgentTestRow.id == test_id)

    async def body(self, test_id: str) -> bytes | None:
        """The recording of a test; None when it was deleted meanwhile."""
        statement = select(AgentTestRow.body).where(AgentTestRow.tenant_id == self.tenant_id, AgentTestRow.id == test_id)
        return await self.session.scalar(statement)

    async def count(self, agent_id: str) -> int:
        """Of one agent."""
        statement = select(func.count()).where(AgentTestRow.tenant_id == self.tenant_id, AgentTestRow.agent_id == agent_id)
        return await self.session.scalar(statement) or 0

    async def call(self, agent_id: str, call_id: str) -> CallRow | None:
        """A call of the agent."""
        return await self.first(CallRow, CallRow.agent_id == agent_id, CallRow.call_id == call_id)

    async def recordings_of_call(self, call_id: str) -> Sequence[bytes]:
        """Bodies in the order in which processes took the call on."""
        statement = self.of(CallJournalRow, CallJournalRow.call_id == call_id)
        rows = (await self.session.scalars(statement.order_by(CallJournalRow.started_at_ms, CallJournalRow.occurred_at))).all()
        return [row.body for row in rows]

    async def calls_of_session(self, agent_id: str, session_id: str) -> Sequence[CallRow]:
        """Oldest first."""
        statement = self.of(CallRow, CallRow.agent_id == agent_id, CallRow.session_id == session_id).order_by(CallRow.started_at, CallRow.call_id)
        return (await self.session.scalars(statement)).all()
