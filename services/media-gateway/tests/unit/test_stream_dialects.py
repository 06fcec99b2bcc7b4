"""Proves C3 C7 C8: golden frames of both dialects, good and broken, and the order of media."""

import base64
import json
from typing import Any

import pytest
from callstage_audio.g711 import alaw_to_ulaw
from callstage_domain.audio import AudioFormat
from hypothesis import given
from hypothesis import strategies as st
from media_gateway.carriers.port import Dtmf, Ignored, MalformedFrame, MarkPlayed, Media, Started, Stopped
from media_gateway.carriers.telnyx.reorder import MAX_WAITING, ReorderBuffer
from media_gateway.carriers.telnyx.stream_protocol import TelnyxStream
from media_gateway.carriers.twilio.stream_protocol import TwilioStream

FRAME = bytes(range(160))
TWILIO_START = (
    '{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"accountSid":"AC1","callSid":"CA1","streamSid":"MZ1","tracks":["inbound"],'
    '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"ticket":"t"}}}'
)


def telnyx_start(encoding: str, rate: Any) -> str:
    media_format = {"encoding": encoding, "sample_rate": rate, "channels": 1}
    start = {"call_control_id": "v3:1", "client_state": None, "tags": [], "custom_parameters": {"ticket": "t"}, "media_format": media_format}
    return json.dumps({"event": "start", "sequence_number": "1", "stream_id": "s1", "start": start})


def telnyx_media(chunk: int, payload: bytes, track: str = "inbound") -> str:
    media = {"track": track, "chunk": str(chunk), "timestamp": "5", "payload": base64.b64encode(payload).decode()}
    return json.dumps({"event": "media", "sequence_number": "4", "stream_id": "s1", "media": media})


def test_twilio_frames() -> None:
    stream = TwilioStream()
    assert stream.parse('{"event":"connected","protocol":"Call","version":"1.0.0"}') == ()
    assert list(stream.parse(TWILIO_START)) == [Started("CA1", "MZ1", {"ticket": "t"})]
    payload = base64.b64encode(FRAME).decode()
    media = (
        f'{{"event":"media","sequenceNumber":"3","streamSid":"MZ1","media":{{"track":"inbound","chunk":"1","timestamp":"5","payload":"{payload}"}}}}'
    )
    assert list(stream.parse(media)) == [Media(FRAME)]
    assert list(stream.parse(media.replace("inbound", "outbound"))) == []
    dtmf = '{"event":"dtmf","sequenceNumber":"5","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"1"}}'
    assert list(stream.parse(dtmf)) == [Dtmf("1")]
    assert list(stream.parse('{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"m1"}}')) == [MarkPlayed("m1")]
    stop = '{"event":"stop","sequenceNumber":"9","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}'
    assert list(stream.parse(stop)) == [Stopped()]
    assert list(stream.parse('{"event":"brand-new","media":7}')) == [Ignored("brand-new")]
    assert json.loads(stream.media(FRAME)) == {"event": "media", "streamSid": "MZ1", "media": {"payload": payload}}
    assert json.loads(stream.mark("m1")) == {"event": "mark", "streamSid": "MZ1", "mark": {"name": "m1"}}
    assert json.loads(stream.clear()) == {"event": "clear", "streamSid": "MZ1"}


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        '{"event":5}',
        '{"no":"event"}',
        '{"event":"media"}',
        '{"event":"media","media":{"payload":"%%%"}}',
        '{"event":"media","media":{"payload":12}}',
        '{"event":"start"}',
        '{"event":"start","start":{"streamSid":"MZ1"}}',
        '{"event":"start","start":{"streamSid":"MZ1","callSid":"CA1","mediaFormat":{"encoding":"audio/opus"}}}',
        '{"event":"mark"}',
    ],
)
def test_broken_twilio_frames(frame: str) -> None:
    with pytest.raises(MalformedFrame):
        TwilioStream().parse(frame)


@pytest.mark.parametrize(
    ("encoding", "rate", "uplink", "payload", "audio"),
    [
        ("PCMU", 8000, AudioFormat.PCMU_8K, FRAME, FRAME),
        ("PCMA", "8000", AudioFormat.PCMU_8K, FRAME, alaw_to_ulaw(FRAME)),
        ("L16", 16_000, AudioFormat.PCM16_16K, FRAME * 4, FRAME * 4),
        ("L16", 8000, AudioFormat.PCMU_8K, bytes(320), b"\xff" * 160),
    ],
)
def test_telnyx_codecs(encoding: str, rate: Any, uplink: AudioFormat, payload: bytes, audio: bytes) -> None:
    stream = TelnyxStream()
    assert list(stream.parse(telnyx_start(encoding, rate))) == [Started("v3:1", "s1", {"ticket": "t"})]
    assert stream.uplink is uplink
    assert list(stream.parse(telnyx_media(1, payload))) == [Media(audio)]


def test_telnyx_frames() -> None:
    stream = TelnyxStream("PCMA")
    stream.parse(telnyx_start("PCMU", 8000))
    assert list(stream.parse('{"event":"dtmf","stream_id":"s1","sequence_number":"5","dtmf":{"digit":"#"}}')) == [Dtmf("#")]
    assert list(stream.parse('{"event":"mark","mark":{"name":"m1"}}')) == [MarkPlayed("m1")]
    assert list(stream.parse('{"event":"stop","stop":{"call_control_id":"v3:1"}}')) == [Stopped()]
    error = '{"event":"error","stream_id":"s1","payload":{"code":100004,"title":"invalid_media","detail":"x"}}'
    assert list(stream.parse(error)) == [Ignored("error")]
    assert list(stream.parse(telnyx_media(3, FRAME))) == [Media(FRAME)]
    assert list(stream.parse(telnyx_media(5, b"\x05"))) == []
    assert list(stream.parse(telnyx_media(4, b"\x04"))) == [Media(b"\x04"), Media(b"\x05")]
    assert list(stream.parse(telnyx_media(4, b"\x04"))) == []
    assert list(stream.parse(telnyx_media(6, FRAME, "outbound"))) == []
    sent = base64.b64decode(json.loads(stream.media(FRAME))["media"]["payload"])
    assert len(sent) == 160
    assert sent != FRAME
    assert json.loads(stream.clear()) == {"event": "clear"}
    for broken in ('{"event":"media","media":{"payload":"AA==","chunk":"x"}}', telnyx_start("G722", 8000), '{"event":"start","start":{}}'):
        with pytest.raises(MalformedFrame):
            TelnyxStream().parse(broken)


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(json.dumps))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for stream in (TwilioStream(), TelnyxStream()):
        try:
            events = stream.parse(text)
        except MalformedFrame:
            continue
        assert all(not isinstance(event, Started) for event in events)


@given(st.sampled_from(["media", "mark", "dtmf", "start", "stop", "x"]), st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=9)))
def test_known_events_with_any_content(event: str, content: dict[str, Any]) -> None:
    for stream in (TwilioStream(), TelnyxStream()):
        try:
            events = stream.parse(json.dumps({"event": event, event: content}))
        except MalformedFrame:
            continue
        assert len(events) <= 1


@given(st.permutations(range(1, 5)))
def test_a_shuffled_window_comes_out_in_order(order: list[int]) -> None:
    buffer = ReorderBuffer()
    assert buffer.push(0, b"\x00") == [b"\x00"]
    out = [payload for chunk in order for payload in buffer.push(chunk, bytes([chunk]))]
    assert out == [bytes([chunk]) for chunk in range(1, 5)]


def test_a_lost_frame_is_given_up() -> None:
    buffer = ReorderBuffer()
    buffer.push(1, b"1")
    out = [payload for chunk in range(3, 3 + MAX_WAITING + 1) for payload in buffer.push(chunk, bytes([chunk]))]
    assert out == [bytes([chunk]) for chunk in range(3, 3 + MAX_WAITING + 1)]
    assert buffer.push(2, b"2") == []
    assert buffer.dropped == 1
