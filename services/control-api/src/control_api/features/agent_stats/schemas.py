"""Bodies of agent cards."""

from datetime import datetime

from pydantic import Field

from control_api.web.schema import Reply


class AgentStats(Reply):
    """One agent in numbers. Test calls count only where that is said."""

    agent_id: str
    numbers: list[str] = Field(description="Numbers that lead to the agent, E.164.")
    calls_today: int = Field(description="By UTC.")
    active_calls: int = Field(description="Test calls, too.")
    p95_response_ms: float | None = Field(description="End of the caller's speech to the first sound of the answer, last 7 days; null without calls.")
    last_call_at: datetime | None
    last_test_at: datetime | None = Field(description="The last conversation in the Test tab.")
    deployed: bool
    draft_differs: bool = Field(description="The draft was changed since it was deployed, or was never deployed.")


class AgentStatsList(Reply):
    """Every agent of the tenant, oldest first."""

    stats: list[AgentStats]
