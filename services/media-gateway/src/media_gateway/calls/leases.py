"""Leases in Redis: who holds one says so again and again, and a process that died has let go after `LEASE_S`."""

from collections.abc import Sequence
from typing import Any, Final, Literal, cast

from callstage_contracts import redis_keys
from redis.asyncio import Redis

from media_gateway.calls.shared_store import redis_deadline

LEASE_S: Final = 9.0
RENEW_EVERY_S: Final = 3.0
Verdict = Literal["ok", "overload", "plan_limit"]

# Times are those of Redis: gateways on several machines need no common clock.
_NOW = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
_TAKE = (
    _NOW
    + """
for _, key in ipairs(KEYS) do redis.call('ZREMRANGEBYSCORE', key, '-inf', now) end
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local slots = 0
  for _, gateway in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do slots = slots + tonumber(string.match(gateway, '|(%d+)$')) end
  if slots > 0 and redis.call('ZCARD', KEYS[1]) >= slots then return 'overload' end
  local limit = tonumber(ARGV[3])
  if limit >= 0 and redis.call('ZCARD', KEYS[2]) >= limit then return 'plan_limit' end
end
for index = 1, 2 do
  redis.call('ZADD', KEYS[index], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[index], ARGV[2])
end
return 'ok'
"""
)
_RENEW = (
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
)


class LeaseBook:
    """All gateways write in the same one. Everything raises DependencyError when Redis is away."""

    def __init__(self, redis: Redis, *, lease_s: float = LEASE_S) -> None:
        self._redis: Any = redis
        self._lease_ms = int(lease_s * 1000)
        self._take: Any = redis.register_script(_TAKE)
        self._renew: Any = redis.register_script(_RENEW)

    async def take(self, call_id: str, tenant_id: str, limit: int | None) -> Verdict:
        """A slot for a new call, unless all slots of all gateways are taken or the tenant has `limit` calls. Again for the same call: renewed."""
        keys = [redis_keys.call_slots(), redis_keys.tenant_slots(tenant_id), redis_keys.gateway_leases()]
        async with redis_deadline():
            verdict = await self._take(keys=keys, args=[call_id, self._lease_ms, -1 if limit is None else limit])
        return cast(Verdict, verdict.decode())

    async def renew(self, key: str, members: Sequence[str]) -> None:
        """Hold on to all of these."""
        async with redis_deadline():
            await self._renew(keys=[key], args=[self._lease_ms, *members])

    async def give_back(self, key: str, *members: str) -> None:
        """Free at once."""
        async with redis_deadline():
            await self._redis.zrem(key, *members)
