"""Proves C5: the journals that the kill tests run on obey the same rules as the real ones in Redis; only the newest owner writes."""

import random
from typing import Any

import pytest
from agent_runtime.journal.store import JournalStore
from agent_runtime.stages.entries import Overheard, entry_json
from callstage_kit.redis.connection import connect_redis

from tests.chaos.one_call.backstage import Journals

_TENANTS = ("t1", "t2")


async def _step(journals: Any, kind: str, session: str, tenant: str, token: int, texts: list[str]) -> Any:
    match kind:
        case "open":
            return await journals.open(session, tenant)
        case "append":
            return await journals.append(session, tenant, token, [entry_json(Overheard(text=text)) for text in texts])
        case "peek":
            return await journals.peek(session, only_last=token % 2 == 0)
        case _:
            return await journals.owner(session)


@pytest.mark.parametrize("seed", range(5))
async def test_the_journals_of_the_kill_tests_are_like_the_real_ones(redis_server: str, seed: int) -> None:
    chance = random.Random(seed)
    sessions = [f"rules-{seed}-{number}" for number in range(2)]
    refused = 0
    async with connect_redis(redis_server) as redis:
        real, played = JournalStore(redis), Journals()
        for number in range(60):
            kind = chance.choice(("open", "append", "append", "peek", "owner"))
            step = (kind, chance.choice(sessions), chance.choice(_TENANTS), chance.randint(1, 6), [f"{number}-{one}" for one in range(2)])
            got, wanted = await _step(played, *step), await _step(real, *step)
            assert got == wanted, step
            refused += got is False
    assert refused, "some of the writers should have been too old"


async def test_a_writer_that_was_overtaken_is_refused_and_what_it_brings_is_not_stored(redis_server: str) -> None:
    async with connect_redis(redis_server) as redis:
        store = JournalStore(redis)
        old = await store.open("overtaken", "t1")
        assert await store.append("overtaken", "t1", old.token, [entry_json(Overheard(text="before"))])
        new = await store.open("overtaken", "t1")
        assert [entry.text for entry in new.entries if isinstance(entry, Overheard)] == ["before"]
        assert not await store.append("overtaken", "t1", old.token, [entry_json(Overheard(text="too late"))])
        assert await store.append("overtaken", "t1", new.token, [entry_json(Overheard(text="after"))])
        assert [entry.text for entry in await store.peek("overtaken") if isinstance(entry, Overheard)] == ["before", "after"]
