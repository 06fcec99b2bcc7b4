"""Proves A2 (fallback): who answers when a provider fails, and how long a failing one is left alone."""

from collections.abc import AsyncGenerator

import pytest
from agent_runtime.providers.audio_conversion import convert, converted, whole_samples
from agent_runtime.providers.breaker import Breaker
from agent_runtime.providers.failures import by_status, timed_out
from agent_runtime.providers.fallback import Link, LlmChain
from agent_runtime.providers.links import Choice
from agent_runtime.providers.ports import LlmDone, LlmProvider, LlmRequest, TextDelta
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError, InvariantBroken
from scripted_providers import ScriptedLlm

ASK = LlmRequest("", (), model="special", options={"seed": 1})


async def test_only_the_first_gets_the_agents_model_and_options() -> None:
    broken, working = ScriptedLlm("a", (timed_out("a", "first_byte"),)), ScriptedLlm("b", ("yes",))
    chain = LlmChain([Link(broken), Link(working)])
    assert [event async for event in chain.stream(ASK)] == [TextDelta("yes"), LlmDone("stop", 3, 5)]
    assert (broken.asked[0].model, working.asked[0].model, working.asked[0].options) == ("special", None, {})
    assert chain.name == "a"


async def test_a_fallback_of_the_agents_own_list_has_a_model_and_options_of_its_own() -> None:
    broken, working = ScriptedLlm("a", (timed_out("a", "first_byte"),)), ScriptedLlm("b", ("yes",))
    served: list[tuple[str, str]] = []
    request = LlmRequest("", (), model="special", on_served=lambda by: served.append((by.provider, by.model)))
    chain = LlmChain([Link(broken), Link(working, choice=Choice("small", options={"seed": 2}))])
    assert [event async for event in chain.stream(request)]
    assert (working.asked[0].model, working.asked[0].options) == ("small", {"seed": 2})
    assert served == [("b", "small")]


async def test_the_last_failure_is_told_when_all_fail_and_the_last_is_always_tried() -> None:
    last = ScriptedLlm("b", (timed_out("b", "connect"),))
    link: Link[LlmProvider] = Link(last)
    chain = LlmChain([Link(ScriptedLlm("a", (by_status("a", 401),))), link])
    for _ in range(5):
        with pytest.raises(DependencyError) as caught:
            _ = [event async for event in chain.stream(ASK)]
        assert caught.value.vendor == "b"
    assert link.breaker.is_open
    assert len(last.asked) == 5


def test_a_chain_needs_a_provider() -> None:
    with pytest.raises(InvariantBroken):
        LlmChain([])


def test_the_breaker_opens_rests_and_closes() -> None:
    clock = [0.0]
    breaker = Breaker(limit=2, rest_s=10, now=lambda: clock[0])
    breaker.failed(by_status("a", 503))
    assert not breaker.is_open
    breaker.failed(by_status("a", 400))
    assert not breaker.is_open, "a refused request is not the vendor's failure"
    breaker.failed(by_status("a", 503))
    assert (breaker.is_open, breaker.admits(), breaker.state) == (True, False, "open")
    clock[0] = 10.1
    assert (breaker.is_open, breaker.state) == (False, "half_open")
    breaker.failed(by_status("a", 503))
    assert breaker.is_open, "one more failure after the rest is enough"
    clock[0] = 40.0
    breaker.succeeded()
    assert (breaker.state, breaker.last_code) == ("closed", None)
    breaker.failed(by_status("a", 401))
    assert breaker.is_open, "a key that is not accepted will not be accepted in a second"


def test_one_probe_at_a_time_finds_out_whether_the_vendor_is_back() -> None:
    clock = [0.0]
    breaker = Breaker(limit=1, rest_s=10, now=lambda: clock[0])
    breaker.failed(by_status("a", 503))
    clock[0] = 10.0
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    breaker.released()
    assert breaker.admits(), "the probe was given up: another one"
    clock[0] = 21.0
    assert breaker.admits(), "nobody has heard of the probe for long enough"
    breaker.failed(by_status("a", 503))
    clock[0] = 40.9
    assert breaker.is_open, "a probe that fails doubles the rest"
    clock[0] = 41.1
    assert breaker.admits()
    breaker.succeeded()
    assert [breaker.admits() for _ in range(3)] == [True, True, True]


def test_a_vendor_that_stays_broken_rests_four_times_as_long_at_most() -> None:
    clock = [0.0]
    breaker = Breaker(limit=1, rest_s=10, now=lambda: clock[0])
    rests: list[float] = []
    for _ in range(5):
        breaker.failed(by_status("a", 503))
        began = clock[0]
        while breaker.is_open:
            clock[0] += 1.0
        rests.append(clock[0] - began)
    assert rests == [10.0, 20.0, 40.0, 40.0, 40.0]


async def _pieces(*parts: bytes) -> AsyncGenerator[bytes, None]:
    for part in parts:
        yield part


async def test_samples_stay_whole_and_formats_convert() -> None:
    assert [chunk async for chunk in whole_samples(_pieces(b"abc", b"d", b"e"), AudioFormat.PCM16_8K)] == [b"ab", b"cd"]
    loud = (b"\x00\x20" * 2400, b"\x00\x20" * 2400)
    ulaw = b"".join([chunk async for chunk in converted(_pieces(*loud), AudioFormat.PCM16_24K, AudioFormat.PCMU_8K)])
    assert len(ulaw) == 1600
    assert convert(ulaw, AudioFormat.PCMU_8K, AudioFormat.PCMU_8K) == ulaw
    assert len(convert(ulaw, AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)) == 6400
