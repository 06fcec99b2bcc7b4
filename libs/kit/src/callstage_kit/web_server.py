"""uvicorn inside a service's own event loop and shutdown order."""

import socket
from asyncio import Event, sleep, timeout
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn

from callstage_kit.tasks import TaskScope, settle


def bound_socket(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening-ready TCP socket; `shared` sets SO_REUSEPORT, so that several processes serve one port."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    return sock


class _Server(uvicorn.Server):
    """uvicorn wakes ten times a second to see whether it should end; with a dozen servers on a machine that is what an idle platform costs."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leaving = Event()

    async def main_loop(self) -> None:
        """A round a second renews the Date header."""
        while not (await self.on_tick(0) or self.leaving.is_set()):
            try:
                async with timeout(1.0):
                    await self.leaving.wait()
            except TimeoutError:
                continue


class WebServer:
    """Serves an ASGI app on a socket while entered. Signals are the service's business, not uvicorn's.

    `sockets`: what uvicorn takes as its `ws` option, the name of an implementation or a protocol class.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        sock: socket.socket,
        *,
        max_message_bytes: int = 1 << 20,
        shutdown_timeout_s: int = 5,
        sockets: Any = "websockets-sansio",
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            ws=sockets,
            ws_max_size=max_message_bytes,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=shutdown_timeout_s,
            lifespan="off",
            server_header=False,
            # Who may speak for a client is a setting of the service, not of the web server.
            proxy_headers=False,
        )
        self._server = _Server(config)
        self._socket = sock
        self._scope = TaskScope("web_server")

    async def __aenter__(self) -> Self:
        self._serving = self._scope.start(self._server._serve([self._socket]), name="serve")  # pyright: ignore[reportPrivateUsage]  # serve() would take over the signals
        while not self._server.started:
            if self._scope.size == 0:
                raise RuntimeError("the web server did not start")
            await sleep(0.005)
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        self._server.should_exit = True
        self._server.leaving.set()
        await settle([self._serving])
        await self._scope.close()

    def stop_accepting(self) -> None:
        """No new connections from now on (they go to other processes on a shared port); open ones go on."""
        for server in self._server.servers:
            server.close()

    @property
    def port(self) -> int:
        """The port really taken."""
        return self._socket.getsockname()[1]
