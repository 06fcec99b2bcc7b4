"""Standard Webhooks: secrets and headers. Source: https://github.com/standard-webhooks/standard-webhooks, specification 1.0."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_signing_secret() -> str:
    """`whsec_` and base64 of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """`v1,<base64>`: HMAC-SHA256 of `id.timestamp.body` with the decoded secret."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(signing: Sequence[str], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Of one request; with two secrets the header holds two signatures, and either is enough for the receiver."""
    return {
        "content-type": "application/json",
        "user-agent": "Callstage-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp_s, body) for secret in signing),
    }
