"""A call over `/ws/voice`, as the page of a browser places it (rules WS1-WS5): raw PCM both ways, JSON events."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from callstage_domain.errors import DependencyError
from callstage_kit.tasks import unless
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from callstage.phone.errors import CannotCall
from callstage.phone.handset import Handset
from callstage.phone.media_socket import media_socket, send_all
from callstage.phone.timeline import Timeline

_REFUSALS: Mapping[int, str] = {
    4001: "The API key is not accepted.",
    4003: "The agent's model is above the plan.",
    4004: "An AI provider of the agent is missing or inactive.",
    4005: "There is no such agent, or it is not deployed.",
    4029: "Too many connections with this key; wait a minute.",
}


class BrowserLine:
    """One session. Sends PCM at 16 kHz, asks for PCM at 24 kHz."""

    up_hz = 16000
    down_hz = 24000
    carrier_call_id = ""

    def __init__(self, gateway_url: str, api_key: str, agent_id: str, timeline: Timeline) -> None:
        query = {"api_key": api_key, "format": "pcm16_24k"} | ({"agent_id": agent_id} if agent_id else {})
        self._url = f"{gateway_url.replace('http', 'ws', 1)}/ws/voice?{urlencode(query)}"
        self._gateway_url = gateway_url
        self._timeline = timeline
        self._over = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._half_sample = b""
        self.call_id = ""

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    async def send(self, frame: bytes, marks: list[str]) -> None:
        if self._socket is not None:
            await send_all(self._socket, [frame])

    async def hang_up(self) -> None:
        self._over.set()

    async def run(self, handset: Handset) -> str:
        self._timeline.note("carrier", "the browser connects")
        try:
            async with media_socket(self._url) as socket:
                self._socket = socket
                try:
                    await unless(self._over, self._receive(handset, socket))
                finally:
                    self._socket = None
                if self._over.is_set():
                    await send_all(socket, [json.dumps({"type": "stop"})])
                    return "the caller hung up"
                return await self._closed(handset, socket)
        except DependencyError as err:
            raise CannotCall(f"{self._gateway_url}: {err.message}. Is `make run` running?") from err

    async def _closed(self, handset: Handset, socket: ClientConnection) -> str:
        code = socket.close_code or 1006
        if code in _REFUSALS:
            raise CannotCall(f"{_REFUSALS[code]} ({code} {socket.close_reason or ''})".replace(" )", ")"))
        # The page plays what it has before it shows that the agent is gone.
        await unless(self._over, asyncio.sleep(handset.playout.queued_ms / 1000))
        return "the agent hung up" if code == 1000 else f"the connection was lost ({code})"

    async def _receive(self, handset: Handset, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    self._play(handset, message)
                else:
                    self._event(handset, message)
        except ConnectionClosed:
            # The close code tells; it is read by `_closed`.
            return

    def _play(self, handset: Handset, data: bytes) -> None:
        data = self._half_sample + data
        whole = len(data) - len(data) % 2
        self._half_sample = data[whole:]
        handset.playout.push(data[:whole])

    def _event(self, handset: Handset, message: str) -> None:
        try:
            parsed: Any = json.loads(message)
        except ValueError:
            parsed = None
        event: dict[str, Any] = cast(dict[str, Any], parsed) if isinstance(parsed, dict) else {}
        inner: Any = event.get("payload")
        payload: dict[str, Any] = cast(dict[str, Any], inner) if isinstance(inner, dict) else {}
        match event.get("type"):
            case "connected":
                self.call_id = str(event.get("callId") or event.get("call_id") or "")
                self._timeline.note("carrier", f"connected to {event.get('agentName') or 'the agent'}")
            case "transcript" if payload.get("isFinal"):
                self._timeline.note("agent" if payload.get("role") == "assistant" else "you", f"transcript: {payload.get('text', '')}")
            case "audioStop":
                self._half_sample = b""
                handset.clear()
            case "error":
                self._timeline.note("carrier", f"error {payload.get('code', '')}: {payload.get('message', '')}")
            case None:
                self._timeline.note("carrier", f"the gateway sent something wrong: {message[:80]}")
            case _:
                return
