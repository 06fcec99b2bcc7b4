"""Proves C1 C3 C4 C5 WS2-WS5 from the other end: the terminal phone against a small gateway."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from callstage.phone.browser import BrowserLine
from callstage.phone.call import Outcome, PhoneCall
from callstage.phone.carrier_line import CarrierLine
from callstage.phone.carriers import Gateway, telnyx
from callstage.phone.carriers import twilio as twilio_carrier
from callstage.phone.errors import CannotCall
from callstage.phone.handset import Handset
from callstage.phone.line import Line
from callstage.phone.place import NOT_ANSWERED, NOT_PLACED, OK, CallOptions, CarrierName, place_call
from callstage.phone.script import Script
from callstage.phone.timeline import Happening, Timeline
from callstage.phone.voice import Utterance
from callstage.target import Target
from callstage_audio.wav import read_wav, write_wav
from callstage_phone.twilio import twilio_signature
from fake_gateway import AgentSide, FakeGateway

STREAM = '<Response><Connect><Stream url="{ws}"><Parameter name="ticket" value="t1"/></Stream></Connect><Redirect>/resume</Redirect></Response>'
HANG_UP = "<Response><Hangup/></Response>"
CALLER, CALLED = "+12025550142", "+12025550100"
TONE = (8000 * np.sin(np.arange(2400) * 0.3)).astype("<i2").tobytes()


async def talk(agent: AgentSide) -> None:
    """Greets, hears one line, answers, hangs up once that was heard."""
    await agent.until_event("start")
    await agent.speak(mark="greeting")
    await agent.until_said()
    await agent.speak(mark="answer")
    await agent.until(lambda event: event["event"] == "mark" and event["mark"]["name"] == "answer")


def twilio(gateway: FakeGateway, timeline: Timeline) -> Line:
    return CarrierLine(twilio_carrier(Gateway(gateway.url, gateway.url), "AC1", "secret"), CALLER, CALLED, timeline)


async def make_call(line: Line, timeline: Timeline, *, lines: int = 1, timeout_s: float = 5.0, quiet_s: float = 0.1) -> tuple[Outcome, Handset]:
    script = Script([Utterance(f"line {index}", TONE) for index in range(lines)], timeout_s=timeout_s, quiet_s=quiet_s, last_word_s=0.2)
    handset = Handset(script, timeline)
    async with asyncio.timeout(20):
        return await PhoneCall(line, handset, timeline).run(), handset


def new_timeline() -> tuple[Timeline, list[Happening]]:
    told: list[Happening] = []
    return Timeline(asyncio.get_running_loop().time, told.append), told


async def test_a_twilio_call_from_webhook_to_hang_up() -> None:
    async with FakeGateway([STREAM, HANG_UP], [talk]).serving() as gateway:
        timeline, _ = new_timeline()
        outcome, _ = await make_call(twilio(gateway, timeline), timeline)
        assert outcome.ended_by == "the agent hung up"
        assert outcome.was_answered
        path, url, form, headers = gateway.webhooks[0]
        assert (path, form["From"], form["To"], form["CallStatus"]) == ("/api/twilio/voice", CALLER, CALLED, "ringing")
        assert headers["X-Twilio-Signature"] == twilio_signature("secret", url, form)
        assert gateway.webhooks[1][0] == "/resume"
        assert gateway.webhooks[1][2]["CallStatus"] == "in-progress"
        events = gateway.agents[0].received
        assert [event["event"] for event in events[:3]] == ["connected", "start", "media"]
        assert events[1]["start"]["customParameters"] == {"ticket": "t1"}
        assert [exchange.text for exchange in outcome.exchanges] == ["line 0"]
        # The gateway counts 200 ms of quiet before it answers.
        assert 150 < (outcome.exchanges[0].answer_ms or 0) < 10_000


async def test_a_mark_comes_back_only_after_its_audio() -> None:
    async def greet(agent: AgentSide) -> None:
        await agent.until_event("start")
        await agent.speak(mark="end")
        await agent.until_event("mark")

    async with FakeGateway([STREAM, HANG_UP], [greet]).serving() as gateway:
        timeline, _ = new_timeline()
        await make_call(twilio(gateway, timeline), timeline, lines=0)
        frames_before = sum(event["event"] == "media" for event in gateway.agents[0].received)
        assert 25 <= frames_before <= 100


async def test_clear_returns_the_marks_and_silences_the_agent() -> None:
    async def interrupt(agent: AgentSide) -> None:
        await agent.until_event("start")
        await agent.speak(b"\x00" * 80_000, mark="long")
        await agent.until(lambda event: event["event"] == "media" and event["media"]["chunk"] == "20")
        await agent.send("clear")
        await agent.until_event("mark")

    async with FakeGateway([STREAM, HANG_UP], [interrupt]).serving() as gateway:
        timeline, told = new_timeline()
        outcome, handset = await make_call(twilio(gateway, timeline), timeline, lines=0)
        assert outcome.duration_s < 8
        assert handset.heard_s < 6
        assert "stops (interrupted)" in [happening.text for happening in told]


async def test_the_call_goes_on_over_the_resume_address() -> None:
    async def die(agent: AgentSide) -> None:
        await agent.until_event("start")
        await agent.speak()
        transport = agent.socket._req.transport  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
        assert transport is not None
        transport.abort()
        raise ConnectionResetError

    async with FakeGateway([STREAM, STREAM, HANG_UP], [die, talk]).serving() as gateway:
        timeline, told = new_timeline()
        outcome, _ = await make_call(twilio(gateway, timeline), timeline)
        texts = [happening.text for happening in told]
        assert "media stream open again" in texts
        assert any(text.startswith("media stream lost") for text in texts)
        assert outcome.ended_by == "the agent hung up"
        assert outcome.exchanges[0].answer_ms is not None


async def test_a_gateway_that_stays_away_ends_the_call_with_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callstage.phone.carriers._RETRY_PAUSE_S", 0.01)

    async def greet(agent: AgentSide) -> None:
        await agent.until_event("start")
        await agent.speak()
        await agent.until_event("mark")

    document = STREAM.replace("<Redirect>/resume", "<Redirect>http://127.0.0.1:9/resume")
    async with FakeGateway([document], [greet]).serving() as gateway:
        timeline, _ = new_timeline()
        outcome, _ = await make_call(twilio(gateway, timeline), timeline, lines=0)
        assert outcome.ended_by == "the gateway did not come back"
        assert outcome.was_answered


async def test_the_caller_hangs_up_politely() -> None:
    async def listen(agent: AgentSide) -> None:
        await agent.until_event("start")
        await agent.until_event("stop")

    async with FakeGateway([STREAM], [listen]).serving() as gateway:
        timeline, _ = new_timeline()
        outcome, _ = await make_call(twilio(gateway, timeline), timeline, timeout_s=0.3)
        assert outcome.ended_by == "the agent stayed quiet"
        assert not outcome.was_answered
        assert gateway.agents[0].received[-1]["event"] == "stop"


@pytest.mark.parametrize(
    ("document", "ended_by", "told_text"),
    [
        ("<Response><Say>Bad key.</Say><Hangup/></Response>", "the agent hung up", "<Say> Bad key."),
        ("<Response><Reject/></Response>", "the call was rejected", "<Reject>"),
        ("<Response><Dial><Number>+12025550199</Number></Dial></Response>", "the call was passed on to +12025550199", "<Dial> +12025550199"),
    ],
)
async def test_verbs_without_a_stream_are_told(document: str, ended_by: str, told_text: str) -> None:
    async with FakeGateway([document], []).serving() as gateway:
        timeline, told = new_timeline()
        outcome, _ = await make_call(twilio(gateway, timeline), timeline)
        assert (outcome.ended_by, outcome.was_answered) == (ended_by, False)
        assert told_text in [happening.text for happening in told]


async def test_a_telnyx_call_speaks_two_codings() -> None:
    async def answer_in_l16(agent: AgentSide) -> None:
        await agent.until_event("start")
        await agent.speak(np.repeat(np.frombuffer(TONE, "<i2"), 4).tobytes())
        await agent.until_event("mark")

    document = STREAM.replace("<Stream ", '<Stream bidirectionalMode="rtp" bidirectionalCodec="L16" bidirectionalSamplingRate="16000" ')
    seed = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    async with FakeGateway([document, HANG_UP], [answer_in_l16]).serving() as gateway:
        timeline, told = new_timeline()
        line = CarrierLine(telnyx(Gateway(gateway.url, gateway.url), seed), CALLER, CALLED, timeline)
        outcome, handset = await make_call(line, timeline, lines=0)
        assert gateway.webhooks[0][0] == "/incoming/telnyx"
        assert "telnyx-signature-ed25519" in {name.lower() for name in gateway.webhooks[0][3]}
        assert outcome.was_answered
        # 2400 samples four times over at 16 kHz.
        assert handset.heard_s == pytest.approx(0.6, abs=0.08)
        assert not [happening for happening in told if "wrong" in happening.text]


class Page:
    """The gateway's side of `/ws/voice`."""

    def __init__(self) -> None:
        self.query: Mapping[str, str] = {}
        self.texts: list[dict[str, Any]] = []
        self.microphone_bytes = 0

    async def __call__(self, agent: AgentSide) -> None:
        self.query = dict(agent.socket._req.query)  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
        await agent.socket.send_json({"type": "connected", "agentName": "Bella", "callId": "call-7"})
        await agent.socket.send_json({"type": "transcript", "payload": {"role": "assistant", "text": "Hello", "isFinal": True}})
        audio = np.repeat(np.frombuffer(TONE, "<i2"), 3).tobytes()
        for piece in (audio[:4001], audio[4001:]):
            await agent.socket.send_bytes(piece)
        async for message in agent.socket:
            if isinstance(message.data, bytes):
                self.microphone_bytes += len(message.data)
            else:
                self.texts.append(json.loads(message.data))


async def test_a_browser_call() -> None:
    page = Page()
    async with FakeGateway([], [page]).serving() as gateway:
        timeline, told = new_timeline()
        outcome, handset = await make_call(BrowserLine(gateway.url, "vx_1", "pizzeria", timeline), timeline, lines=0)
        assert page.query == {"api_key": "vx_1", "agent_id": "pizzeria", "format": "pcm16_24k"}
        assert (outcome.call_id, outcome.ended_by) == ("call-7", "the caller said everything")
        assert handset.heard_s == pytest.approx(0.3, abs=0.05)
        assert page.texts == [{"type": "stop"}]
        assert page.microphone_bytes >= 10 * 640
        assert "transcript: Hello" in [happening.text for happening in told]


async def test_a_refused_browser_says_why() -> None:
    async def refuse(agent: AgentSide) -> None:
        await agent.socket.close(code=4001, message=b"unauthorised")

    async with FakeGateway([], [refuse]).serving() as gateway:
        timeline, _ = new_timeline()
        with pytest.raises(CannotCall, match="API key is not accepted"):
            await make_call(BrowserLine(gateway.url, "vx_1", "", timeline), timeline)


async def place(options: CallOptions) -> int:
    return await asyncio.to_thread(place_call, options)


def options_for(gateway: FakeGateway, tmp_path: Path, **more: Any) -> CallOptions:
    (tmp_path / "line.wav").write_bytes(write_wav(TONE, 8000))
    target = Target(gateway.url, gateway.url, gateway.url, "vx_1", "", "+12025550100", "secret")
    return CallOptions(CarrierName.TWILIO, tmp_path, target, wav=(tmp_path / "line.wav",), **more)


async def test_the_report_holds_transcript_tools_and_latency(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("callstage.phone.place._watch_signals", lambda _call: None)
    async with FakeGateway([STREAM, HANG_UP], [talk]).serving() as gateway:
        gateway.record = {
            "call_id": "call-1",
            "ended_at": "2026-01-01T00:00:00Z",
            "transcript": [
                {"turn": 0, "role": "assistant", "text": "Hello", "stage": "order", "latency": None},
                {"turn": 1, "role": "assistant", "text": "39 dollars [sic]", "stage": "checkout", "latency": {"stt_ms": 111.4, "response_ms": 777.0}},
            ],
            "tool_runs": [{"tool": "price_order", "status": "ok", "duration_ms": 12, "arguments": {"size": "large"}, "result": {"total": 39}}],
        }
        assert await place(options_for(gateway, tmp_path, record=tmp_path / "out.wav")) == OK
    shown = capsys.readouterr().out
    for part in ("39 dollars [sic]", "checkout", "price_order(size='large')  ok  12 ms", "111", "777", "ms after you", "out.wav"):
        assert part in shown
    assert read_wav((tmp_path / "out.wav").read_bytes())[1] == 8000


async def test_exit_codes_and_what_they_say(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callstage.phone.place._watch_signals", lambda _call: None)
    monkeypatch.setattr("callstage.phone.record._PATIENCE_S", 0.1)
    async with FakeGateway(["<Response><Reject/></Response>"], []).serving() as gateway:
        options = options_for(gateway, tmp_path, as_json=True)
        assert await place(options) == NOT_ANSWERED
    out = capsys.readouterr()
    assert json.loads(out.out)["ended_by"] == "the call was rejected"
    assert "never answered" in out.err
    assert await place(options) == NOT_PLACED
    assert "Is `make run` running?" in capsys.readouterr().err
    assert await place(CallOptions(CarrierName.TWILIO, tmp_path, Target.load(tmp_path), say=("Hi",))) == NOT_PLACED
    assert "Is `make run` running?" in capsys.readouterr().err
