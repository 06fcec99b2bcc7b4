"""What the fake speech-to-speech models have in common: messages that leave in their time, and can be taken back before they do."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer

_MAX_MESSAGE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Timed:
    """A message that leaves `after_s` from now. Messages of one `group` can be taken back together."""

    message: dict[str, Any]
    after_s: float = 0.0
    group: str = ""


class RealtimeFakeSession(Protocol):
    """One connection as a state machine: no sockets, no clock."""

    events: list[str]
    withdrawn: set[str]
    """Groups whose messages do not leave any more."""
    close_with: tuple[int, str] | None

    def opening(self) -> list[Timed]: ...

    def control(self, text: str) -> list[Timed]: ...

    def left(self, message: dict[str, Any]) -> None:
        """That message was sent."""
        ...


async def converse_realtime(
    fake: FakeServer, request: web.Request, session: RealtimeFakeSession, sockets: list[RealtimeConversation]
) -> web.StreamResponse:
    """Run the session until one side closes. Faults count the messages sent, from the first one of the session on."""
    exchange = fake.exchange_of(request)
    socket = web.WebSocketResponse(max_msg_size=_MAX_MESSAGE_BYTES)
    await socket.prepare(request)
    fake.track(socket)
    conversation = RealtimeConversation(fake, request, socket, exchange)
    sockets.append(conversation)
    try:
        await conversation.run(session)
    finally:
        sockets.remove(conversation)
        fake.untrack(socket)
    return socket


class RealtimeConversation:
    """One open socket. A test may push messages into it, or cut it."""

    def __init__(self, fake: FakeServer, request: web.Request, socket: web.WebSocketResponse, exchange: Exchange) -> None:
        self._fake = fake
        self._request = request
        self._socket = socket
        self._exchange = exchange
        self._pending: list[tuple[float, int, Timed]] = []
        self._numbers = itertools.count()
        self._sent = 0

    async def run(self, session: RealtimeFakeSession) -> None:
        self._queue(session, session.opening())
        while await self._send_due(session):
            if session.close_with is not None and not self._pending:
                code, reason = session.close_with
                await self._socket.close(code=code, message=reason.encode())
                return
            wait_s = max(0.0005, self._pending[0][0] - time.monotonic()) if self._pending else None
            try:
                received = await self._socket.receive(timeout=wait_s)
            except TimeoutError:
                continue
            if received.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                self._exchange.note("close", str(self._socket.close_code))
                return
            text = received.data if isinstance(received.data, str) else received.data.decode()
            self._exchange.messages.append(json.loads(text))
            self._queue(session, session.control(text))

    async def push(self, message: dict[str, Any]) -> None:
        """Send something at once, from a test."""
        await self._socket.send_str(json.dumps(message))

    def cut(self) -> None:
        """Break the connection without a goodbye, from a test."""
        self._fake.drop(self._request)

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, from a test."""
        await self._socket.close(code=code, message=reason.encode())

    def _queue(self, session: RealtimeFakeSession, messages: Iterable[Timed]) -> None:
        for name in session.events:
            self._exchange.note(name)
        session.events.clear()
        now = time.monotonic()
        self._pending = [entry for entry in self._pending if not entry[2].group or entry[2].group not in session.withdrawn]
        self._pending += [(now + item.after_s, next(self._numbers), item) for item in messages]
        self._pending.sort(key=lambda entry: entry[:2])

    async def _send_due(self, session: RealtimeFakeSession) -> bool:
        """False when a fault ended the connection."""
        fault = self._exchange.fault
        while self._pending and self._pending[0][0] <= time.monotonic():
            _, _, item = self._pending.pop(0)
            if await self._fake.damage(self._request, fault, self._sent):
                return False
            broken = fault is not None and fault.malformed_after is not None and self._sent >= fault.malformed_after
            # A closed socket is seen by `receive`.
            if not self._socket.closed:
                await self._socket.send_str('{"type":"' if broken else json.dumps(item.message))
            self._sent += 1
            session.left(item.message)
        return True
