"""Conversations and mail states in Redis. Every step forward is one atomic compare-and-set, so that two pollers never both take it."""

from collections.abc import Mapping
from typing import Any, Final

from callstage_contracts import redis_keys
from callstage_domain.errors import DependencyError, InvariantBroken
from callstage_kit.redis.connection import REDIS_ERRORS
from pydantic import ValidationError
from redis.asyncio import Redis

from email_poller.conversation.progress import MailStatus, may_become
from email_poller.conversation.records import MailSession, Plan
from email_poller.conversation.threading import token_key
from email_poller.mime.message_ids import thread_token

# KEYS: state, pending set, then one key per text to store. ARGV: expected status, new status, ttl, message id, field count, fields…, texts…
_ADVANCE: Final = """
local current = redis.call('HGET', KEYS[1], 'status') or ''
if current ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'status', ARGV[2])
local fields = tonumber(ARGV[5])
for i = 1, fields, 2 do redis.call('HSET', KEYS[1], ARGV[5 + i], ARGV[6 + i]) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
if ARGV[2] == 'replied' then
  redis.call('SADD', KEYS[2], ARGV[4])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
elseif ARGV[2] == 'done' or ARGV[2] == 'ignored' or ARGV[2] == 'failed' then
  redis.call('SREM', KEYS[2], ARGV[4])
end
for i = 3, #KEYS do redis.call('SET', KEYS[i], ARGV[5 + fields + i - 2], 'EX', ARGV[3]) end
return 1
"""


class MailStore:
    """Of one mailbox (an agent's). Raises DependencyError while Redis is away."""

    def __init__(self, redis: Redis, tenant_id: str, agent_id: str) -> None:
        self._redis = redis
        self._tenant_id = tenant_id
        self._agent_id = agent_id
        self._pending_key = redis_keys.mail_pending(f"{tenant_id}.{agent_id}")
        self._advance = redis.register_script(_ADVANCE)

    async def status(self, message_id: str) -> MailStatus | None:
        """None: never seen."""
        value = await self._call(self._redis.hget(self._state_key(message_id), "status"))
        return MailStatus(value.decode()) if value else None

    async def begin(self, message_id: str, session_id: str) -> str:
        """Note the mail as seen. Returns the session id chosen at the first sight of it."""
        key = self._state_key(message_id)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hsetnx(key, "status", MailStatus.SEEN)
        pipe.hsetnx(key, "session_id", session_id)
        pipe.hget(key, "session_id")
        pipe.expire(key, redis_keys.MAIL_TTL_S)
        result = await self._call(pipe.execute())
        return result[2].decode()

    async def count_failure(self, message_id: str) -> int:
        """How often the agent failed at this mail, this time included."""
        return int(await self._call(self._redis.hincrby(self._state_key(message_id), "failures", 1)))

    async def plan(self, message_id: str) -> Plan:
        """The plan of a mail that has been answered. Raises InvariantBroken when it cannot be read."""
        value = await self._call(self._redis.hget(self._state_key(message_id), "plan"))
        try:
            return Plan.model_validate_json(value or b"")
        except ValidationError as err:
            raise InvariantBroken("a stored mail plan cannot be read") from err

    async def commit(self, plan: Plan, session: MailSession) -> bool:
        """SEEN → REPLIED, together with the conversation and all names of its thread. False: another process was faster."""
        texts = {redis_keys.mail_session(self._tenant_id, session.session_id): session.model_dump_json()}
        names = [plan.message_id, token_key(thread_token(session.session_id)), *([plan.reply.message_id] if plan.reply else [])]
        texts |= {self._thread_key(name): session.session_id for name in names}
        return await self.advance(plan.message_id, MailStatus.SEEN, MailStatus.REPLIED, fields={"plan": plan.model_dump_json()}, texts=texts)

    async def advance(
        self,
        message_id: str,
        current: MailStatus,
        new: MailStatus,
        *,
        fields: Mapping[str, str] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> bool:
        """`current` → `new`; False when the mail is not (any more) at `current`."""
        if not may_become(current, new):
            raise InvariantBroken(f"a mail cannot go from {current} to {new}")
        flat = [part for pair in (fields or {}).items() for part in pair]
        keys = [self._state_key(message_id), self._pending_key, *(texts or {})]
        arguments: list[Any] = [current, new, redis_keys.MAIL_TTL_S, message_id, len(flat), *flat, *(texts or {}).values()]
        return bool(await self._call(self._advance(keys=keys, args=arguments)))

    async def claim_once(self, message_id: str, what: str) -> bool:
        """True for the first caller: for steps that must not be repeated and have no state of their own."""
        return bool(await self._call(self._redis.hsetnx(self._state_key(message_id), what, "1")))

    async def pending(self) -> list[str]:
        """Mails that were answered and are not DONE."""
        return sorted(value.decode() for value in await self._call(self._redis.smembers(self._pending_key)))

    async def forget_pending(self, message_id: str) -> None:
        """Take a mail out of `pending`."""
        await self._call(self._redis.srem(self._pending_key, message_id))

    async def session_of(self, names: tuple[str, ...]) -> MailSession | None:
        """The conversation known under the first of these names that is known at all."""
        if not names:
            return None
        found = await self._call(self._redis.mget([self._thread_key(name) for name in names]))
        session_id = next((value.decode() for value in found if value), None)
        if session_id is None:
            return None
        value = await self._call(self._redis.get(redis_keys.mail_session(self._tenant_id, session_id)))
        try:
            return MailSession.model_validate_json(value) if value else None
        except ValidationError as err:
            raise InvariantBroken("a stored mail conversation cannot be read") from err

    def _state_key(self, message_id: str) -> str:
        return redis_keys.mail_state(self._tenant_id, f"{self._agent_id}/{message_id}")

    def _thread_key(self, name: str) -> str:
        return redis_keys.mail_thread(self._tenant_id, f"{self._agent_id}/{name}")

    @staticmethod
    async def _call(work: Any) -> Any:
        try:
            return await work
        except REDIS_ERRORS as err:
            raise DependencyError(f"redis: {err}", vendor="redis") from err
