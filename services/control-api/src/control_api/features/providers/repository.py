"""Rows of provider keys."""

from control_api.db.access_tables import ProviderKeyRow
from control_api.db.agent_tables import AgentRow
from control_api.db.rows import TenantRows


class ProviderRepository(TenantRows):
    """Provider keys of one tenant."""

    async def get(self, provider: str, *, lock: bool = False) -> ProviderKeyRow | None:
        """By name."""
        return await self.first(ProviderKeyRow, ProviderKeyRow.provider == provider, lock=lock)

    async def list_all(self) -> list[ProviderKeyRow]:
        """By name."""
        return sorted(await self.all(ProviderKeyRow), key=lambda row: row.provider)

    async def users(self) -> dict[str, list[str]]:
        """Provider → ids of agents whose draft names it."""
        found: dict[str, list[str]] = {}
        for agent in await self.all(AgentRow):
            for part in ("llm", "stt", "tts"):
                provider = (agent.draft.get(part) or {}).get("provider")
                if provider and agent.agent_id not in found.setdefault(provider, []):
                    found[provider].append(agent.agent_id)
        return found
