"""Ed25519 over `timestamp|raw body` (Telnyx docs, webhooks; telnyx 4.189.0 lib/webhook_verification.py)."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE_S = 300


def is_valid(public_key: str, timestamp: str, body: bytes, signature: str, now_s: float) -> bool:
    """`public_key` is base64 of 32 bytes, `signature` base64 of 64. False for anything forged, old, from the future, or unreadable."""
    try:
        signed_at_s = int(timestamp)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        given = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return False
    if abs(now_s - signed_at_s) > TOLERANCE_S:
        return False
    try:
        key.verify(given, timestamp.encode() + b"|" + body)
    except InvalidSignature:
        return False
    return True
