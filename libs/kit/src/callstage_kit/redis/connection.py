"""One Redis client per process, with deadlines on everything."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

REDIS_ERRORS = (RedisError, OSError, TimeoutError)
"""What to catch where Redis being away must not end a call."""


@asynccontextmanager
async def connect_redis(url: str, *, timeout_s: float = 1.0) -> AsyncGenerator[Redis]:
    """A pooled client; values are bytes. Does not connect until it is used."""
    client = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        max_connections=256,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
    try:
        yield client
    finally:
        await client.aclose()
