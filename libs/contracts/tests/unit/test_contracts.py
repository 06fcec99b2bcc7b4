"""Proves EV1 in part: events parse back, live on their subject; formats and keys agree on both sides of a boundary."""

import inspect
from typing import get_args

import pytest
from callstage_contracts import events, redis_keys
from callstage_contracts.buckets import ALL_BUCKETS, blocked_key, deployment_key, route_key
from callstage_contracts.convert import audio_format_from_pb, audio_format_to_pb
from callstage_contracts.subjects import event_subject, live_subject
from callstage_domain.audio import AudioFormat
from pydantic import ValidationError

KINDS = list(get_args(get_args(events.AnyEvent)[0]))
SAMPLES = {
    "call_id": "c",
    "session_id": "s",
    "agent_id": "a",
    "deployment": 1,
    "channel": "twilio",
    "reason": "caller_hung_up",
    "duration_ms": 5,
    "turn": 0,
    "role": "user",
    "text": "hi",
    "stage": "main",
    "run_key": "k",
    "tool": "t",
    "status": "ok",
    "integration_id": "i",
    "message": "m",
    "part": "p",
    "rate_hz": 8000,
    "first_frame": 0,
    "frames": 1,
    "size_bytes": 144,
    "voicemail_id": "v",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_survives_the_wire(kind: type[events.Event]) -> None:
    required = {name: SAMPLES[name] for name, field in kind.model_fields.items() if field.is_required() and name != "tenant_id"}
    event = kind.model_validate({"tenant_id": "t", **required})
    assert events.parse_event(event.model_dump_json().encode()) == event
    assert event.subject == "callstage.t." + event.type


def test_a_field_of_a_newer_release_is_ignored_and_an_unknown_type_refused() -> None:
    parsed = events.parse_event(b'{"type":"call.answered","tenant_id":"t","call_id":"c","colour":"blue"}')
    assert isinstance(parsed, events.CallAnswered)
    with pytest.raises(ValidationError):
        events.parse_event(b'{"type":"call.exploded","tenant_id":"t"}')


def test_audio_formats_convert_both_ways() -> None:
    for audio_format in AudioFormat:
        assert audio_format_from_pb(audio_format_to_pb(audio_format)) is audio_format
    with pytest.raises(ValueError, match="unknown audio format 0"):
        audio_format_from_pb(0)


def test_no_two_kinds_of_redis_key_collide() -> None:
    made = {
        function(*"xyz"[: len(inspect.signature(function).parameters)])
        for name, function in inspect.getmembers(redis_keys, inspect.isfunction)
        if not name.startswith("_")
    }
    assert len(made) == len([1 for _ in inspect.getmembers(redis_keys, inspect.isfunction)])
    assert all(key.startswith("cs:") for key in made)


def test_keys_are_legal_in_nats() -> None:
    assert route_key("+12025550100") == "12025550100"
    assert blocked_key("t", "+1") == "t.1"
    assert deployment_key("t", "a", 3) == "t.a.3"
    assert event_subject("t", "call", "ended") == "callstage.t.call.ended"
    assert live_subject("t", "c") == "live.t.c"
    assert len({bucket.name for bucket in ALL_BUCKETS}) == len(ALL_BUCKETS)
