"""All agent-runtime processes that this gateway knows, and the choice among them."""

import asyncio
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import structlog
from callstage_kit.tasks import TaskScope, cancel, forever

from media_gateway.bridge.runtime_link import RuntimeLink

_log = structlog.get_logger(__name__)
_RESOLVE_EVERY_S: Final = 5.0
_RESOLVE_TIMEOUT_S: Final = 3.0
_DNS = "dns:///"


class RuntimeLinks:
    """One link per address while entered. `host:port` is one address, `dns:///name:port` is all addresses behind the name."""

    def __init__(self, targets: Sequence[str]) -> None:
        self._fixed = tuple(target for target in targets if not target.startswith(_DNS))
        self._names = tuple(target.removeprefix(_DNS) for target in targets if target.startswith(_DNS))
        self._links: dict[str, tuple[RuntimeLink, asyncio.Task[None]]] = {}
        self._scope = TaskScope("runtime_links")

    async def __aenter__(self) -> Self:
        for address in self._fixed:
            self._add(address)
        if self._names:
            self._scope.start(forever(_RESOLVE_EVERY_S, self._resolve, name="resolve_runtimes"), name="resolve")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    @property
    def links(self) -> list[RuntimeLink]:
        """Every link, up or down."""
        return [link for link, _ in self._links.values()]

    @property
    def is_open(self) -> bool:
        """True when a new call would find a runtime."""
        return any(link.is_open for link in self.links)

    def choose(self, avoid: RuntimeLink | None = None) -> RuntimeLink | None:
        """The open link with the fewest calls; `avoid` only when there is no other. None: no runtime is there."""
        open_links = [link for link in self.links if link.is_open]
        others = [link for link in open_links if link is not avoid]
        return min(others or open_links, key=lambda link: link.calls, default=None)

    def flush(self) -> None:
        """Write what all calls have queued: one message per link."""
        for link, _ in self._links.values():
            link.flush()

    def _add(self, address: str) -> None:
        link = RuntimeLink(address)
        self._links[address] = (link, self._scope.start(link.run(), name=address))

    async def _resolve(self) -> None:
        found: set[str] = set()
        for name in self._names:
            host, _, port = name.rpartition(":")
            try:
                async with asyncio.timeout(_RESOLVE_TIMEOUT_S):
                    infos = await asyncio.get_running_loop().getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
            except (OSError, TimeoutError) as err:
                _log.warning("runtime_name_not_resolved", name=name, error=str(err) or type(err).__name__)
                return
            found |= {f"[{info[4][0]}]:{port}" if info[0] == socket.AF_INET6 else f"{info[4][0]}:{port}" for info in infos}
        for address in found - set(self._links):
            self._add(address)
        for address in set(self._links) - found - set(self._fixed):
            link, task = self._links[address]
            if not link.is_connected:
                del self._links[address]
                await cancel(task)
