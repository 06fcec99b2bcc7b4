"""What the gateways share in Redis, with short deadlines: a caller waits behind every one of these."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from callstage_domain.errors import DependencyError
from callstage_kit.redis.connection import REDIS_ERRORS
from redis.asyncio import Redis

_TIMEOUT_S: Final = 0.5
"""Redis has to answer in this time or is away."""


class SharedStore:
    """Texts under keys. Everything raises DependencyError when Redis is away; calls go on without it (rule N4)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, key: str) -> str | None:
        """None when there is nothing."""
        async with redis_deadline():
            return _text(await self._redis.get(key))

    async def put(self, key: str, text: str, *, ttl_s: int) -> str | None:
        """Store; returns what was there before."""
        async with redis_deadline():
            return _text(await self._redis.set(key, text, ex=ttl_s, get=True))

    async def put_if_absent(self, key: str, text: str, *, ttl_s: int) -> str | None:
        """Store unless there is something, which is returned then."""
        async with redis_deadline():
            return _text(await self._redis.set(key, text, nx=True, get=True, ex=ttl_s))

    async def count(self, key: str, *, ttl_s: int) -> int:
        """Add one; returns the sum."""
        async with redis_deadline(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, ttl_s)
            return int((await pipeline.execute())[0])

    async def push(self, key: str, text: str, *, ttl_s: int) -> None:
        """For one `pop`."""
        async with redis_deadline(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.lpush(key, text)
            pipeline.expire(key, ttl_s)
            await pipeline.execute()

    async def pop(self, key: str, *, wait_s: float) -> str | None:
        """Wait for a `push`, at most `wait_s`, which must stay below the client's socket timeout."""
        async with redis_deadline(wait_s):
            item = await self._redis.blpop([key], timeout=wait_s)  # pyright: ignore[reportArgumentType]  # Redis takes fractions of a second
            return _text(item[1]) if item is not None else None


@asynccontextmanager
async def redis_deadline(more_s: float = 0.0) -> AsyncGenerator[None]:
    """What Redis is asked inside has to be answered in time. Raises DependencyError when it is away."""
    try:
        async with asyncio.timeout(_TIMEOUT_S + more_s):
            yield
    except REDIS_ERRORS as err:
        raise DependencyError(f"Redis does not answer: {str(err) or type(err).__name__}", vendor="redis") from err


def _text(value: object) -> str | None:
    return value.decode() if isinstance(value, bytes) else value if isinstance(value, str) else None
