"""What the fake recognisers on WebSockets have in common: the texts they say, and the loop that sends them in time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer

_WORDS_PER_S = 2.5
_MAX_MESSAGE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send; `final` is the text that it settles, such a message is delayed by the fake's `final_delay_s`."""

    message: dict[str, Any]
    final: str | None = None


class RecogniserSession(Protocol):
    """One connection as a state machine: no sockets, no clock."""

    events: list[str]
    closed: bool

    def opening(self) -> list[Outgoing]: ...

    def hear(self, audio: bytes) -> list[Outgoing]: ...

    def control(self, text: str) -> list[Outgoing]: ...


class Utterances:
    """The scripted texts, one after the other."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The whole text that is being said."""
        if self._text is None:
            self._text = next(self._texts)
        return self._text

    def partial(self, spoken_s: float) -> str:
        """As many words as would have been said by now, at 150 per minute; never all of them."""
        words = self.text.split(" ")
        return " ".join(words[: max(1, min(len(words) - 1, int(spoken_s * _WORDS_PER_S)))])

    def take(self) -> str:
        """The whole text; the next one follows."""
        text, self._text = self.text, None
        return text


async def converse(fake: FakeServer, request: web.Request, session: RecogniserSession, final_delay_s: float) -> web.StreamResponse:
    """Run the session until one side closes. Faults count the messages sent, from the first one of the session on."""
    exchange = fake.exchange_of(request)
    socket = web.WebSocketResponse(max_msg_size=_MAX_MESSAGE_BYTES)
    await socket.prepare(request)
    fake.track(socket)
    try:
        await _Conversation(fake, request, socket, exchange, final_delay_s).run(session)
    finally:
        fake.untrack(socket)
    return socket


class _Conversation:
    def __init__(self, fake: FakeServer, request: web.Request, socket: web.WebSocketResponse, exchange: Exchange, final_delay_s: float) -> None:
        self._fake = fake
        self._request = request
        self._socket = socket
        self._exchange = exchange
        self._final_delay_s = final_delay_s
        self._pending: list[tuple[float, Outgoing]] = []
        self._sent = 0

    async def run(self, session: RecogniserSession) -> None:
        self._queue(session, session.opening())
        while await self._send_due() and not (session.closed and not self._pending):
            wait_s = max(0.0005, self._pending[0][0] - time.monotonic()) if self._pending else None
            try:
                received = await self._socket.receive(timeout=wait_s)
            except TimeoutError:
                continue
            if received.type is WSMsgType.BINARY:
                self._exchange.binary_bytes += len(received.data)
                self._queue(session, session.hear(received.data))
            elif received.type is WSMsgType.TEXT:
                self._exchange.messages.append({"text": received.data})
                self._queue(session, session.control(received.data))
            else:
                self._exchange.note("close", str(self._socket.close_code))
                return
        if session.closed:
            self._exchange.note("close", "asked for")
            await self._socket.close(code=1000)

    def _queue(self, session: RecogniserSession, messages: Iterable[Outgoing]) -> None:
        for name in session.events:
            self._exchange.note(name)
        session.events.clear()
        now = time.monotonic()
        self._pending += [(now + (self._final_delay_s if item.final is not None else 0.0), item) for item in messages]

    async def _send_due(self) -> bool:
        """False when a fault ended the connection."""
        fault = self._exchange.fault
        while self._pending and self._pending[0][0] <= time.monotonic():
            _, item = self._pending.pop(0)
            if await self._fake.damage(self._request, fault, self._sent):
                return False
            broken = fault is not None and fault.malformed_after is not None and self._sent >= fault.malformed_after
            await self._socket.send_str('{"type":"' if broken else json.dumps(item.message))
            self._sent += 1
            if item.final is not None:
                self._exchange.note("final", item.final)
        return True
