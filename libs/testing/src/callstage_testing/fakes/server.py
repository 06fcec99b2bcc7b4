"""The loopback HTTP and WebSocket server under every fake."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Any, Self

from aiohttp import WSCloseCode, web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.faults import Fault, FaultPlan

_EXCHANGE = web.RequestKey("callstage_exchange", Exchange)
_HISTORY_LIMIT = 20_000
_SHUTDOWN_S = 0.05
_MAX_BODY_BYTES = 64 * 1024 * 1024


def _gone(exchange: Exchange) -> None:
    if exchange.outcome == "open":
        exchange.outcome = "client_gone"


class FakeServer:
    """Binds 127.0.0.1, records every request in `requests`, applies `faults`. Subclasses add routes and the vendor's error body.

    A second process reads the record from `GET /_fake/requests` and empties it with `DELETE /_fake/requests`.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.requests: deque[Exchange] = deque(maxlen=_HISTORY_LIMIT)
        self.faults = FaultPlan()
        self._port = port
        self._count = 0
        self._runner: web.AppRunner | None = None
        self._sockets: set[web.WebSocketResponse] = set()
        self._closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def error_body(self, status: int, message: str) -> Any:
        """The vendor's JSON for an error."""
        return {"error": message, "status": status}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        """A refusal, or None when the credentials are right."""
        return None

    @property
    def port(self) -> int:
        if self._runner is None:
            raise RuntimeError("the fake is not running; use it in `async with`")
        address: Any = self._runner.addresses[0]
        return int(address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def received(self, path_part: str) -> list[Exchange]:
        return [exchange for exchange in self.requests if path_part in exchange.path]

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._middleware], client_max_size=_MAX_BODY_BYTES)
        app.add_routes([web.get("/_fake/requests", self._export), web.delete("/_fake/requests", self._forget)])
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024).start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.set()
        for socket in list(self._sockets):
            try:
                async with asyncio.timeout(_SHUTDOWN_S):
                    await socket.close(code=WSCloseCode.GOING_AWAY)
            except TimeoutError:
                continue
        if self._runner is not None:
            await self._runner.cleanup()

    def refuse(self, status: int, message: str, *, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response(self.error_body(status, message), status=status, headers=headers)

    def exchange_of(self, request: web.Request) -> Exchange:
        return request[_EXCHANGE]

    def track(self, socket: web.WebSocketResponse) -> None:
        """Have the socket closed when the fake stops."""
        self._sockets.add(socket)

    def untrack(self, socket: web.WebSocketResponse) -> None:
        self._sockets.discard(socket)

    async def stall(self) -> None:
        """Hang until the client goes away or the fake stops."""
        await self._closing.wait()

    async def damage(self, request: web.Request, fault: Fault | None, sent: int) -> bool:
        """Apply the stream part of a fault before item number `sent` leaves; True when the stream is over because of it."""
        if fault is None:
            return False
        if fault.disconnect_after is not None and sent >= fault.disconnect_after:
            self.drop(request)
            return True
        if fault.stall_after is not None and sent >= fault.stall_after:
            self.exchange_of(request).outcome = "faulted"
            await self.stall()
            return True
        return False

    def drop(self, request: web.Request) -> None:
        """Cut the TCP connection without a goodbye."""
        self.exchange_of(request).outcome = "faulted"
        if request.transport is not None:
            request.transport.abort()

    async def _record(self, request: web.Request) -> Exchange:
        self._count += 1
        headers = {name.lower(): value for name, value in request.headers.items()}
        exchange = Exchange(self._count, request.method, request.path, dict(request.query), headers)
        self.requests.append(exchange)
        request[_EXCHANGE] = exchange
        # A form with files is read by its handler: aiohttp can do that once only.
        if headers.get("upgrade", "").lower() != "websocket" and not headers.get("content-type", "").startswith("multipart/"):
            exchange.body = await request.read()
        exchange.fault = self.faults.take(exchange)
        return exchange

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/_fake/"):
            return await handler(request)
        exchange = await self._record(request)
        try:
            response = await self._answer(request, exchange, handler)
        except asyncio.CancelledError:
            _gone(exchange)
            raise
        except ConnectionResetError:
            # Nobody reads this answer; aiohttp would log an error that leaves the handler.
            _gone(exchange)
            return web.Response(status=500)
        exchange.status = response.status
        exchange.outcome = "done" if exchange.outcome == "open" else exchange.outcome
        return response

    async def _answer(self, request: web.Request, exchange: Exchange, handler: Any) -> web.StreamResponse:
        fault = exchange.fault
        if fault is not None:
            if fault.delay_s > 0:
                await asyncio.sleep(fault.delay_s)
            if fault.drop_before:
                self.drop(request)
                return web.Response(status=500)
            if fault.raw_body is not None:
                return web.Response(body=fault.raw_body, content_type="text/html")
            if fault.status is not None:
                headers = {} if fault.retry_after_s is None else {"Retry-After": f"{fault.retry_after_s:g}"}
                return self.refuse(fault.status, fault.message, headers=headers)
        refusal = self.authorise(exchange)
        if refusal is not None:
            return refusal
        response: web.StreamResponse = await handler(request)
        if fault is not None and fault.hold_s > 0:
            await asyncio.sleep(fault.hold_s)
        if fault is not None and fault.drop_after:
            self.drop(request)
        return response

    async def _export(self, _: web.Request) -> web.Response:
        return web.json_response([exchange.export() for exchange in self.requests])

    async def _forget(self, _: web.Request) -> web.Response:
        self.requests.clear()
        return web.Response(status=204)
