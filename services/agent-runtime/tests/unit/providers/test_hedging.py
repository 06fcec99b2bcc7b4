"""Proves A2 (fallback): a first word that does not come is asked for elsewhere, one answer is given, and tools of one answer only are run."""

import asyncio
from contextlib import aclosing

import pytest
from agent_runtime.providers.capabilities import LlmCapabilities
from agent_runtime.providers.failures import by_status, disconnected, timed_out
from agent_runtime.providers.fallback import Link, LlmChain, TtsChain
from agent_runtime.providers.hedging import HedgePolicy, Pace
from agent_runtime.providers.ports import LlmDone, LlmRequest, TextDelta, ToolCallRequest, TtsRequest
from callstage_domain.errors import DependencyError
from callstage_testing.virtual_time import in_virtual_time
from scripted_providers import ULAW, Pause, ScriptedLlm, ScriptedTts

ASK = LlmRequest("", ())
POLICY = HedgePolicy(0.5, 2.0)
PIZZA, PASTA = ToolCallRequest("c1", "order", '{"dish": "pizza"}'), ToolCallRequest("c1", "order", '{"dish": "pasta"}')


def chain(*providers: ScriptedLlm) -> LlmChain:
    return LlmChain([Link(provider) for provider in providers], hedge=POLICY)


async def timed(asked: LlmChain) -> tuple[str, list[ToolCallRequest], float]:
    started = asyncio.get_running_loop().time()
    events = [event async for event in asked.stream(ASK)]
    assert isinstance(events[-1], LlmDone)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    return text, [event for event in events if isinstance(event, ToolCallRequest)], asyncio.get_running_loop().time() - started


@in_virtual_time
async def test_a_stalled_first_word_is_asked_for_elsewhere() -> None:
    stalled, other = ScriptedLlm("a", (Pause(30), "late")), ScriptedLlm("b", (Pause(0.4), "here"))
    asked = chain(stalled, other)
    assert await timed(asked) == ("here", [], pytest.approx(2.4))
    assert stalled.closed == 1, "the loser is cancelled"
    assert asked.links[0].breaker.last_code == "provider_overtaken"


@in_virtual_time
async def test_the_first_one_may_still_win() -> None:
    slow, other = ScriptedLlm("a", (Pause(2.2), "mine")), ScriptedLlm("b", (Pause(1.0), "other"))
    asked = chain(slow, other)
    assert await timed(asked) == ("mine", [], pytest.approx(2.2))
    assert (other.closed, asked.links[1].breaker.last_code) == (1, None), "who was asked late and cancelled did nothing wrong"


@in_virtual_time
async def test_the_delay_follows_what_is_usual_for_a_provider_and_model() -> None:
    first, other = ScriptedLlm("a", (Pause(0.6), "yes")), ScriptedLlm("b", (Pause(0.1), "other"))
    asked = chain(first, other)
    for _ in range(10):
        assert (await timed(asked))[0] == "yes"
    assert other.asked == []
    first.scripts = [(Pause(5), "late")]
    assert await timed(asked) == ("other", [], pytest.approx(0.6 * 1.2 + 0.1))
    delays_s = [POLICY.delay_s(asked.links[0].paces.of(model)) for model in (None, "another")]
    assert delays_s == [pytest.approx((0.72 + 0.1) * 1.2), 2.0], "the slow one counts as slow"


def test_a_pace_says_nothing_before_it_has_seen_enough_and_keeps_within_floor_and_ceiling() -> None:
    pace = Pace()
    for _ in range(7):
        pace.observe(0.1)
    assert (pace.p95_s, POLICY.delay_s(pace)) == (None, 2.0)
    pace.observe(0.1)
    assert (pace.p95_s, POLICY.delay_s(pace)) == (0.1, 0.5)
    for _ in range(64):
        pace.observe(9.0)
    assert POLICY.delay_s(pace) == 2.0


@in_virtual_time
async def test_tools_of_one_answer_only_are_called() -> None:
    for first, second, wanted in (((Pause(2.05), PIZZA), (Pause(0.1), PASTA), PIZZA), ((Pause(2.05), PIZZA), (PASTA,), PASTA)):
        _, calls, _ = await timed(chain(ScriptedLlm("a", first), ScriptedLlm("b", second)))
        assert calls == [wanted]
    both = chain(ScriptedLlm("a", (Pause(2.5), PIZZA)), ScriptedLlm("b", (Pause(0.5), PASTA)))
    _, calls, _ = await timed(both)
    assert calls == [PIZZA], "at the same moment the preferred one counts, and nobody else"


@in_virtual_time
async def test_a_long_tool_call_that_has_begun_is_neither_hedged_nor_overtaken() -> None:
    other = ScriptedLlm("b", ("other",))
    assert await timed(chain(ScriptedLlm("a", (Pause(1), "…", Pause(4), PIZZA)), other)) == ("", [PIZZA], pytest.approx(5))
    assert other.asked == []
    late = ScriptedLlm("b", (Pause(1), "other"))
    assert (await timed(chain(ScriptedLlm("a", (Pause(2.5), "…", Pause(4), PIZZA)), late)))[1] == [PIZZA]
    assert late.closed == 1


@in_virtual_time
async def test_a_tool_call_that_breaks_off_is_asked_for_elsewhere() -> None:
    broken = ScriptedLlm("a", ("…", Pause(1), timed_out("a", "stream")))
    assert (await timed(chain(broken, ScriptedLlm("b", (PASTA,)))))[1] == [PASTA]


@in_virtual_time
async def test_a_failure_does_not_wait_for_the_delay_and_the_third_is_asked_when_two_fail() -> None:
    links = (ScriptedLlm("a", (by_status("a", 503),)), ScriptedLlm("b", (Pause(0.2), by_status("b", 503))), ScriptedLlm("c", ("third",)))
    assert await timed(chain(*links)) == ("third", [], pytest.approx(0.2))
    hedged = (ScriptedLlm("a", (Pause(9), "a")), ScriptedLlm("b", (by_status("b", 503),)), ScriptedLlm("c", ("third",)))
    assert await timed(chain(*hedged)) == ("third", [], pytest.approx(2.0)), "the hedge failed at once: the next one is asked"


@in_virtual_time
async def test_an_offline_engine_is_a_last_resort_and_no_hedge() -> None:
    offline = ScriptedLlm("offline", ("demo",), capabilities=LlmCapabilities(is_offline=True, continues_text=False))
    assert await timed(chain(ScriptedLlm("a", (Pause(4), "real")), offline)) == ("real", [], pytest.approx(4))
    assert offline.asked == []


@in_virtual_time
async def test_a_vendor_that_is_overtaken_again_and_again_rests() -> None:
    stalled, other = ScriptedLlm("a", (Pause(30), "late")), ScriptedLlm("b", ("here",))
    asked = chain(stalled, other)
    for _ in range(3):
        await timed(asked)
    assert asked.links[0].breaker.is_open
    assert (await timed(asked))[2] == 0.0


@in_virtual_time
async def test_a_model_that_thinks_on_purpose_is_waited_for() -> None:
    asked = chain(ScriptedLlm("a", (Pause(9), "thought")), ScriptedLlm("b", ("quick",)))
    events = [event async for event in asked.stream(LlmRequest("", (), thinking_level="high"))]
    assert events[0] == TextDelta("thought")


@in_virtual_time
async def test_a_provider_that_is_always_slower_than_the_ceiling_does_not_rest_for_it() -> None:
    slow, other = ScriptedLlm("a", (Pause(3), "mine")), ScriptedLlm("b", (Pause(0.1), "other"))
    asked = chain(slow, other)
    for _ in range(10):
        asked.links[0].paces.of(None).observe(3.0)
    for _ in range(5):
        assert (await timed(asked))[0] == "other"
    assert asked.links[0].breaker.state == "closed"


@in_virtual_time
async def test_a_connection_that_had_gone_stale_is_made_anew_once() -> None:
    stale, other = ScriptedLlm("a", (disconnected("a", "first_byte"),), ("mine",)), ScriptedLlm("b", ("other",))
    asked = chain(stale, other)
    assert (await timed(asked))[0] == "mine"
    assert (asked.links[0].breaker.last_code, other.asked) == (None, [])
    broken = ScriptedLlm("a", (disconnected("a", "first_byte"),))
    asked = chain(broken, other)
    assert (await timed(asked))[0] == "other"
    assert (len(broken.asked), asked.links[0].breaker.last_code) == (2, "provider_disconnected")


@in_virtual_time
async def test_giving_up_lets_everybody_go_at_once() -> None:
    loop = asyncio.get_running_loop()
    providers = (ScriptedLlm("a", (Pause(30), "late")), ScriptedLlm("b", (Pause(30), "late")))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3), aclosing(chain(*providers).stream(ASK)) as events:
            await anext(events)
    assert loop.time() == pytest.approx(3)
    assert [provider.closed for provider in providers] == [1, 1]


@in_virtual_time
async def test_a_probe_that_was_looked_at_but_not_needed_is_free_for_the_next_call() -> None:
    asked = chain(ScriptedLlm("a", ("yes",)), ScriptedLlm("b", ("other",)))
    resting = asked.links[1].breaker
    resting._open_until = 0.0  # pyright: ignore[reportPrivateUsage]
    assert resting.state == "half_open"
    await timed(asked)
    assert resting.admits()


@in_virtual_time
async def test_a_voice_that_makes_no_sound_is_hedged_too() -> None:
    slow, other = ScriptedTts("a", first_after_s=30), ScriptedTts("b")
    voices = TtsChain([Link(slow), Link(other)], hedge=POLICY)
    started = asyncio.get_running_loop().time()
    audio = b"".join([chunk async for chunk in voices.synthesise(TtsRequest("Good morning.", ULAW, "en", voice="mine"))])
    assert (ULAW.duration_ms(len(audio)), asyncio.get_running_loop().time() - started) == (13 * 60, pytest.approx(2.0))
    assert (slow.asked[0].voice, other.asked[0].voice) == ("mine", None)


@in_virtual_time
async def test_all_fail() -> None:
    with pytest.raises(DependencyError, match="b failed"):
        await timed(chain(ScriptedLlm("a", (by_status("a", 503),)), ScriptedLlm("b", (by_status("b", 503),))))
