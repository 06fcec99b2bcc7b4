"""The webhook wire: what is sent and what an answer means (rules W1, W2). No sockets here."""

from typing import Any, Final

import orjson
from callstage_kit.crypto import hmac_sha256_hex

from tool_sandbox.outcome import RunOutcome, RunStatus

SOURCE: Final = "voiceai-platform"
FAILED_SPEECH: Final = "I'm having trouble processing that right now."
_ERROR_STATUSES: Final = frozenset({"error", "failed"})
_MAX_SPEECH: Final = 4000


def body_of(function: str, args: dict[str, Any], call_id: str, tenant_id: str) -> bytes:
    """Exactly the four documented fields."""
    return orjson.dumps({"function": function, "args": args, "call_id": call_id, "tenant_id": tenant_id})


def headers_of(key: str, body: bytes, *, run_key: str, timestamp_s: int) -> dict[str, str]:
    """The signature is `sha256=` and the hex HMAC-SHA256, keyed with the webhook key, of the timestamp's digits followed by the body."""
    timestamp = str(timestamp_s)
    return {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {key}",
        "X-Webhook-Source": SOURCE,
        "Idempotency-Key": run_key,
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": f"sha256={hmac_sha256_hex(key, timestamp.encode() + body)}",
        "User-Agent": "callstage",
    }


def failed(reason: str) -> RunOutcome:
    """Rule W3: the caller hears the apology, the model and the record get the reason."""
    return RunOutcome.failed("webhook_failed", reason, speech=FAILED_SPEECH)


def outcome_of(status: int, body: bytes) -> RunOutcome:
    """`message` is what the AI says, whatever the HTTP status; every field goes to the model."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        return failed(f"the webhook answered with HTTP {status} and no JSON")
    message = answer.get("message") if isinstance(answer, dict) else None
    if not isinstance(message, str) or not message.strip():
        return failed(f"the webhook answered with HTTP {status} and no message")
    state = str(answer.get("status") or ("error" if status >= 400 else "")).lower()
    speech = message.strip()[:_MAX_SPEECH]
    if state in _ERROR_STATUSES:
        return RunOutcome(RunStatus.FAILED, result=answer, speech=speech, model_text=speech, error_code="webhook_failed")
    return RunOutcome(RunStatus.OK, result=answer, speech=speech)
