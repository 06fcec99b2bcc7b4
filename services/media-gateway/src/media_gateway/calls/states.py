"""What the resume address has to know of a call: is it over, and what comes instead (rules C5, N5)."""

from typing import Final, Literal

import structlog
from callstage_contracts import redis_keys
from callstage_domain.errors import DependencyError

from media_gateway.calls.instead import Instead
from media_gateway.calls.shared_store import SharedStore

_log = structlog.get_logger(__name__)
_TTL_S: Final = 26 * 3600
"""As long as a resume token can be valid: an ended call must not come back to life."""
_LOCAL_LIMIT: Final = 4096

CallState = Literal["running", "detached", "ended"]
"""detached: the socket is gone though the call may not be; whoever answers the resume address takes it over."""


class CallStates:
    """In Redis for all gateways, and in memory for this one while Redis is away."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store
        self._local: dict[str, str] = {}

    async def set(self, call_id: str, state: CallState | Instead) -> str | None:
        """Store; returns the state before, None when there was none or Redis is away."""
        text = state.as_text() if isinstance(state, Instead) else state
        self._local[call_id] = text
        while len(self._local) > _LOCAL_LIMIT:
            del self._local[next(iter(self._local))]
        try:
            return await self._store.put(redis_keys.call_state(call_id), text, ttl_s=_TTL_S)
        except DependencyError as err:
            _log.warning("call_state_not_stored", call_id=call_id, state=text.partition(":")[0], error=err.message)
            return None

    async def get(self, call_id: str) -> CallState | Instead | None:
        """None: nothing is known. Redis away: what this process knows, and `ended` for a call of another one (resume is off until it is back)."""
        try:
            stored = await self._store.get(redis_keys.call_state(call_id))
        except DependencyError as err:
            _log.warning("call_state_not_read", call_id=call_id, error=err.message)
            return _parse(self._local.get(call_id, "ended"))
        text = stored if stored is not None else self._local.get(call_id)
        return _parse(text) if text is not None else None


def _parse(text: str) -> CallState | Instead:
    instead = Instead.from_text(text)
    if instead is not None:
        return instead
    return text if text in ("running", "detached") else "ended"
