"""Proves X1: the first turn of a call finds a connection that is open already; few calls make few connections, and idle ones close."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.http_pool import HttpPool, Line
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmProvider, LlmRequest, Message
from agent_runtime.providers.preconnect import keep_spare, preconnect
from agent_runtime.providers.registry import ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from callstage_domain.agent import AgentSettings, AgentSnapshot, LlmSettings, SpeechSettings, Stage
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import TaskScope, cancel
from callstage_testing.fakes.openai import FakeOpenAI

ASK = LlmRequest("Be kind.", (Message("user", "Hello"),))


class Doorman:
    """Stands before a server and counts who comes in."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.accepted = 0
        self.open = 0
        self.port = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open += 1
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, inner_writer))
                group.create_task(_copy(inner_reader, writer))
        finally:
            self.open -= 1


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def before(port: int) -> AsyncGenerator[Doorman]:
    doorman = Doorman(port)
    server = await asyncio.start_server(doorman.pass_on, "127.0.0.1", 0)
    doorman.port = server.sockets[0].getsockname()[1]
    async with server:
        yield doorman
        async with asyncio.timeout(15):
            while doorman.open:
                await asyncio.sleep(0.01)


def snapshot() -> AgentSnapshot:
    settings = AgentSettings(display_name="Bella", llm=LlmSettings(provider="openai"), tts=SpeechSettings(provider="openai"))
    return AgentSnapshot(
        tenant_id=TenantId("t1"), agent_id=AgentId("a1"), deployment=1, settings=settings, stages=(Stage(name="main"),), first_stage="main"
    )


async def test_the_first_turn_goes_over_an_open_connection() -> None:
    async with FakeOpenAI() as fake, before(fake.port) as door:
        keys = ProviderSettings(openai_api_key=fake.api_key, openai_base_url=f"http://127.0.0.1:{door.port}/v1")  # type: ignore[arg-type]
        async with ProviderRegistry(keys) as registry:
            providers = registry.resolve(snapshot())
            await preconnect(providers)
            assert door.accepted == 1, "model and voice are behind the same door"
            events = [event async for event in providers.llm.stream(ASK)]
            assert isinstance(events[-1], LlmDone)
            assert door.accepted == 1, "no connection was made for the turn"
            await preconnect(registry.resolve(snapshot()))
            assert door.accepted == 1, "the next call finds it idle"


async def test_an_answer_that_is_thrown_away_takes_nobodys_connection_along() -> None:
    async with FakeOpenAI(ttft_s=30) as fake, before(fake.port) as door:
        keys = ProviderSettings(openai_api_key=fake.api_key, openai_base_url=f"http://127.0.0.1:{door.port}/v1")  # type: ignore[arg-type]
        async with ProviderRegistry(keys) as registry, TaskScope("test") as scope:
            llm = registry.resolve(snapshot()).llm
            draft = scope.start(_whole(llm), name="draft")
            async with asyncio.timeout(15):
                while not fake.received("/chat/completions"):
                    await asyncio.sleep(0.01)
            await keep_spare(llm)
            await keep_spare(llm)
            assert door.accepted == 2, "one is busy, one waits"
            await cancel(draft)
            fake.ttft_s = 0
            assert isinstance((await _whole(llm))[-1], LlmDone)
            assert door.accepted == 2, "no connection was made for the turn"


async def _whole(llm: LlmProvider) -> list[LlmEvent]:
    return [event async for event in llm.stream(ASK)]


async def test_many_calls_at_once_are_bounded() -> None:
    async with FakeOpenAI() as fake, before(fake.port) as door:
        pool = HttpPool(Deadlines(), 4)
        line = Line(pool, f"ws://127.0.0.1:{door.port}/v1")
        async with asyncio.TaskGroup() as group:
            for _ in range(50):
                group.create_task(line.connect())
        assert 1 <= door.accepted <= 4
        await pool.close()


async def test_trouble_is_left_to_the_request_that_meets_it() -> None:
    pool = HttpPool(Deadlines(0.3, 0.3, 0.3), 4)
    await Line(pool, "http://127.0.0.1:9").connect()
    await Line(pool, "http://no-such-host.invalid").connect()
    await pool.close()
    guarded = HttpPool(Deadlines(0.3, 0.3, 0.3), 4, EgressPolicy.from_setting(""))
    async with FakeOpenAI() as fake, before(fake.port) as door:
        await Line(guarded, f"http://127.0.0.1:{door.port}").connect()
        assert door.accepted == 0, "what tenants may not reach is not reached by this either"
    await guarded.close()
