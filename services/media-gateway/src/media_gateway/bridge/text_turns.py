"""Text turns at the runtimes (`StreamTextTurn`). A turn that finds its runtime gone is asked again elsewhere: its id makes it happen once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Any, Final, Self

import grpc
import structlog
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_contracts.pb.runtime.v1 import runtime_pb2_grpc
from callstage_domain.errors import DependencyError
from callstage_kit.grpc.channel import open_channel

from media_gateway.bridge.runtime_links import RuntimeLinks

_log = structlog.get_logger(__name__)
TURN_TIMEOUT_S: Final = 180.0
"""Several rounds of the model with tools between; the runtime's own limits are shorter."""
_ATTEMPTS: Final = 4
_WAIT_S: Final = 0.5
_TRY_ELSEWHERE: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN})


class TextTurns:
    """Entered = usable. One channel per runtime, made when it is first used."""

    def __init__(self, links: RuntimeLinks) -> None:
        self._links = links
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.close()

    async def stream(self, request: pb.TextTurnRequest) -> AsyncGenerator[pb.TextTurnPart]:
        """The parts; the last one is `reply` or `failed`. Raises DependencyError when no runtime answers."""
        avoid = None
        for attempt in range(_ATTEMPTS):
            link = self._links.choose(avoid)
            if link is None:
                await asyncio.sleep(_WAIT_S)
                continue
            try:
                async for part in self._parts(link.address, request):
                    if part.failed.code == "overload" and attempt + 1 < _ATTEMPTS:
                        break
                    yield part
                    if part.WhichOneof("body") in ("reply", "failed"):
                        return
            except grpc.aio.AioRpcError as err:
                _log.warning("text_turn_lost", address=link.address, code=err.code().name, attempt=attempt)
                if err.code() not in _TRY_ELSEWHERE:
                    raise DependencyError(f"agent-runtime: {err.code().name}", vendor="agent-runtime", code="runtime_lost") from err
            avoid = link
            await asyncio.sleep(_WAIT_S * attempt)
        raise DependencyError("no agent-runtime answers", vendor="agent-runtime", code="runtime_lost")

    def _parts(self, address: str, request: pb.TextTurnRequest) -> AsyncIterator[pb.TextTurnPart]:
        if address not in self._channels:
            self._channels[address] = open_channel(address)
        stub: Any = runtime_pb2_grpc.ConversationServiceStub(self._channels[address])
        return stub.StreamTextTurn(request, timeout=TURN_TIMEOUT_S)
