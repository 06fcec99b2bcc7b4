"""Journals in Redis: opened with a fencing token, appended only by the newest owner."""

from dataclasses import dataclass
from typing import Any

import structlog
from callstage_contracts import redis_keys
from callstage_contracts.redis_keys import MAIL_TTL_S, SESSION_TTL_S
from pydantic import ValidationError
from redis.asyncio import Redis

from agent_runtime.stages.entries import Entry, parse_entry

_log = structlog.get_logger(__name__)

# 1: appended. 0: another process owns the conversation. A fence that is gone (Redis came back empty) is taken again.
_APPEND = """
local owner = redis.call('GET', KEYS[2])
if owner and tonumber(owner) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
redis.call('SET', KEYS[3], ARGV[3], 'EX', ARGV[2])
for index = 4, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[index]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class OpenedJournal:
    """A journal that this process owns now. `owner_tenant`: None when the session was unknown."""

    token: int
    entries: list[Entry]
    owner_tenant: str | None


class JournalStore:
    """All journals. Every method may raise one of `callstage_kit.redis.connection.REDIS_ERRORS`."""

    def __init__(self, redis: Redis, *, ttl_s: int = SESSION_TTL_S) -> None:
        self._redis: Any = redis
        self._ttl_s = ttl_s
        self._append: Any = redis.register_script(_APPEND)

    def of_channel(self, channel: str) -> "JournalStore":
        """The same journals, kept for as long as a conversation of that channel may rest: people answer mails after days."""
        return JournalStore(self._redis, ttl_s=MAIL_TTL_S) if channel == "email" else self

    async def owner(self, session_id: str) -> str | None:
        """Tenant of a session, None when there is no such session (rule WS6)."""
        tenant = await self._redis.get(redis_keys.session_owner(session_id))
        return tenant.decode() if tenant is not None else None

    async def open(self, session_id: str, tenant_id: str) -> OpenedJournal:
        """Become the owner. The entries of another tenant's session are not given; the caller must then use another id."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(redis_keys.session_owner(session_id))
            pipe.incr(redis_keys.fence(session_id))
            pipe.expire(redis_keys.fence(session_id), self._ttl_s)
            pipe.lrange(redis_keys.journal(session_id), 0, -1)
            pipe.set(redis_keys.session_owner(session_id), tenant_id, ex=self._ttl_s, nx=True)
            owner, token, _, stored, _ = await pipe.execute()
        owner_tenant = owner.decode() if owner is not None else None
        if owner_tenant not in (None, tenant_id):
            return OpenedJournal(token, [], owner_tenant)
        return OpenedJournal(token, _parsed(stored, session_id), owner_tenant)

    async def peek(self, session_id: str, *, only_last: bool = False) -> list[Entry]:
        """What is stored, without becoming the owner."""
        return _parsed(await self._redis.lrange(redis_keys.journal(session_id), -1 if only_last else 0, -1), session_id)

    async def append(self, session_id: str, tenant_id: str, token: int, entries: list[bytes]) -> bool:
        """Store entries; False: the conversation belongs to another process now."""
        # One command: in a pipeline the client would ask each time whether the server knows the script.
        keys = [redis_keys.journal(session_id), redis_keys.fence(session_id), redis_keys.session_owner(session_id)]
        return bool(await self._append(keys=keys, args=[token, self._ttl_s, tenant_id, *entries]))

    async def text_reply(self, session_id: str, turn_id: str) -> bytes | None:
        """The answer already given to a text turn."""
        return await self._redis.get(redis_keys.text_turn(session_id, turn_id))

    async def keep_text_reply(self, session_id: str, turn_id: str, reply: bytes) -> None:
        """Remember an answer for repeats of its request."""
        await self._redis.set(redis_keys.text_turn(session_id, turn_id), reply, ex=self._ttl_s)


def _parsed(stored: list[bytes], session_id: str) -> list[Entry]:
    entries: list[Entry] = []
    for data in stored:
        try:
            entries.append(parse_entry(data))
        except ValidationError:
            _log.error("journal_entry_refused", session=session_id)
    return entries
