"""A small media gateway: signed webhook, TwiML, one scripted media socket per stream; and the two API routes the phone reads."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web
from callstage_audio.g711 import pcm16_to_ulaw

SPEECH = pcm16_to_ulaw((8000 * np.sin(np.arange(4800) * 0.3)).astype("<i2").tobytes())
"""0.6 s of tone."""

Script = Callable[["AgentSide"], Awaitable[None]]


@dataclass
class AgentSide:
    """The gateway's end of one media socket."""

    socket: web.WebSocketResponse
    received: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stream_sid: str = ""

    async def until(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async for message in self.socket:
            assert message.type is WSMsgType.TEXT
            event = json.loads(message.data)
            self.received.append(event)
            self.stream_sid = event.get("streamSid", self.stream_sid)
            if matches(event):
                return event
        raise ConnectionResetError("the phone closed the socket")

    async def until_event(self, name: str) -> dict[str, Any]:
        return await self.until(lambda event: event["event"] == name)

    async def until_said(self) -> None:
        """The caller spoke, and then was quiet for 200 ms."""
        quiet = [-1]

        def ended(event: dict[str, Any]) -> bool:
            if event["event"] != "media":
                return False
            is_silent = set(base64.b64decode(event["media"]["payload"])) <= {0xFF, 0x7F}
            quiet[0] = 0 if not is_silent else quiet[0] + (quiet[0] >= 0)
            return quiet[0] == 10

        await self.until(ended)

    async def send(self, event: str, **body: Any) -> None:
        await self.socket.send_json({"event": event, "streamSid": self.stream_sid, **body})

    async def speak(self, audio: bytes = SPEECH, mark: str = "m") -> None:
        await self.send("media", media={"payload": base64.b64encode(audio).decode()})
        await self.send("mark", mark={"name": mark})


class FakeGateway:
    """`documents` are the answers to the webhooks in turn (a text may hold `{ws}`); `scripts` play the agent, one per socket."""

    def __init__(self, documents: list[str], scripts: list[Script]) -> None:
        self.documents = documents
        self.scripts = scripts
        self.webhooks: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.agents: list[AgentSide] = []
        self.record: dict[str, Any] = {}
        self.url = ""

    async def webhook(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.webhooks.append((request.path, str(request.url), form, dict(request.headers)))
        document = self.documents.pop(0).replace("{ws}", self.url.replace("http", "ws") + "/media")
        return web.Response(text=document, content_type="text/xml")

    async def media(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        agent = AgentSide(socket)
        self.agents.append(agent)
        try:
            await self.scripts.pop(0)(agent)
        except ConnectionResetError:
            pass
        await socket.close()
        return socket

    async def calls(self, request: web.Request) -> web.Response:
        return web.json_response({"calls": [{"call_id": "call-1", "carrier_call_id": self.webhooks[0][2]["CallSid"]}]})

    async def call(self, request: web.Request) -> web.Response:
        return web.json_response(self.record)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator["FakeGateway"]:
        app = web.Application()
        app.add_routes(
            [
                web.get("/media", self.media),
                web.get("/ws/voice", self.media),
                web.get("/v1/calls", self.calls),
                web.get("/v1/calls/call-1", self.call),
            ]
        )
        app.add_routes([web.post(path, self.webhook) for path in ("/api/twilio/voice", "/incoming/telnyx", "/resume")])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            async with asyncio.timeout(20):
                await runner.cleanup()
