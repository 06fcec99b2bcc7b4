"""Who a visitor of a web page is, as the page's own server vouches for him (rules E4, E5)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from callstage_contracts import redis_keys
from callstage_domain.errors import DependencyError
from callstage_kit.crypto import hmac_sha256_hex, same

from media_gateway.calls.shared_store import SharedStore

_log = structlog.get_logger(__name__)
MAX_AGE_S: Final = 120
MAX_AHEAD_S: Final = 30
"""Clocks of web servers go wrong by this much."""
_MAX_EMAIL_CHARS: Final = 320
_HASH_CHARS: Final = 64
_LOCAL_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Identity:
    """As the page sent it; nothing of it is to be believed yet. `ts` is Unix seconds as text, exactly as it was signed."""

    email: str
    hash: str
    ts: str

    @classmethod
    def of(cls, body: dict[str, Any]) -> "Identity | None":
        """None: the page says nothing of its visitor, or nothing that could be right."""
        email, given, ts = body.get("user_email"), body.get("user_hash"), body.get("user_ts")
        if isinstance(ts, int) and not isinstance(ts, bool):
            ts = str(ts)
        if not isinstance(email, str) or not isinstance(given, str) or not isinstance(ts, str):
            return None
        is_sound = 0 < len(email) <= _MAX_EMAIL_CHARS and len(given) == _HASH_CHARS and ts.isascii() and ts.isdigit() and len(ts) <= 12
        return cls(email, given.lower(), ts) if is_sound else None


def is_vouched_for(identity: Identity, secrets: Sequence[str], now_s: float) -> bool:
    """The hash was made with one of the secrets, for this address and this moment."""
    signed = f"{identity.email}|{identity.ts}".encode()
    # All of them are compared: how long it takes must not tell which one it was.
    matches = [same(hmac_sha256_hex(secret, signed), identity.hash) for secret in secrets]
    age_s = now_s - int(identity.ts)
    return any(matches) and -MAX_AHEAD_S <= age_s <= MAX_AGE_S


class UsedHashes:
    """Each hash opens one session (rule E4); remembered by all gateways, by this process alone while Redis is away."""

    def __init__(self, store: SharedStore, clock_s: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock_s = clock_s
        self._local: dict[str, float] = {}

    async def take(self, token_id: str, identity_hash: str) -> bool:
        """False: it was used before."""
        key = redis_keys.embed_hash(token_id, identity_hash)
        try:
            return await self._store.put_if_absent(key, "1", ttl_s=MAX_AGE_S + 2 * MAX_AHEAD_S) is None
        except DependencyError as err:
            _log.warning("embed_hash_kept_locally", error=err.message)
            return self._take_locally(key)

    def _take_locally(self, key: str) -> bool:
        now_s = self._clock_s()
        self._local = {known: until_s for known, until_s in self._local.items() if until_s > now_s}
        # A flood must not make room for a replay: what cannot be remembered is not let in.
        if key in self._local or len(self._local) >= _LOCAL_LIMIT:
            return False
        self._local[key] = now_s + MAX_AGE_S + 2 * MAX_AHEAD_S
        return True
