"""Proves C1 C2 C3 from the carrier's side: signatures and stream messages of the callers, golden and broken."""

import base64
import json
from typing import Any

import pytest
from callstage_phone.call import CarrierCall
from callstage_phone.carrier import CarrierSettings
from callstage_phone.codec import PCMU
from callstage_phone.dialect import Clear, Command, Mark, Media, Mistake
from callstage_phone.events import unwatched
from callstage_phone.markup import BadDocument, Stream, parse_document
from callstage_phone.telnyx import TelnyxCaller, TelnyxStreaming
from callstage_phone.twilio import MediaStreams, TwilioCaller, twilio_signature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SETTINGS = CarrierSettings("https://voice.example.com/in")
SEED = base64.b64encode(bytes(range(32))).decode()
RTP = {"bidirectionalMode": "rtp", "bidirectionalCodec": "L16", "bidirectionalSamplingRate": "16000"}


def twilio_stream() -> MediaStreams:
    stream = MediaStreams("AC1", "CA1", {"ticket": "t"})
    stream.stream_sid = "MZ1"
    return stream


def telnyx_stream(attributes: dict[str, str]) -> TelnyxStreaming:
    """Needs a running loop: a call has a room."""
    carrier = TelnyxCaller(SETTINGS, private_key=SEED)
    call = CarrierCall(carrier, SETTINGS.webhook_url, call_id="CA1", from_="+1", to="+2", codec=PCMU, record=False, dial_status=None, watch=unwatched)
    return carrier.dialect(call, Stream("wss://x", attributes, {"ticket": "t"}))


def test_twilio_signature_is_that_of_the_vendors_sdk() -> None:
    parameters = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675310", "Digits": "1234", "From": "+14158675310", "To": "+18005551212"}
    assert twilio_signature("12345", "https://example.com/myapp.php?foo=1&bar=2", parameters) == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert (
        TwilioCaller(SETTINGS, auth_token="12345").socket_headers("wss://example.com/ws/abc")["X-Twilio-Signature"] == "qk8rtKa9sAtHvyH+d4hp7h23IJo="
    )


def test_twilio_messages_are_golden() -> None:
    stream = twilio_stream()
    messages: list[dict[str, Any]] = [json.loads(text) for text in (*stream.opening(), *stream.media(b"\xff" * 160), *stream.media(b"\xff" * 160))]
    assert messages[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert messages[1] == {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": "MZ1",
        "start": {
            "accountSid": "AC1",
            "streamSid": "MZ1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"ticket": "t"},
        },
    }
    payload = base64.b64encode(b"\xff" * 160).decode()
    media = {"track": "inbound", "chunk": "2", "timestamp": "25", "payload": payload}
    assert messages[3] == {"event": "media", "sequenceNumber": "3", "streamSid": "MZ1", "media": media}
    assert json.loads(stream.mark("m1")) == {"event": "mark", "sequenceNumber": "4", "streamSid": "MZ1", "mark": {"name": "m1"}}
    assert json.loads(stream.stop()) == {"event": "stop", "sequenceNumber": "5", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": "CA1"}}


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"/38="}}', Media(b"\xff\x7f")),
        ('{"event":"mark","streamSid":"MZ1","mark":{"name":"m1"}}', Mark("m1")),
        ('{"event":"clear","streamSid":"MZ1"}', Clear()),
    ],
)
def test_twilio_understands_the_platform(message: str, command: Command) -> None:
    assert twilio_stream().parse(message) == command


@pytest.mark.parametrize(
    "message", [b"\0", "x", "[]", "{}", '{"event":"clear","streamSid":"MZ9"}', '{"event":"media","streamSid":"MZ1","media":{"payload":"*"}}']
)
def test_what_no_carrier_accepts_is_a_mistake(message: str | bytes) -> None:
    assert isinstance(twilio_stream().parse(message), Mistake)


def test_telnyx_signature_verifies_over_time_and_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callstage_phone.telnyx.time.time", lambda: 1700000000.9)
    headers = TelnyxCaller(SETTINGS, private_key=SEED).webhook_headers("https://x", {}, b"a=1")
    public_key = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    public_key.verify(base64.b64decode(headers["telnyx-signature-ed25519"]), b"1700000000|a=1")
    assert headers["telnyx-timestamp"] == "1700000000"


async def test_telnyx_messages_are_golden() -> None:
    stream = telnyx_stream(RTP)
    connected, start = [json.loads(text) for text in stream.opening()]
    assert connected == {"event": "connected", "version": "1.0.0"}
    assert start["event"] == "start"
    assert start["sequence_number"] == "1"
    assert start["start"]["call_control_id"] == "CA1"
    assert start["start"]["custom_parameters"] == {"ticket": "t"}
    assert start["start"]["media_format"] == {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
    media = json.loads(*stream.media(b"\xff"))
    assert media["stream_id"] == start["stream_id"]
    assert media["media"] == {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": "/w=="}


async def test_telnyx_directions_may_differ_and_need_rtp_mode() -> None:
    stream = telnyx_stream(RTP)
    start = json.loads(stream.opening()[1])["start"]
    assert (start["media_format"]["encoding"], stream.server_codec.name, stream.server_codec.rate_hz) == ("PCMU", "L16", 16000)
    message = '{"event":"media","media":{"payload":"AAA="}}'
    assert stream.parse(message) == Media(b"\0\0")
    assert isinstance(telnyx_stream({}).parse(message), Mistake)
    assert stream.parse('{"event":"clear"}') == Clear()


def test_documents_are_read() -> None:
    text = (
        '<?xml version="1.0"?><Response><Connect><Stream url="wss://g/media"><Parameter name="ticket" value="t&amp;1"/></Stream></Connect>'
        '<Redirect method="POST"> https://g/resume </Redirect></Response>'
    )
    connect, redirect = parse_document(text)
    assert connect.stream == Stream("wss://g/media", {"url": "wss://g/media"}, {"ticket": "t&1"})
    assert (redirect.name, redirect.text) == ("Redirect", "https://g/resume")
    assert parse_document("<Response><Dial><Number>+1202</Number></Dial></Response>")[0].text == "+1202"


@pytest.mark.parametrize("text", ["", "hello", "<html/>", "<Response>", "<!DOCTYPE r [<!ENTITY a 'b'>]><Response>&a;</Response>"])
def test_broken_documents_are_refused(text: str) -> None:
    with pytest.raises(BadDocument):
        parse_document(text)
