"""Which snapshot a call runs on (rules D1 to D3)."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from callstage_contracts.buckets import deployment_key
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import NotFound

from agent_runtime.call_info import CallInfo

_ARRIVAL_S = 1.0
"""A deploy reaches the gateway and this process at slightly different moments."""


class SnapshotMirror(Protocol):
    """The part of `KvMirror[AgentSnapshot]` in use."""

    def get(self, key: str) -> AgentSnapshot | None: ...

    def on_change(self, listener: Callable[[str, AgentSnapshot | None], None]) -> None: ...


class Snapshots:
    """Looks snapshots up in memory; a running call keeps the object it was given."""

    def __init__(self, mirror: SnapshotMirror, *, arrival_s: float = _ARRIVAL_S) -> None:
        self._mirror = mirror
        self._arrival_s = arrival_s
        self._changed = asyncio.Event()
        mirror.on_change(self._on_change)

    async def of(self, info: CallInfo) -> AgentSnapshot:
        """Waits a moment for one that is still on its way. Raises NotFound(code='not_deployed')."""
        key = deployment_key(info.tenant_id, info.agent_id, info.deployment)
        try:
            async with asyncio.timeout(self._arrival_s):
                while (found := self._mirror.get(key)) is None:
                    await self._changed.wait()
                return found
        except TimeoutError as err:
            raise NotFound("this agent has no such deployment", code="not_deployed") from err

    def _on_change(self, key: str, value: AgentSnapshot | None) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
