"""The floor: one process that holds the same conversation with no features, to calibrate the harness (`BENCH_TARGET=floor`).

Energy instead of a voice activity model, no signatures, no tools, no journal: what it costs is what the wires cost.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import signal
import sys
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
import uvloop
from aiohttp import web
from callstage_kit.tasks import TaskScope, cancel
from callstage_phone.codec import PCMU, PTIME_S

from callstage_testing.bench.plan import GREETING, VAD_STOP_MS

_STOP_FRAMES = round(VAD_STOP_MS / 1000 / PTIME_S)
_START_FRAMES = 10
_DEEPGRAM_QUERY = "model=nova-3&encoding=mulaw&sample_rate=8000&interim_results=false&endpointing=false"


class FloorCall:
    """One media stream."""

    def __init__(self, socket: web.WebSocketResponse, http: aiohttp.ClientSession, vendors: dict[str, str]) -> None:
        self._socket = socket
        self._http = http
        self._vendors = vendors
        self._stream_sid = ""
        self._caller = ""
        self._voiced = 0
        self._quiet = 0
        self._is_speaking = False
        self._answer: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the carrier hangs up."""
        url = f"{self._vendors['DEEPGRAM_BASE_URL']}/v1/listen?{_DEEPGRAM_QUERY}"
        headers = {"Authorization": f"Token {self._vendors['DEEPGRAM_API_KEY']}"}
        async with TaskScope("floor_call") as tasks, self._http.ws_connect(url, headers=headers) as deepgram:
            tasks.start(self._read_transcripts(deepgram, tasks), name="transcripts")
            async for message in self._socket:
                data: dict[str, Any] = json.loads(message.data)
                if data["event"] == "start":
                    self._stream_sid = data["streamSid"]
                    self._caller = data["start"]["customParameters"]["caller"]
                    self._answer = tasks.start(self._say(GREETING), name="greeting")
                elif data["event"] == "media":
                    await self._hear(base64.b64decode(data["media"]["payload"]), deepgram)

    async def _hear(self, frame: bytes, deepgram: aiohttp.ClientWebSocketResponse) -> None:
        await deepgram.send_bytes(frame)
        if PCMU.is_voiced(frame):
            self._voiced, self._quiet = self._voiced + 1, 0
            self._is_speaking = self._is_speaking or self._voiced >= 3
            if self._voiced == _START_FRAMES and self._answer is not None:
                await cancel(self._answer)
                self._answer = None
                await self._socket.send_str(json.dumps({"event": "clear", "streamSid": self._stream_sid}))
            return
        self._voiced, self._quiet = 0, self._quiet + 1
        if self._is_speaking and self._quiet == _STOP_FRAMES:
            self._is_speaking = False
            await deepgram.send_str('{"type":"Finalize"}')

    async def _read_transcripts(self, deepgram: aiohttp.ClientWebSocketResponse, tasks: TaskScope) -> None:
        async for message in deepgram:
            data: dict[str, Any] = json.loads(message.data)
            text = data["channel"]["alternatives"][0]["transcript"] if data.get("is_final") else ""
            if text:
                self._answer = tasks.start(self._reply(text), name="reply")

    async def _reply(self, heard: str) -> None:
        system = {"role": "system", "content": f"The caller's number is {self._caller}."}
        body = {"model": "floor", "stream": True, "messages": [system, {"role": "user", "content": heard}]}
        headers = {"Authorization": f"Bearer {self._vendors['OPENAI_API_KEY']}"}
        text = ""
        async with self._http.post(f"{self._vendors['OPENAI_BASE_URL']}/chat/completions", json=body, headers=headers) as reply:
            async for line in reply.content:
                if not line.startswith(b"data: {"):
                    continue
                choices: list[dict[str, Any]] = json.loads(line[6:])["choices"]
                text += (choices[0]["delta"].get("content") or "") if choices else ""
                if text.endswith((".", "!", "?")):
                    await self._say(text)
                    text = ""

    async def _say(self, text: str) -> None:
        url = f"{self._vendors['ELEVENLABS_BASE_URL']}/v1/text-to-speech/rachel/stream?output_format=ulaw_8000"
        async with self._http.post(url, json={"text": text.strip()}, headers={"xi-api-key": self._vendors["ELEVENLABS_API_KEY"]}) as reply:
            async for chunk in reply.content.iter_any():
                media = {"event": "media", "streamSid": self._stream_sid, "media": {"payload": base64.b64encode(chunk).decode()}}
                await self._socket.send_str(json.dumps(media))


class FloorBot:
    """Webhook and media socket."""

    def __init__(self, vendors: dict[str, str], http: aiohttp.ClientSession) -> None:
        self._vendors = vendors
        self._http = http

    def application(self) -> web.Application:
        """Routes `/voice` and `/media`."""
        app = web.Application()
        app.add_routes([web.post("/voice", self._voice), web.get("/media", self._media)])
        return app

    async def _voice(self, request: web.Request) -> web.Response:
        form = await request.post()
        caller = escape(str(form["From"]), {'"': "&quot;"})
        stream = f'<Stream url="ws://{request.host}/media"><Parameter name="caller" value="{caller}"/></Stream>'
        return web.Response(text=f"<Response><Connect>{stream}</Connect></Response>", content_type="text/xml")

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        # A carrier that hangs up while we write is the normal end of a call.
        with contextlib.suppress(ConnectionResetError):
            await FloorCall(socket, self._http, self._vendors).run()
        return socket


async def _serve(vendors: dict[str, str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        runner = web.AppRunner(FloorBot(vendors, http).application(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address: Any = runner.addresses[0]
        sys.stdout.write(f"http://127.0.0.1:{address[1]}/voice\n")
        sys.stdout.flush()
        await stop.wait()
        await runner.cleanup()


def main() -> None:
    """The vendors' settings as JSON in the first argument; prints the webhook's URL and serves until SIGTERM."""
    uvloop.run(_serve(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
