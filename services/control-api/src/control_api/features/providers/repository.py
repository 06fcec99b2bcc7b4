"""Rows of provider keys."""

from dataclasses import dataclass
from typing import Any

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
        """Provider → ids of agents whose draft names it, as its choice or as a fallback."""
        found: dict[str, list[str]] = {}
        for agent in await self.all(AgentRow):
            for wish in wishes_of(agent.draft).values():
                for provider in wish.named:
                    if agent.agent_id not in found.setdefault(provider, []):
                        found[provider].append(agent.agent_id)
        return found

    async def wishes(self, agent_id: str) -> dict[str, "Wish"] | None:
        """By kind, what one agent's draft wants; None: there is no such agent."""
        agent = await self.first(AgentRow, AgentRow.agent_id == agent_id)
        return None if agent is None else wishes_of(agent.draft)


@dataclass(frozen=True, slots=True)
class Wish:
    """Of one kind: the providers that are named, in order. `is_open`: the platform adds every other one that has a key."""

    named: tuple[str, ...]
    is_open: bool


def wishes_of(draft: dict[str, Any]) -> dict[str, Wish]:
    """By kind. A speech-to-speech model is used only where it is named."""
    wishes: dict[str, Wish] = {}
    for kind in ("stt", "llm", "tts", "realtime"):
        part: dict[str, Any] = draft.get(kind) or {}
        fallbacks: list[dict[str, Any]] | None = part.get("fallbacks")
        chosen = [part["provider"]] if part.get("provider") else []
        names = (*chosen, *(str(fallback["provider"]) for fallback in fallbacks or ()))
        is_open = kind != "realtime" and (fallbacks is None or not chosen)
        wishes[kind] = Wish(tuple(dict.fromkeys(names)), is_open)
    return wishes
