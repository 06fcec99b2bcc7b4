"""Agents in numbers."""

from datetime import timedelta

from control_api.access.caller import Caller
from control_api.db.database import Database
from control_api.db.tables import now
from control_api.features.agent_stats.repository import AgentStatsRepository
from control_api.features.agent_stats.schemas import AgentStats

_RESPONSE_WINDOW = timedelta(days=7)


class AgentStatsService:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_all(self, caller: Caller) -> list[AgentStats]:
        """Every agent."""
        moment = now()
        async with self._database.session() as session:
            rows = AgentStatsRepository(session, caller.tenant_id)
            agents, numbers = await rows.agents(), await rows.numbers()
            today = await rows.calls_since(moment.replace(hour=0, minute=0, second=0, microsecond=0))
            running, p95 = await rows.running(), await rows.p95_response_ms(moment - _RESPONSE_WINDOW)
            last, last_test = await rows.last_calls(is_test=False), await rows.last_calls(is_test=True)
        return [
            AgentStats(
                agent_id=agent.agent_id,
                numbers=sorted(numbers.get(agent.agent_id, [])),
                calls_today=today.get(agent.agent_id, 0),
                active_calls=running.get(agent.agent_id, 0),
                p95_response_ms=round(p95[agent.agent_id], 1) if agent.agent_id in p95 else None,
                last_call_at=last.get(agent.agent_id),
                last_test_at=last_test.get(agent.agent_id),
                deployed=agent.active_deployment > 0,
                draft_differs=agent.version != agent.deployed_version,
            )
            for agent in agents
        ]
