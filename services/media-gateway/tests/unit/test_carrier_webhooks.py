"""Proves C1 C2: signatures against the carriers' published vectors, and the answer documents."""

import base64
import xml.etree.ElementTree as ElementTree

import pytest
from callstage_domain.errors import CallerError
from callstage_phone.telnyx import TelnyxCaller
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from media_gateway.carriers import markup
from media_gateway.carriers.port import StreamInstructions, Webhook
from media_gateway.carriers.telnyx import signature as telnyx
from media_gateway.carriers.telnyx.edge import TelnyxEdge
from media_gateway.carriers.twilio import signature as twilio
from media_gateway.carriers.twilio.edge import TwilioEdge

FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675310"),
    ("Digits", "1234"),
    ("From", "+14158675310"),
    ("To", "+18005551212"),
]
URL = "https://example.com/myapp.php?foo=1&bar=2"


def test_twilio_vectors() -> None:
    assert twilio.sign("12345", URL, FORM) == "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert twilio.sign("12345", "wss://example.com/ws/abc", []) == "qk8rtKa9sAtHvyH+d4hp7h23IJo="
    assert twilio.sign("12345", URL, [*FORM, FORM[0]]) == twilio.sign("12345", URL, FORM)


def test_twilio_signature_is_checked_with_and_without_port() -> None:
    with_port = URL.replace("example.com", "example.com:443")
    assert twilio.is_valid("12345", URL, FORM, twilio.sign("12345", with_port, FORM))
    assert twilio.is_valid("12345", with_port, FORM, twilio.sign("12345", URL, FORM))
    assert not twilio.is_valid("12345", URL.replace("example.com", "example.com:8443"), FORM, twilio.sign("12345", URL, FORM))
    assert not twilio.is_valid("12345", URL, FORM, "")
    assert not twilio.is_valid("54321", URL, FORM, twilio.sign("12345", URL, FORM))
    assert not twilio.is_valid("12345", URL, [*FORM, ("X", "1")], twilio.sign("12345", URL, FORM))


def test_telnyx_signature() -> None:
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(TelnyxCaller.new_private_key()))
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    signed = base64.b64encode(key.sign(b"1700000000|CallSid=v3")).decode()
    assert telnyx.is_valid(public, "1700000000", b"CallSid=v3", signed, 1_700_000_299)
    assert not telnyx.is_valid(public, "1700000000", b"CallSid=v3", signed, 1_700_000_301)
    assert not telnyx.is_valid(public, "1700000000", b"CallSid=v3", signed, 1_699_999_699)
    assert not telnyx.is_valid(public, "1700000001", b"CallSid=v3", signed, 1_700_000_000)
    assert not telnyx.is_valid(public, "1700000000", b"CallSid=v4", signed, 1_700_000_000)
    for broken in ("", "nonsense", "AAAA"):
        assert not telnyx.is_valid(public, "1700000000", b"CallSid=v3", broken, 1_700_000_000)
        assert not telnyx.is_valid(broken, "1700000000", b"CallSid=v3", signed, 1_700_000_000)
        assert not telnyx.is_valid(public, broken, b"CallSid=v3", signed, 1_700_000_000)


@pytest.mark.parametrize("edge", [TwilioEdge(), TelnyxEdge(), TelnyxEdge("L16")])
def test_documents_name_the_stream_and_what_comes_after(edge: TwilioEdge | TelnyxEdge) -> None:
    instructions = StreamInstructions("wss://a.example/ws", {"ticket": 'x"<&>'}, "https://a.example/resume?token=1&x=2")
    response = ElementTree.fromstring(edge.stream_document(instructions))
    assert [verb.tag for verb in response] == ["Connect", "Redirect"]
    stream = response[0][0]
    assert stream.attrib["url"] == "wss://a.example/ws"
    assert stream[0].attrib == {"name": "ticket", "value": 'x"<&>'}
    assert response[1].text == "https://a.example/resume?token=1&x=2"
    if edge.name == "telnyx":
        assert stream.attrib["bidirectionalMode"] == "rtp"
        assert (stream.attrib["bidirectionalCodec"], stream.attrib["bidirectionalSamplingRate"]) in {("PCMU", "8000"), ("L16", "16000")}
    assert "<Reject/>" in edge.reject_document()


def test_spoken_text_is_escaped() -> None:
    assert ElementTree.fromstring(markup.say_and_hang_up("<Dial>911</Dial>"))[0].text == "<Dial>911</Dial>"


def test_an_announcement_needs_a_call_id() -> None:
    with pytest.raises(CallerError):
        TwilioEdge().announce(Webhook("", {}, b"", [("From", "+1")]))
    assert TelnyxEdge().announce(Webhook("", {}, b"", [("CallSid", "v3:1"), ("From", "anonymous")])).caller == "anonymous"
