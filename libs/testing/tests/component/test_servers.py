"""Proves that the embedded NATS, Redis and Postgres are the real ones."""

import nats
import psycopg
import redis.asyncio


async def test_nats_has_jetstream(nats_server: str) -> None:
    client = await nats.connect(nats_server)
    try:
        bucket = await client.jetstream().create_key_value(bucket="servers_test")
        await bucket.put("key", b"value")
        assert (await bucket.get("key")).value == b"value"
    finally:
        await client.close()


async def test_redis_answers(redis_server: str) -> None:
    client = redis.asyncio.from_url(redis_server)
    try:
        assert await client.set("servers_test", "1", ex=5)
        assert await client.get("servers_test") == b"1"
    finally:
        await client.aclose()


async def test_postgres_answers(postgres_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_url.replace("+psycopg", "")) as connection:
        row = await (await connection.execute("select version()")).fetchone()
        assert row is not None
        assert row[0].startswith("PostgreSQL 18")
