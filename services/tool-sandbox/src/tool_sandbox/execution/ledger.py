"""Effects happen once (rule T8): who runs an invocation, what its host calls answered, and how it ended, in one Redis hash.

A run is claimed with a lease. Whoever finds a finished run gets its outcome; whoever finds a running one waits; whoever finds one whose
owner died takes it over, is answered from the journal up to the last finished host call, and goes on from there. Every write to the
hash is fenced by the owner, so a process that was taken for dead cannot go on.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import structlog
from callstage_contracts.redis_keys import LEDGER_TTL_S, ledger
from callstage_kit.redis.connection import REDIS_ERRORS
from callstage_kit.tasks import TaskScope, forever
from redis.asyncio import Redis

from tool_sandbox.execution.journal import Journal, JournalEntry, LeaseLost
from tool_sandbox.outcome import RunOutcome

_log = structlog.get_logger(__name__)
_CALL: Final = b"c:"
_PAUSE_AFTER_FAILURE_S: Final = 1.0
_RELEASE_TIMEOUT_S: Final = 0.2

# KEYS[1] hash · ARGV owner, lease_ms, ttl_s, now. The server's clock counts: those of the processes may differ.
_CLAIM = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'state', 'lease', 'owner')
if known[1] == 'finished' then return {'finished', redis.call('HGET', KEYS[1], 'outcome')} end
if known[1] and tonumber(known[2]) > now and known[3] ~= ARGV[1] then return {'busy'} end
redis.call('HSET', KEYS[1], 'state', 'running', 'owner', ARGV[1], 'lease', now + ARGV[2])
redis.call('HSETNX', KEYS[1], 'started_at', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {'claimed', redis.call('HGETALL', KEYS[1])}
"""
# KEYS[1] hash · ARGV owner, lease_ms, then field, value pairs.
_PUT = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'lease', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""
# KEYS[1] hash · ARGV owner, outcome, ttl_s.
_FINISH = """
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'finished', 'outcome', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


@dataclass(slots=True)
class Claim:
    """The right to run: answered host calls in `journal`. `finished` set: do not run, this is how it ended."""

    journal: Journal
    finished: RunOutcome | None = None
    is_busy: bool = False
    """True: another process still runs it and did not end in time."""


class Ledger:
    """Runs by tenant and key. While Redis is away runs are not protected: they run all the same, and say so in their log."""

    def __init__(self, redis: Redis, *, lease_s: float = 3.0, timeout_s: float = 1.0) -> None:
        self._redis = redis
        self._lease_ms = int(lease_s * 1000)
        self._timeout_s = timeout_s
        self._claim_script = redis.register_script(_CLAIM)
        self._put_script = redis.register_script(_PUT)
        self._finish_script = redis.register_script(_FINISH)
        self._away_until = 0.0
        self._failures = 0

    @asynccontextmanager
    async def claim(self, tenant_id: str, run_key: str, *, wait_s: float) -> AsyncGenerator[Claim]:
        """The claim is kept alive while entered. Left without `finish`, it is free at once for the next one who asks."""
        key, owner = ledger(tenant_id, run_key), secrets.token_hex(8)
        answer = await self._claimed(key, owner, wait_s)
        if answer is None:
            yield Claim(Journal(None))
        elif answer[0] == b"finished":
            yield Claim(Journal(None), finished=RunOutcome.from_json(cast(bytes, answer[1])))
        elif answer[0] == b"busy":
            yield Claim(Journal(None), is_busy=True)
        else:
            store = _Store(self, key, owner)
            journal = Journal(store, **_history(cast(list[bytes], answer[1])))
            async with TaskScope("ledger") as scope:
                scope.start(store.keep(self._lease_ms / 3000), name="renew")
                try:
                    yield Claim(journal)
                finally:
                    await store.release()

    async def finish(self, claim: Claim, outcome: RunOutcome) -> None:
        """Keep the outcome and forget the host calls. Without Redis the outcome is only given to the caller."""
        store = claim.journal.store
        if isinstance(store, _Store):
            await store.finish(outcome)

    async def _claimed(self, key: str, owner: str, wait_s: float) -> list[Any] | None:
        """None: Redis is away."""
        until = time.monotonic() + wait_s
        pause_s = 0.02
        while True:
            answer = await self.execute(self._claim_script, key, owner, self._lease_ms, LEDGER_TTL_S, datetime.now(UTC).isoformat())
            if answer is None or answer[0] != b"busy" or time.monotonic() >= until:
                return answer
            await asyncio.sleep(pause_s)
            pause_s = min(0.1, pause_s * 1.5)

    async def put(self, key: str, owner: str, fields: Mapping[str, bytes]) -> bool | None:
        """True: stored. False: another owner has the run. None: Redis is away."""
        flat = [part for item in fields.items() for part in item]
        answer = await self.execute(self._put_script, key, owner, self._lease_ms, *flat)
        return None if answer is None else bool(answer)

    async def conclude(self, key: str, owner: str, outcome: RunOutcome) -> None:
        """Store the outcome, when the run is still ours."""
        await self.execute(self._finish_script, key, owner, outcome.to_json(), LEDGER_TTL_S)

    async def let_go(self, key: str, owner: str) -> None:
        """End the lease now; a no-op when the run is finished or not ours."""
        await self.execute(self._put_script, key, owner, 0)

    async def execute(self, script: Any, key: str, *arguments: Any) -> Any:
        """The script's answer, None while Redis is away. After two failures in a row it is left alone for a second."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await script(keys=[key], args=list(arguments))
            self._failures = 0
            return answer
        except REDIS_ERRORS as err:
            self._failures += 1
            if self._failures > 1:
                self._away_until = time.monotonic() + _PAUSE_AFTER_FAILURE_S
            _log.warning("ledger_unavailable", error=type(err).__name__)
            return None


class _Store:
    """The journal's way into the hash of one claimed run."""

    def __init__(self, owning: Ledger, key: str, owner: str) -> None:
        self._ledger = owning
        self._key = key
        self._owner = owner
        self._is_open = True

    async def write(self, entries: Mapping[int, JournalEntry]) -> bool:
        """Keep entries. False: Redis is away. Raises LeaseLost when another process has taken the run over."""
        stored = await self._ledger.put(self._key, self._owner, {f"c:{sequence}": entry.to_json() for sequence, entry in entries.items()})
        if stored is False:
            raise LeaseLost
        return stored is not None

    async def keep(self, interval_s: float) -> None:
        """Renew the lease until cancelled; the claim itself was the first renewal."""
        await asyncio.sleep(interval_s)
        await forever(interval_s, self.renew, name="ledger_lease")

    async def renew(self) -> None:
        await self._ledger.put(self._key, self._owner, {})

    async def finish(self, outcome: RunOutcome) -> None:
        self._is_open = False
        await self._ledger.conclude(self._key, self._owner, outcome)

    async def release(self) -> None:
        if not self._is_open:
            return
        try:
            async with asyncio.timeout(_RELEASE_TIMEOUT_S):
                await self._ledger.let_go(self._key, self._owner)
        except TimeoutError:
            _log.warning("ledger_release_timed_out")


def _history(flat: list[bytes]) -> dict[str, Any]:
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    entries = {int(name[2:]): JournalEntry.from_json(value) for name, value in fields.items() if name.startswith(_CALL)}
    return {"started_at": datetime.fromisoformat(fields[b"started_at"].decode()), "entries": entries}
