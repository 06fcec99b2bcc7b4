"""Secrets at rest (rule AC5), signed tokens (rule C4), signatures and hashes."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, Self

from callstage_domain.errors import InvariantBroken, Unauthorized
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_DATA_KEY_BYTES = 32


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parse_master_keys(setting: str) -> dict[str, bytes]:
    """`id:base64,id:base64` → keys by id, in order. Raises ValueError naming the entry that is wrong."""
    keys: dict[str, bytes] = {}
    for entry in setting.split(","):
        key_id, _, encoded = entry.strip().partition(":")
        key = base64.b64decode(encoded)
        if not key_id or len(key) != _DATA_KEY_BYTES:
            raise ValueError(f"CALLSTAGE_MASTER_KEYS: entry '{key_id}' must be `id:base64 of 32 bytes`")
        keys[key_id] = key
    return keys


class SecretBox:
    """Envelope encryption: a fresh data key per secret (AES-256-GCM), wrapped by the newest master key.

    A sealed text is `v1.<master key id>.<wrapped data key>.<ciphertext>`. The AAD binds it to its record, so that a sealed
    value moved to another row or tenant does not open.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self._current = next(iter(self._keys))

    @classmethod
    def from_setting(cls, setting: str) -> Self:
        """From the value of `CALLSTAGE_MASTER_KEYS`."""
        return cls(parse_master_keys(setting))

    def seal(self, plaintext: str, aad: str) -> str:
        """Encrypt; never store or log the plaintext."""
        data_key, bound = AESGCM.generate_key(bit_length=256), aad.encode()
        wrap_nonce, nonce = secrets.token_bytes(_NONCE_BYTES), secrets.token_bytes(_NONCE_BYTES)
        wrapped = wrap_nonce + AESGCM(self._keys[self._current]).encrypt(wrap_nonce, data_key, bound)
        sealed = nonce + AESGCM(data_key).encrypt(nonce, plaintext.encode(), bound)
        return f"v1.{self._current}.{_encode(wrapped)}.{_encode(sealed)}"

    def open(self, sealed: str, aad: str) -> str:
        """Decrypt. Raises InvariantBroken when the key is gone, the text was changed, or it belongs to another record."""
        try:
            _, key_id, wrapped_text, sealed_text = sealed.split(".")
            wrapped, body = _decode(wrapped_text), _decode(sealed_text)
            data_key = AESGCM(self._keys[key_id]).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], aad.encode())
            return AESGCM(data_key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], aad.encode()).decode()
        except (ValueError, KeyError, InvalidTag) as err:
            raise InvariantBroken("a stored secret cannot be opened with the master keys of this service", code="secret_unreadable") from err

    def reseal(self, sealed: str, aad: str) -> str:
        """The same secret under the newest master key."""
        return self.seal(self.open(sealed, aad), aad)


class TokenSigner:
    """Compact signed claims: `<payload>.<signature>`, for tickets and links that any process may check without a lookup."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = [HKDF(algorithm=SHA256(), length=32, salt=None, info=b"callstage-token").derive(key) for key in keys.values()]

    @classmethod
    def from_setting(cls, setting: str) -> Self:
        """From the value of `CALLSTAGE_MASTER_KEYS`."""
        return cls(parse_master_keys(setting))

    def sign(self, purpose: str, claims: Mapping[str, Any], *, ttl_s: float) -> str:
        """A token that `verify` accepts for that purpose until the time is over. Claims are readable by whoever holds it."""
        body = {**claims, "exp": int(time.time() + ttl_s)}
        payload = _encode(json.dumps(body, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._mac(self._keys[0], purpose, payload))}"

    def verify(self, purpose: str, token: str) -> dict[str, Any]:
        """The claims. Raises Unauthorized when forged, made for another purpose, or expired."""
        payload, _, signature = token.partition(".")
        try:
            given = _decode(signature)
            if not any(hmac.compare_digest(self._mac(key, purpose, payload), given) for key in self._keys):
                raise Unauthorized("the token is not valid")
            claims: dict[str, Any] = json.loads(_decode(payload))
        except ValueError as err:
            raise Unauthorized("the token is not valid") from err
        if claims.get("exp", 0) < time.time():
            raise Unauthorized("the token has expired")
        return claims

    @staticmethod
    def _mac(key: bytes, purpose: str, payload: str) -> bytes:
        return hmac.new(key, f"{purpose}|{payload}".encode(), hashlib.sha256).digest()[:16]


def sha256_hex(text: str) -> str:
    """How API keys and tokens are stored and looked up (rule AC2)."""
    return hashlib.sha256(text.encode()).hexdigest()


def new_secret(prefix: str, *, bytes_of_entropy: int = 24) -> str:
    """A fresh random credential with a prefix that names its kind, such as `vx_`."""
    return prefix + secrets.token_urlsafe(bytes_of_entropy).replace("-", "A").replace("_", "B")


def hmac_sha256_hex(key: str, message: bytes) -> str:
    """Hex HMAC-SHA256, as webhook signatures and embed identities have it."""
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Constant-time comparison of two texts."""
    return hmac.compare_digest(left.encode(), right.encode())
