"""Proves A2 (fallback): a chain asks the next provider before the first result only; a resting provider is left alone."""

from collections.abc import AsyncGenerator

import pytest
from agent_runtime.providers.audio_conversion import convert, converted, whole_samples
from agent_runtime.providers.breaker import Breaker
from agent_runtime.providers.failures import by_status, timed_out
from agent_runtime.providers.fallback import Link, LlmChain
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmProvider, LlmRequest, TextDelta
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError, InvariantBroken


class Scripted:
    """Says its words, then fails if told so."""

    def __init__(self, name: str, words: tuple[str, ...], fails: DependencyError | None = None) -> None:
        self.name = name
        self.words = words
        self.fails = fails
        self.asked: list[LlmRequest] = []

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.asked.append(request)
        for word in self.words:
            yield TextDelta(word)
        if self.fails is not None:
            raise self.fails
        yield LlmDone("stop")


ASK = LlmRequest("", (), model="special", options={"seed": 1})


async def test_only_the_first_gets_the_agents_model_and_options() -> None:
    broken, working = Scripted("a", (), timed_out("a", "first_byte")), Scripted("b", ("yes",))
    chain = LlmChain([Link(broken), Link(working)])
    assert [event async for event in chain.stream(ASK)] == [TextDelta("yes"), LlmDone("stop")]
    assert (broken.asked[0].model, working.asked[0].model, working.asked[0].options) == ("special", None, {})
    assert chain.name == "a"


async def test_after_the_first_word_a_failure_is_passed_on() -> None:
    working = Scripted("b", ("never",))
    chain = LlmChain([Link(Scripted("a", ("half",), timed_out("a", "stream"))), Link(working)])
    with pytest.raises(DependencyError):
        _ = [event async for event in chain.stream(ASK)]
    assert working.asked == []


async def test_the_last_failure_is_told_when_all_fail_and_the_last_is_always_tried() -> None:
    last = Scripted("b", (), timed_out("b", "connect"))
    link: Link[LlmProvider] = Link(last)
    chain = LlmChain([Link(Scripted("a", (), by_status("a", 401))), link])
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
    assert breaker.is_open
    clock[0] = 10.1
    assert not breaker.is_open
    breaker.failed(by_status("a", 503))
    assert breaker.is_open, "one more failure after the rest is enough"
    clock[0] = 30.0
    breaker.succeeded()
    assert (breaker.is_open, breaker.last_code) == (False, None)
    breaker.failed(by_status("a", 401))
    assert breaker.is_open, "a key that is not accepted will not be accepted in a second"


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
