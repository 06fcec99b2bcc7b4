"""Proves WS2-WS5 as a browser sees them: microphone chunks of any size, sentences as MP3 or PCM, events, close codes."""

from typing import Any

import pytest
from aiohttp import WSMsgType, web
from callstage_audio.mp3 import encode_mp3
from callstage_phone import BrowserCaller
from callstage_testing.fakes.tones import tone_speech

SENTENCE = tone_speech("good day", 24000)


class VoiceServer:
    def __init__(self) -> None:
        self.chunks: list[int] = []
        self.texts: list[Any] = []

    async def __aenter__(self) -> "VoiceServer":
        app = web.Application()
        app.add_routes([web.get("/ws/voice", self._voice)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/ws/voice"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _voice(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if request.query.get("api_key") != "vx_good":
            await socket.close(code=4001, message=b"unauthorised")
            return socket
        await socket.send_json({"type": "connected", "agentName": "A", "historyKey": "h"})
        is_pcm = request.query.get("format") == "pcm16_24k"
        await socket.send_bytes(SENTENCE if is_pcm else encode_mp3(SENTENCE))
        await socket.send_json({"type": "transcript", "payload": {"role": "assistant", "text": "good day", "isFinal": True}})
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                self.chunks.append(len(message.data))
            else:
                self.texts.append(message.json())
                await socket.send_json({"type": "audioStop"})
        return socket


@pytest.mark.parametrize("query", [{}, {"format": "pcm16_24k"}], ids=["mp3", "pcm"])
async def test_hears_and_speaks(query: dict[str, str]) -> None:
    async with VoiceServer() as server:
        async with BrowserCaller(server.url, {"api_key": "vx_good", **query}, chunk_bytes=(333, 4096)) as caller:
            assert (await caller.wait_for("connected", 20)).data["historyKey"] == "h"
            began = await caller.wait_for_agent_speech(3)
            caller.send_text("stop it")
            await caller.wait_for("audioStop", 20)
            ended = await caller.wait_for_agent_silence(100, 3)
            assert ended - began < 0.4
            await caller.say(tone_speech("hi", 16000))
            caller.dtmf("4")
            await caller.room.until(lambda: len(server.texts) == 2, 3)
            assert caller.transcripts("assistant") == ["good day"]
        assert set(server.chunks) == {333, 4096}
        assert server.texts == [{"type": "text", "text": "stop it"}, {"type": "dtmf", "digit": "4"}]
        assert caller.problems == []


async def test_a_refusal_shows_its_close_code() -> None:
    async with VoiceServer() as server, BrowserCaller(server.url, {"api_key": "no"}) as caller:
        assert await caller.wait_closed(3) == 4001
