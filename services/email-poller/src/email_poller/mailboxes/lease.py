"""One poller per mailbox at a time (rule M2). The lease is also the clock: it runs out when the next look is due."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from callstage_contracts import redis_keys
from callstage_kit.redis.connection import REDIS_ERRORS
from callstage_kit.tasks import TaskScope
from redis.asyncio import Redis

_log = structlog.get_logger(__name__)
_EXTEND: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end"


class MailboxLease:
    """`owner` is unique per process and mailbox. While Redis is away no lease is given: polling pauses."""

    def __init__(self, redis: Redis, mailbox: str, owner: str, *, ttl_s: float) -> None:
        self._redis = redis
        self._key = redis_keys.mailbox_lease(mailbox)
        self._owner = owner
        self._ttl_s = ttl_s
        self._extend = redis.register_script(_EXTEND)
        self.is_held = False

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[bool]:
        """Yields whether the lease was got; while entered it is renewed, and `is_held` turns false when it was lost."""
        try:
            self.is_held = bool(await self._redis.set(self._key, self._owner, nx=True, px=_ms(self._ttl_s)))
        except REDIS_ERRORS as err:
            _log.warning("mailbox_lease_unavailable", error=str(err) or type(err).__name__)
        if not self.is_held:
            yield False
            return
        async with TaskScope("mailbox_lease") as scope:
            scope.start(self._renew(), name="renew")
            try:
                yield True
            finally:
                self.is_held = False

    async def keep_until_due(self, wait_s: float) -> None:
        """After the work: nobody takes the mailbox for `wait_s` seconds, then whoever comes first does."""
        try:
            await self._extend(keys=[self._key], args=[self._owner, _ms(wait_s)])
        except REDIS_ERRORS as err:
            _log.warning("mailbox_lease_unavailable", error=str(err) or type(err).__name__)

    async def _renew(self) -> None:
        loop = asyncio.get_running_loop()
        valid_until = loop.time() + self._ttl_s
        while self.is_held:
            await asyncio.sleep(self._ttl_s / 3)
            asked_at = loop.time()
            try:
                if await self._extend(keys=[self._key], args=[self._owner, _ms(self._ttl_s)]):
                    valid_until = asked_at + self._ttl_s
                else:
                    self.is_held = False
            except REDIS_ERRORS:
                self.is_held = loop.time() < valid_until


def _ms(seconds: float) -> int:
    return max(1, int(seconds * 1000))
