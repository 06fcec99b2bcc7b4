"""Proves A2 (stt, llm, tts) for every vendor on its own wire, through its real SDK where one is used: refusals, stalls, broken streams, cancellation.

Under virtual time a stall costs nothing, and "at once" is exact: no timer may pass.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from agent_runtime.providers.fallback import Link, LlmChain, SttChain, TtsChain
from agent_runtime.providers.ports import LlmDone, LlmRequest, Message, TextDelta
from agent_runtime.providers.registry import VENDORS, ProviderRegistry
from agent_runtime.providers.settings import ProviderSettings
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.faults import Fault
from callstage_testing.virtual_time import in_virtual_time
from wires import (
    HEARERS,
    SECRET,
    SILENCE,
    SPEAKERS,
    SPEECH,
    TEXT,
    WIRES,
    Wire,
    answer,
    hear,
    request_of,
    running,
    speak,
    until_answer,
)

# SDKs build their models when they are first used; on a busy machine that takes longer than a callback of ours may.
pytestmark = pytest.mark.blocking_allowed

AT_ONCE_S = 0.02
REFUSALS = [
    (401, "provider_unauthorised", False),
    (402, "provider_unauthorised", False),
    (429, "provider_rate_limited", True),
    (503, "provider_failed", True),
    (400, "provider_refused", False),
]


async def whole_answer(wire: Wire, provider: Any) -> list[Any]:
    if wire.kind != "stt":
        return [item async for item in answer(wire, provider)]
    async with provider.open(request_of(provider)) as stream:
        await hear(stream)
    return []


async def failure_of(wire: Wire, provider: Any) -> DependencyError:
    with pytest.raises(DependencyError) as caught:
        await whole_answer(wire, provider)
    assert caught.value.vendor == wire.vendor.name
    assert SECRET not in caught.value.message
    return caught.value


def test_every_vendor_of_the_registry_is_here() -> None:
    kinds = {(vendor.name, kind) for vendor in VENDORS for kind in ("stt", "llm", "tts") if vendor.factory(kind) is not None}
    assert kinds == {(wire.vendor.name, wire.kind) for wire in WIRES}


@pytest.mark.parametrize("wire", WIRES, ids=str)
@in_virtual_time
async def test_a_refusal_is_told_by_its_kind_and_never_tried_again_by_itself(wire: Wire) -> None:
    async with running(wire) as (provider, fake):
        for status, code, is_retryable in REFUSALS:
            fake.requests.clear()
            fake.faults.add(Fault(status=status, message=f"Incorrect API key provided: {SECRET}"))
            error = await failure_of(wire, provider)
            assert (error.code, error.retryable) == (code, is_retryable)
            assert len(fake.requests) == 1


@pytest.mark.parametrize("wire", WIRES, ids=str)
@in_virtual_time
async def test_a_wrong_key_and_an_address_where_nobody_listens(wire: Wire) -> None:
    async with running(wire, key="wrong") as (provider, _):
        assert (await failure_of(wire, provider)).code == "provider_unauthorised"
    async with running(wire, url="http://127.0.0.1:9/v1") as (provider, _):
        error = await failure_of(wire, provider)
        assert (error.phase, error.code) == ("connect", "provider_unreachable")


@pytest.mark.parametrize("wire", SPEAKERS, ids=str)
@in_virtual_time
async def test_a_broken_stream_names_its_phase(wire: Wire) -> None:
    cases = [
        (Fault(drop_before=True), "first_byte", "provider_disconnected"),
        (Fault(stall_after=0), "first_byte", "provider_timeout"),
        (Fault(disconnect_after=wire.mid), "stream", "provider_disconnected"),
        (Fault(stall_after=wire.mid), "stream", "provider_timeout"),
    ]
    if wire.sees_malformed:
        cases.append((Fault(malformed_after=wire.mid), "stream", "provider_malformed"))
    async with running(wire) as (provider, fake):
        for fault, phase, code in cases:
            fake.faults.add(fault)
            error = await failure_of(wire, provider)
            assert (error.phase, error.code, error.retryable) == (phase, code, True)


@pytest.mark.parametrize("wire", HEARERS, ids=str)
@in_virtual_time
async def test_a_recognition_that_breaks_names_its_phase(wire: Wire) -> None:
    cases = [
        (Fault(delay_s=3), "connect", "provider_timeout"),
        (Fault(disconnect_after=wire.mid), "stream", "provider_disconnected"),
        (Fault(malformed_after=wire.mid), "stream", "provider_malformed"),
    ]
    if not wire.forgives:
        cases.append((Fault(stall_after=wire.mid), "stream", "provider_timeout"))
    if wire.first >= 0:
        cases += [
            (Fault(stall_after=wire.first), "first_byte", "provider_timeout"),
            (Fault(disconnect_after=wire.first), "first_byte", "provider_disconnected"),
        ]
    async with running(wire) as (provider, fake):
        for fault, phase, code in cases:
            fake.faults.add(fault)
            error = await failure_of(wire, provider)
            assert (error.phase, error.code) == (phase, code)


async def until_gone(fake: Any) -> None:
    async with asyncio.timeout(10):
        while fake.requests[-1].outcome == "open":
            await asyncio.sleep(0.005)
    assert fake.requests[-1].outcome == "client_gone"


def slow_down(fake: Any) -> None:
    """The rest of its answer takes so long that only hanging up ends it."""
    for name, value in {"tokens_per_s": 0.1, "speech_speed": 0.01, "speed": 0.01, "pause_s": 30.0}.items():
        if hasattr(fake, name):
            setattr(fake, name, value)
    if hasattr(fake, "speech"):
        fake.speech.speed = 0.01


@pytest.mark.parametrize("wire", SPEAKERS, ids=str)
@in_virtual_time
async def test_closing_an_answer_cancels_the_vendor_at_once(wire: Wire) -> None:
    now = asyncio.get_running_loop().time
    async with running(wire) as (provider, fake):
        slow_down(fake)
        async with aclosing(answer(wire, provider)) as items:
            assert await anext(items)
            closing_at = now()
        assert now() - closing_at < AT_ONCE_S
        await until_gone(fake)


@pytest.mark.parametrize("wire", SPEAKERS, ids=str)
@in_virtual_time
async def test_a_reader_that_waits_for_the_first_word_is_cancelled_at_once(wire: Wire) -> None:
    now = asyncio.get_running_loop().time
    async with running(wire) as (provider, fake):
        fake.faults.add(Fault(stall_after=0))
        items = answer(wire, provider)
        reading = asyncio.ensure_future(anext(items))
        while not fake.requests:
            await asyncio.sleep(0.001)
        cancelled_at = now()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await items.aclose()
        assert now() - cancelled_at < AT_ONCE_S


@pytest.mark.parametrize("wire", HEARERS, ids=str)
@in_virtual_time
async def test_a_recognition_is_left_at_once(wire: Wire) -> None:
    now = asyncio.get_running_loop().time
    async with running(wire) as (provider, _):
        async with provider.open(request_of(provider)) as stream:
            await hear(stream)
            reading = asyncio.ensure_future(anext(stream.transcripts()))
            await asyncio.sleep(0)
            cancelled_at = now()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert now() - cancelled_at < AT_ONCE_S
            leaving_at = now()
        assert now() - leaving_at < AT_ONCE_S


@pytest.mark.parametrize("wire", WIRES, ids=str)
@in_virtual_time
async def test_a_healthy_answer_comes_to_its_end_and_what_it_cost_is_told(wire: Wire) -> None:
    async with running(wire) as (provider, _):
        assert provider.capabilities is not None
        assert provider.model
        items = await whole_answer(wire, provider)
        assert len(items) > 2 or wire.kind == "stt"
        if wire.kind == "llm":
            done = items[-1]
            assert isinstance(done, LlmDone)
            assert (done.input_tokens > 0, done.output_tokens > 0) == (provider.capabilities.reports_tokens,) * 2


@pytest.mark.parametrize("wire", WIRES, ids=str)
@in_virtual_time
async def test_a_turn_outlives_a_line_that_is_cut_in_the_middle(wire: Wire) -> None:
    async with running(wire) as (provider, fake):
        fake.faults.add(Fault(disconnect_after=wire.mid))
        if wire.kind == "stt":
            async with SttChain([Link(provider), Link(provider)]).open(request_of(provider)) as stream:
                await speak(stream, SPEECH + SILENCE[:3200])
                await stream.finalize(200)
                finals = [text.text for text in await until_answer(stream.transcripts()) if text.is_final and text.text]
            assert finals == ["Two large pizzas."]
        elif wire.kind == "llm":
            events = [event async for event in answer(wire, LlmChain([Link(provider), Link(provider)]))]
            assert "".join(event.text for event in events if isinstance(event, TextDelta)).strip() == TEXT
            assert isinstance(events[-1], LlmDone)
        else:
            audio = b"".join([chunk async for chunk in answer(wire, TtsChain([Link(provider), Link(provider)]))])
            spoken = provider.formats[0].duration_ms(len(audio)) / 60
            assert len(TEXT) - 1 <= spoken <= len(TEXT) + 12, "a word is said twice at most"
        assert len(fake.requests) == 2


OFFLINE = ("stt", "moonshine"), ("llm", "offline-brain"), ("tts", "espeak")


@pytest.mark.parametrize(("kind", "name"), OFFLINE, ids=[name for _, name in OFFLINE])
@in_virtual_time
async def test_offline_engines_are_left_at_once(kind: str, name: str) -> None:
    now = asyncio.get_running_loop().time
    async with ProviderRegistry(ProviderSettings()) as registry:
        provider = registry.links(kind, "", name)[0].provider  # type: ignore[arg-type]
        assert provider.capabilities.is_offline
        leaving_at = now()
        if kind == "stt":
            async with provider.open(request_of(provider)) as stream:
                await stream.send(b"\xff" * 1600)
                leaving_at = now()
        else:
            wire = Wire(VENDORS[0], kind, lambda: None, 0)
            items: AsyncGenerator[Any, None] = answer(wire, provider)
            if kind == "llm":
                items = provider.stream(LlmRequest("Your name is Bella.", (Message("user", "Hello"),)))
            assert await anext(items)
            leaving_at = now()
            await items.aclose()
        assert now() - leaving_at < AT_ONCE_S
