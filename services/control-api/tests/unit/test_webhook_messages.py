"""Proves RE3: signatures of Standard Webhooks, the schedule of attempts, which events are told, and documentation that shows what is sent."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any

import pytest
from callstage_contracts.events import CallEnded, CallStarted, RecordingReady, TurnCompleted, VoicemailLeft
from control_api.consumers.webhook_messages import MESSAGE_TYPES, messages_of
from control_api.features.webhook_endpoints.samples import sample
from control_api.features.webhook_endpoints.schedule import RETRY_WAITS_S, verdict
from control_api.features.webhook_endpoints.signature import headers, new_signing_secret, signature

DOCS = Path(__file__).parents[4] / "docs" / "webhooks.md"
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_golden_vector_of_standard_webhooks() -> None:
    found = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_sign_twice() -> None:
    secrets = [new_signing_secret(), SECRET]
    assert secrets[0].startswith("whsec_")
    sent = headers(secrets, "msg_1", 1614265330, b"{}")
    assert sent["webhook-signature"].split(" ") == [signature(secret, "msg_1", 1614265330, b"{}") for secret in secrets]
    assert (sent["webhook-id"], sent["webhook-timestamp"]) == ("msg_1", "1614265330")


def test_the_documented_verification_accepts_what_is_sent_and_nothing_else() -> None:
    example: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0], example)
    verify, old, new = example["is_from_callstage"], new_signing_secret(), new_signing_secret()
    sent = headers([new, old], "msg_1", int(time()), b"{}")
    assert verify(new, sent, b"{}")
    assert verify(old, sent, b"{}")
    assert not verify(SECRET, sent, b"{}")
    assert not verify(new, sent, b"{ }")
    assert not verify(new, headers([new], "msg_1", int(time()) - 600, b"{}"), b"{}")


def test_attempts_spread_over_a_day() -> None:
    waits = [verdict(attempts, 500, failing_since=None, moment=MOMENT) for attempts in range(1, len(RETRY_WAITS_S) + 1)]
    assert all(said.outcome == "retried" and 0.9 * wait <= said.wait_s <= 1.1 * wait for said, wait in zip(waits, RETRY_WAITS_S, strict=True))
    assert timedelta(hours=24) <= timedelta(seconds=sum(RETRY_WAITS_S)) < timedelta(hours=25)
    assert verdict(len(RETRY_WAITS_S) + 1, None, failing_since=None, moment=MOMENT).outcome == "failed"


@pytest.mark.parametrize("status", [None, 302, 400, 404, 429, 500])
def test_only_2xx_is_delivered(status: int | None) -> None:
    assert verdict(1, status, failing_since=None, moment=MOMENT).outcome == "retried"
    assert verdict(1, 204, failing_since=MOMENT, moment=MOMENT).outcome == "delivered"


def test_what_switches_an_endpoint_off() -> None:
    gone = verdict(1, 410, failing_since=None, moment=MOMENT)
    assert (gone.outcome, gone.disables) == ("failed", "gone")
    days = [verdict(1, 500, failing_since=MOMENT - timedelta(days=days), moment=MOMENT).disables for days in (4, 5)]
    assert days == [None, "failing"]


def test_which_events_are_told() -> None:
    about: dict[str, Any] = {"tenant_id": "t", "call_id": "c"}
    started = CallStarted(**about, session_id="s", agent_id="a", deployment=1, channel="twilio")
    ended = CallEnded(**about, reason="agent_ended", duration_ms=1)
    part: dict[str, Any] = {"part": "p", "rate_hz": 8000, "first_frame": 0, "frames": 1, "size_bytes": 1}
    assert [row["told_type"] for row in messages_of(started)] == ["call.started"]
    assert [(row["told_type"], row["told_message_id"]) for row in messages_of(ended)] == [
        ("call.ended", f"msg_{ended.id}"),
        ("transcript.ready", f"msg_{ended.id}_transcript"),
    ]
    assert [row["told_type"] for row in messages_of(RecordingReady.model_validate({**about, **part}))] == ["recording.ready"]
    assert messages_of(RecordingReady.model_validate({**about, **part, "kind": "voicemail"})) == []
    assert messages_of(VoicemailLeft(**about, voicemail_id="v", agent_id="a", duration_ms=1))[0]["told_subject"] == {"voicemail_id": "v"}
    assert messages_of(TurnCompleted(**about, session_id="s", turn=0, role="user", text="x", stage="m")) == []


def test_the_documentation_shows_what_is_sent() -> None:
    text = DOCS.read_text(encoding="utf-8")
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert {message["type"]: message for message in shown} == {name: json.loads(sample(name)) for name in MESSAGE_TYPES}
