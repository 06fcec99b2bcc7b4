"""Proves C1-C5 and C8 as a carrier sees them: that the simulated Twilio and Telnyx sign, parse, stream, play, clear, resume and end calls."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest
from aiohttp import web
from callstage_audio.g711 import pcm16_to_alaw, pcm16_to_ulaw, ulaw_to_pcm16
from callstage_phone import PCMA, PCMU, CallOver, CarrierSettings, TelnyxCaller, TickWheel, TwilioCaller, l16, twilio_signature
from callstage_testing.fakes.tones import tone_speech
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SENTENCE = tone_speech("hello caller", 8000)
TOKEN = "12345"
STREAM_THEN_RESUME = (
    '<Response><Connect><Stream url="wss://voice.example.com/stream"><Parameter name="ticket" value="t-1"/></Stream></Connect>'
    '<Redirect method="POST">/resume</Redirect></Response>'
)
HANGUP = "<Response><Hangup/></Response>"


class EchoGateway:
    """`answer(media_index)` is called for every caller frame and returns what to send; `document` makes the TwiML/TeXML."""

    def __init__(self, document: Callable[[str, int], str], on_frame: Callable[["EchoGateway", int], list[dict[str, Any]]], stream_key: str) -> None:
        self.document = document
        self.on_frame = on_frame
        self.stream_key = stream_key
        self.webhooks: list[tuple[str, dict[str, str], bytes, dict[str, str]]] = []
        self.messages: list[dict[str, Any]] = []
        self.socket_headers: list[dict[str, str]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.opened = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.post("/{name:voice|resume|after}", self._webhook), web.get("/stream", self._stream)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def events(self, name: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["event"] == name]

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.webhooks.append((request.match_info["name"], form, body, dict(request.headers)))
        return web.Response(text=self.document(request.match_info["name"], len(self.webhooks)), content_type="text/xml")

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened += 1
        self.socket_headers.append(dict(request.headers))
        self.sockets.append(socket)
        frames = 0
        async for message in socket:
            data = json.loads(message.data)
            self.messages.append(data)
            stream = {self.stream_key: data[self.stream_key]} if data.get(self.stream_key) else {}
            if data["event"] == "media":
                frames += 1
                for reply in self.on_frame(self, frames):
                    if reply["event"] == "close":
                        await socket.close()
                        break
                    if reply["event"] == "abort":
                        assert request.transport is not None
                        request.transport.abort()
                        break
                    await socket.send_str(json.dumps({**stream, **reply}))
        return socket


def media(payload: bytes) -> dict[str, Any]:
    return {"event": "media", "media": {"payload": base64.b64encode(payload).decode()}}


def mark(name: str) -> dict[str, Any]:
    return {"event": "mark", "mark": {"name": name}}


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


def twilio(gateway: EchoGateway, **options: Any) -> TwilioCaller:
    settings = CarrierSettings("https://voice.example.com/voice?api_key=k", connect_to=gateway.url)
    return TwilioCaller(settings, auth_token=TOKEN, **options)


def greeting(gateway: EchoGateway, frame: int) -> list[dict[str, Any]]:
    return [media(pcm16_to_ulaw(SENTENCE)), mark("greeting")] if frame == 3 else []


def resume_document(name: str, _: int) -> str:
    return STREAM_THEN_RESUME if name == "voice" else HANGUP


def test_twilio_signature_vectors() -> None:
    params = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675310", "Digits": "1234", "From": "+14158675310", "To": "+18005551212"}
    assert twilio_signature(TOKEN, "https://example.com/myapp.php?foo=1&bar=2", params) == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert twilio_signature(TOKEN, "wss://example.com/ws/abc", {}) == "qk8rtKa9sAtHvyH+d4hp7h23IJo="


async def test_twilio_call_is_signed_streamed_heard_and_recorded() -> None:
    async with EchoGateway(resume_document, greeting, "streamSid") as gateway, twilio(gateway) as carrier:
        async with carrier.call(from_="+3221112222", to="+3223334444") as call:
            began = await call.wait_for_agent_speech(3)
            ended = await call.wait_for_agent_silence(200, 5)
            assert ended - began == pytest.approx(len(SENTENCE) / 16000, abs=0.06)
            said = await call.say(SENTENCE + bytes(3200))
            assert said.speech_ended_at - said.speech_started_at == pytest.approx(len(SENTENCE) / 16000, abs=0.06)
            assert said.ended_at - said.speech_ended_at == pytest.approx(0.2, abs=0.06)
            await call.dtmf("5")
            await until(lambda: bool(gateway.events("dtmf")))
        assert call.ended_by == "caller"
        name, form, _, headers = gateway.webhooks[0]
        assert name == "voice"
        assert headers["X-Twilio-Signature"] == twilio_signature(TOKEN, "https://voice.example.com/voice?api_key=k", form)
        assert form["From"] == "+3221112222"
        assert gateway.socket_headers[0]["X-Twilio-Signature"] == twilio_signature(TOKEN, "wss://voice.example.com/stream", {})
        [start] = gateway.events("start")
        assert start["start"]["customParameters"] == {"ticket": "t-1"}
        assert start["sequenceNumber"] == "1"
        frames = [base64.b64decode(message["media"]["payload"]) for message in gateway.events("media")]
        assert {len(frame) for frame in frames} == {160}
        assert [message["media"]["chunk"] for message in gateway.events("media")] == [str(n) for n in range(1, len(frames) + 1)]
        assert pcm16_to_ulaw(SENTENCE) in b"".join(frames)
        assert [message["mark"]["name"] for message in gateway.events("mark")] == ["greeting"]
        assert gateway.events("dtmf")[0]["dtmf"]["digit"] == "5"
        assert gateway.events("stop")
        stereo = call.recording.stereo()
        assert len(stereo) == len(call.recording.times) * 160
        assert ulaw_to_pcm16(pcm16_to_ulaw(SENTENCE)) in stereo[:, 1].tobytes()
        assert call.underruns == []


async def test_marks_and_clear_are_exact() -> None:
    def script(_: Any, frame: int) -> list[dict[str, Any]]:
        if frame == 2:
            return [
                mark("empty"),
                media(bytes([0x10]) * 1600),
                mark("a"),
                media(bytes([0x10]) * 8000),
                mark("b"),
                mark("c"),
            ]
        return [{"event": "clear"}] if frame == 27 else []

    async with EchoGateway(resume_document, script, "streamSid") as gateway, twilio(gateway) as carrier:
        async with carrier.call(from_="+1", to="+2") as call:
            await until(lambda: len(call.marks) == 4)
            [cleared] = call.cleared
            times = {name: at for at, name in call.marks}
            assert list(times) == ["empty", "a", "b", "c"]
            assert times["a"] - times["empty"] == pytest.approx(0.2, abs=0.06)
            assert [times["b"], times["c"]] == pytest.approx([cleared, cleared], abs=0.01)
            await call.wait_for_agent_silence(100, 2)
            assert call.heard[0].ended_at - cleared < 0.05


async def test_a_late_chunk_inside_an_answer_is_an_underrun() -> None:
    def script(_: Any, frame: int) -> list[dict[str, Any]]:
        return [media(bytes([0x10]) * 800)] if frame in (2, 12) else []

    async with EchoGateway(resume_document, script, "streamSid") as gateway, twilio(gateway) as carrier:
        async with carrier.call(from_="+1", to="+2") as call:
            await until(lambda: bool(call.underruns))
            assert call.underruns[0].seconds == pytest.approx(0.1, abs=0.05)
            assert len(call.room.playout.answers) == 1
            assert call.room.playout.answers[0].seconds == pytest.approx(0.2)


@pytest.mark.parametrize("end", ["close", "abort"])
async def test_the_call_resumes_over_the_redirect_when_the_socket_ends(end: str) -> None:
    def document(name: str, count: int) -> str:
        return STREAM_THEN_RESUME if count < 3 else HANGUP

    def script(gateway: EchoGateway, frame: int) -> list[dict[str, Any]]:
        return [{"event": end}] if frame == 5 else []

    async with EchoGateway(document, script, "streamSid") as gateway, twilio(gateway) as carrier:
        async with carrier.call(from_="+1", to="+2") as call:
            assert (await call.wait_for_stream(3, count=2)).parameters == {"ticket": "t-1"}
            assert await call.wait_ended(3) == "server"
        assert [name for name, *_ in gateway.webhooks] == ["voice", "resume", "resume"]
        assert gateway.webhooks[1][1]["CallSid"] == gateway.webhooks[0][1]["CallSid"]
        assert call.close_codes[0] == (1000 if end == "close" else 1006)


async def test_other_documents() -> None:
    documents = {
        "voice": '<Response><Say>Sorry</Say><Dial action="/after"><Number>+3225556666</Number></Dial></Response>',
        "after": "<Response><Reject reason='busy'/></Response>",
    }
    async with EchoGateway(lambda name, _: documents[name], greeting, "streamSid") as gateway, twilio(gateway) as carrier:
        call = carrier.dial(from_="+1", to="+2", dial_status="no-answer")
        assert await call.wait_ended(3) == "rejected"
        assert call.said_by_carrier == ["Sorry"]
        assert call.verbs[1].targets == (("Number", "+3225556666"),)
        assert gateway.webhooks[1][1]["DialCallStatus"] == "no-answer"
        with pytest.raises(CallOver):
            await call.wait_for_agent_speech(1)
        documents["voice"] = "not xml"
        assert await carrier.dial(from_="+1", to="+2").wait_ended(3) == "error"


async def test_a_rest_update_replaces_the_running_document() -> None:
    async with EchoGateway(resume_document, greeting, "streamSid") as gateway, twilio(gateway) as carrier:
        call = carrier.dial(from_="+1", to="+2")
        await call.wait_for_stream(3)
        call.replace_document("<Response><Say>One moment</Say><Hangup/></Response>")
        assert await call.wait_ended(3) == "server"
        assert call.said_by_carrier == ["One moment"]


@pytest.mark.parametrize("codec", [PCMU, PCMA, l16(8000), l16(16000)], ids=lambda codec: f"{codec.name}-{codec.rate_hz}")
async def test_telnyx_codecs_signature_and_shuffled_chunks(codec: Any) -> None:
    key = TelnyxCaller.new_private_key()
    rate = f'bidirectionalCodec="{codec.name}" bidirectionalSamplingRate="{codec.rate_hz}"'
    document = f'<Response><Connect><Stream url="/stream" bidirectionalMode="rtp" {rate}/></Connect><Hangup/></Response>'
    voice = codec.encode(tone_speech("hello", codec.rate_hz))

    def script(_: Any, frame: int) -> list[dict[str, Any]]:
        return [media(voice), mark("m")] if frame == 2 else []

    async with EchoGateway(lambda *_: document, script, "stream_id") as gateway:
        settings = CarrierSettings(f"{gateway.url}/voice")
        async with TelnyxCaller(settings, private_key=key, shuffle=4, early_drop=True) as carrier:
            async with carrier.call(from_="+3221112222", to="+3223334444", codec=codec) as call:
                await call.wait_for_agent_speech(3)
                await call.say(SENTENCE)
                await until(lambda: bool(gateway.events("mark")))
        _, form, body, headers = gateway.webhooks[0]
        signature = base64.b64decode(headers["telnyx-signature-ed25519"])
        Ed25519PublicKey.from_public_bytes(base64.b64decode(carrier.public_key)).verify(signature, headers["telnyx-timestamp"].encode() + b"|" + body)
        assert form["CallStatus"] == "in-progress"
        assert gateway.opened == 2
        [start] = gateway.events("start")
        assert start["start"]["media_format"] == {"encoding": codec.name, "sample_rate": codec.rate_hz, "channels": 1}
        chunks = [int(message["media"]["chunk"]) for message in gateway.events("media")]
        assert chunks != sorted(chunks)
        ordered = sorted(gateway.events("media"), key=lambda message: int(message["media"]["chunk"]))
        heard = b"".join(base64.b64decode(message["media"]["payload"]) for message in ordered)
        samples = np.frombuffer(codec.decode(heard), "<i2")
        assert np.abs(samples.astype(int)).max() > 7000
        assert call.problems == []


async def test_telnyx_reports_what_it_would_silently_drop() -> None:
    document = '<Response><Connect><Stream url="/stream"/></Connect></Response>'

    def script(_: Any, frame: int) -> list[dict[str, Any]]:
        return [media(pcm16_to_alaw(SENTENCE)), {"event": "nonsense"}] if frame == 2 else []

    async with EchoGateway(lambda *_: document, script, "stream_id") as gateway:
        async with TelnyxCaller(CarrierSettings(f"{gateway.url}/voice"), private_key=TelnyxCaller.new_private_key()) as carrier:
            async with carrier.call(from_="+1", to="+2") as call:
                await until(lambda: bool(gateway.events("error")))
        assert "bidirectionalMode" in call.problems[0]
        assert gateway.events("error")[0]["payload"]["code"] == 100003


async def test_many_calls_share_one_wheel() -> None:
    async with EchoGateway(resume_document, greeting, "streamSid") as gateway, twilio(gateway, record=False) as carrier:
        calls = [carrier.dial(from_=f"+{n}", to="+2") for n in range(20)]
        for call in calls:
            await call.wait_for_agent_speech(5)
        assert {len(json.dumps(call.problems)) for call in calls} == {2}
        assert TickWheel.shared().ticks > 0
        for call in calls:
            await call.hang_up()
        sent = [call.room.frames_sent for call in calls]
        await asyncio.sleep(0.05)
        assert [call.room.frames_sent for call in calls] == sent
