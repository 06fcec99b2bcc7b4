"""Proves A2 (fallback): a provider that breaks off in the middle is replaced without losing the turn: nothing is said twice, nothing is left out."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

import pytest
from agent_runtime.providers.capabilities import LlmCapabilities, SttCapabilities, TtsCapabilities
from agent_runtime.providers.continuation import Seam
from agent_runtime.providers.failures import by_status, disconnected, timed_out
from agent_runtime.providers.fallback import Link, LlmChain, SttChain, TtsChain
from agent_runtime.providers.hedging import HedgePolicy
from agent_runtime.providers.ports import (
    LlmDone,
    LlmRequest,
    Message,
    SpokenWord,
    SttRequest,
    TextDelta,
    ToolCallRequest,
    ToolSpec,
    Transcript,
    TtsRequest,
)
from agent_runtime.providers.spoken_part import SpeechPace, SpokenPart
from agent_runtime.providers.usage import Usage, UsageMeter
from callstage_domain.errors import DependencyError
from callstage_testing.virtual_time import in_virtual_time
from scripted_providers import ULAW, Pause, ScriptedLlm, ScriptedSession, ScriptedStt, ScriptedTts

ASK = LlmRequest("", (Message("user", "When is it ready?"),))
FRAME = 160


async def said_by(chain: LlmChain) -> str:
    events = [event async for event in chain.stream(ASK)]
    assert isinstance(events[-1], LlmDone)
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    "second",
    [
        (" and will", " be there at", " five."),
        ("and will be there at five.",),
        ("Your order", " is ready and", " will be there at five."),
        ("is ready", " and will be there at five."),
        ("ready ", "and ", "will be there at five."),
    ],
    ids=["goes_on", "without_a_space", "begins_anew", "repeats_the_end", "repeats_a_word"],
)
@in_virtual_time
async def test_the_next_model_goes_on_from_what_was_said(second: tuple[str, ...]) -> None:
    broken, other = ScriptedLlm("a", ("Your order ", "is ready", disconnected("a", "stream"))), ScriptedLlm("b", second)
    assert await said_by(LlmChain([Link(broken), Link(other)])) == "Your order is ready and will be there at five."
    assert [message.role for message in other.asked[0].messages] == ["user", "assistant", "system"]
    assert other.asked[0].messages[1].content == "Your order is ready"


@in_virtual_time
async def test_the_only_provider_is_asked_once_more() -> None:
    alone = ScriptedLlm("a", ("It costs ", disconnected("a", "stream")), ("ten dollars.",))
    assert await said_by(LlmChain([Link(alone)])) == "It costs ten dollars."
    hopeless = ScriptedLlm("a", ("It costs ", disconnected("a", "stream")), (by_status("a", 503),))
    with pytest.raises(DependencyError, match="cut the connection"):
        await said_by(LlmChain([Link(hopeless)]))


@in_virtual_time
async def test_an_engine_that_cannot_go_on_does_not_begin_anew() -> None:
    offline = ScriptedLlm("offline", ("Hello!",), capabilities=LlmCapabilities(continues_text=False, is_offline=True))
    broken = ScriptedLlm("a", ("Your order ", disconnected("a", "stream")), (by_status("a", 503),))
    with pytest.raises(DependencyError):
        await said_by(LlmChain([Link(broken), Link(offline)]))
    assert offline.asked == []


@in_virtual_time
async def test_a_model_without_tools_does_not_stand_in_for_an_agent_that_has_some() -> None:
    mute = ScriptedLlm("mute", ("I cannot do that.",), capabilities=LlmCapabilities(tools=False))
    request = LlmRequest("", (), (ToolSpec("order", "", {}),))
    chain = LlmChain([Link(ScriptedLlm("a", (by_status("a", 503),))), Link(mute), Link(ScriptedLlm("b", ("Ordered.",)))])
    events = [event async for event in chain.stream(request)]
    assert (events[0], mute.asked) == (TextDelta("Ordered."), [])
    alone = [event async for event in LlmChain([Link(mute)]).stream(request)]
    assert alone[0] == TextDelta("I cannot do that."), "it was chosen"


@in_virtual_time
async def test_a_break_that_nobody_may_repair_is_told_as_it_was() -> None:
    refused = ScriptedLlm("a", ("It costs ", by_status("a", 401)))
    with pytest.raises(DependencyError, match="refused the API key"):
        await said_by(LlmChain([Link(refused)]))
    assert len(refused.asked) == 1
    voice = ScriptedTts("a", fails_after=5, error=by_status("a", 401))
    with pytest.raises(DependencyError, match="refused the API key"):
        _ = [chunk async for chunk in TtsChain([Link(voice)]).synthesise(TtsRequest(SENTENCE, ULAW, "en"))]


@in_virtual_time
async def test_nothing_goes_on_after_a_tool_call() -> None:
    call = ToolCallRequest("c1", "order", "{}")
    other = ScriptedLlm("b", ("again",))
    with pytest.raises(DependencyError):
        await said_by(LlmChain([Link(ScriptedLlm("a", ("One moment.", call, disconnected("a", "stream")))), Link(other)]))
    assert other.asked == []


@in_virtual_time
async def test_a_line_that_breaks_again_and_again_is_given_up() -> None:
    providers = [ScriptedLlm(name, (f" {name}", disconnected(name, "stream"))) for name in "abcdef"]
    with pytest.raises(DependencyError):
        await said_by(LlmChain([Link(provider) for provider in providers]))
    assert [len(provider.asked) for provider in providers] == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("said", "deltas", "expected"),
    [
        ("Your total is", [" twelve dollars."], " twelve dollars."),
        ("Your total is", ["twelve"], " twelve"),
        ("Your total is", ["Your total is twelve."], " twelve."),
        ("Your total is", ["your", " total", " is", " twelve."], " twelve."),
        ("We have pep", ["pepperoni and"], "peroni and"),
        ("We have the", ["the large one"], " large one"),
        ("Your total is ", ["Your total is twelve."], "twelve."),
        ("Your total is ", [" twelve."], "twelve."),
        ("Twelve", [". Anything else?"], ". Anything else?"),
        ("All done.", [], ""),
        ("All done.", ["All done."], ""),
        ("I have one pizza and one", ["one salad"], " salad"),
        ("I have one pizza", ["one more thing"], " one more thing"),
        ("", ["Hello"], "Hello"),
        ("Ja, das", ["geht. ", "Ja, das stimmt."], " geht. Ja, das stimmt."),
    ],
)
def test_the_seam_between_two_texts(said: str, deltas: list[str], expected: str) -> None:
    seam = Seam(said)
    assert "".join([*(seam.push(delta) for delta in deltas), seam.flush()]) == expected


SENTENCE = "Your order will be there at five."


@in_virtual_time
async def test_the_next_voice_says_the_rest_of_the_sentence() -> None:
    first, second = ScriptedTts("a"), ScriptedTts("b")
    meter = UsageMeter()
    served: list[str] = []
    chain = TtsChain([Link(first), Link(second)], meter=meter)
    request = TtsRequest(SENTENCE, ULAW, "en", voice="mine", on_served=lambda by: served.append(by.provider))
    _ = [chunk async for chunk in chain.synthesise(request)]
    first.fails_after, first.error = 17, disconnected("a", "stream")
    audio = b"".join([chunk async for chunk in chain.synthesise(request)])
    assert [asked.text for asked in second.asked] == ["be there at five."], "the word that was cut is said again, none is lost"
    assert ULAW.duration_ms(len(audio)) == (17 + len("be there at five.")) * 60
    assert served == ["a", "a", "b"]
    assert meter.totals() == (
        Usage("tts", "a", requests=2, characters=2 * len(SENTENCE)),
        Usage("tts", "b", requests=1, characters=len("be there at five.")),
    )


@in_virtual_time
async def test_word_times_are_those_of_the_whole_sentence_and_of_the_voices_that_were_heard() -> None:
    first, late, second = (ScriptedTts(name) for name in ("a", "late", "b"))
    for voice in (first, late, second):
        voice.capabilities = TtsCapabilities((ULAW,), word_times=True)
    first.fails_after, first.error = 17, disconnected("a", "stream")
    late.first_after_s, second.first_after_s = 30.0, 1.0
    told: list[SpokenWord] = []
    chain = TtsChain([Link(first), Link(late), Link(second)], hedge=HedgePolicy(0.5, 1.0))
    _ = [chunk async for chunk in chain.synthesise(TtsRequest(SENTENCE, ULAW, "en", on_words=lambda words: told.extend(words)))]
    assert [word.text for word in told] == ["Your", "order", "will", "be", "there", "at", "five."]
    assert [SENTENCE[: word.until_character].split()[-1].rstrip(".") for word in told] == [word.text.rstrip(".") for word in told]
    assert told == sorted(told, key=lambda word: word.end_ms)
    assert late.asked[0].text == second.asked[0].text == "be there at five."


@in_virtual_time
async def test_a_sentence_that_broke_off_behind_its_last_word_is_complete() -> None:
    first, second = ScriptedTts("a"), ScriptedTts("b")
    chain = TtsChain([Link(first), Link(second)])
    request = TtsRequest(SENTENCE, ULAW, "en")
    _ = [chunk async for chunk in chain.synthesise(request)]
    first.fails_after, first.error = len(SENTENCE) - 1, timed_out("a", "stream")
    assert [chunk async for chunk in chain.synthesise(request)]
    assert second.asked == [] or second.asked[0].text == "five."


def test_where_a_voice_has_come_to() -> None:
    part = SpokenPart(SENTENCE, ULAW, 1.0, SpeechPace())
    part.add(b"\xff" * ULAW.size_bytes(600))
    assert part.rest() == ("order will be there at five.", 5), "nothing is known of the voice: rather a word twice"
    part.add_words((SpokenWord("Your", 0, 200, 4), SpokenWord("order", 200, 500, 10), SpokenWord("will", 500, 700, 15)))
    assert part.rest() == ("will be there at five.", 11)
    fast = SpokenPart(SENTENCE, ULAW, 2.0, SpeechPace())
    fast.add(b"\xff" * ULAW.size_bytes(600))
    assert fast.rest()[1] > 5
    chinese = SpokenPart("您的订单将在五点钟送达", ULAW, 1.0, SpeechPace())
    chinese.add(b"\xff" * ULAW.size_bytes(340))
    assert chinese.rest() == ("单将在五点钟送达", 3) or chinese.rest()[1] == 4


async def _tick(seconds: float = 0.01) -> None:
    await asyncio.sleep(seconds)


async def _both(*work: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(one)


async def _kept(awaited: Awaitable[Transcript], into: list[Transcript]) -> None:
    into.append(await awaited)


async def speak(stream: object, first: int, count: int) -> None:
    for index in range(first, first + count):
        await stream.send(bytes([index % 256]) * FRAME)  # type: ignore[attr-defined]


def frames(session: ScriptedSession) -> list[int]:
    return [session.heard[start] for start in range(0, len(session.heard), FRAME)]


@in_virtual_time
async def test_the_next_recogniser_hears_what_was_not_settled() -> None:
    first, second = ScriptedStt("a", disconnected("a", "stream"), hears_ms=1000), ScriptedStt("b")
    meter = UsageMeter()
    async with SttChain([Link(first), Link(second)], meter=meter).open(SttRequest(ULAW, "en", model="mine")) as stream:
        texts = stream.transcripts()
        await speak(stream, 0, 30)
        first.sessions[0].texts.put_nowait(Transcript("Two pizzas", is_final=True, until_ms=400))
        assert await anext(texts) == Transcript("Two pizzas", is_final=True)
        await stream.finalize(200)
        await speak(stream, 30, 20)
        waiting = anext(texts)
        second_text = Transcript("and a salad.", is_final=True, answers_finalize=True, until_ms=200)

        async def answer() -> None:
            while not second.sessions or not second.sessions[0].finalized_at:
                await _tick()
            second.sessions[0].texts.put_nowait(second_text)

        await _both(answer(), _kept(waiting, found := []))
        assert found[0].text == "and a salad."
        assert found[0].until_ms == 600, "times are those of the whole call"
        replayed = second.sessions[0]
        assert frames(replayed) == list(range(20, 50)), "from the end of the settled text on, in order, nothing twice"
        assert replayed.finalized_at == [10 * FRAME], "the open finalize stands where it stood"
        assert not first.sessions[0].is_open
        await speak(stream, 50, 5)
        assert frames(replayed)[-5:] == [50, 51, 52, 53, 54]
    assert [(used.provider, used.audio_s) for used in meter.totals()] == [("a", pytest.approx(1.0)), ("b", pytest.approx(0.7))]


@in_virtual_time
async def test_audio_that_comes_during_the_switch_waits_its_turn() -> None:
    first, second = ScriptedStt("a", disconnected("a", "stream"), hears_ms=200), ScriptedStt("b")
    async with SttChain([Link(first), Link(second)]).open(SttRequest(ULAW, "en")) as stream:

        async def listen() -> None:
            async for _ in stream.transcripts():
                break

        async def talk() -> None:
            await speak(stream, 0, 100)
            second.sessions[0].texts.put_nowait(Transcript("yes", is_final=True))

        await _both(listen(), talk())
        assert frames(second.sessions[0]) == list(range(100))


@in_virtual_time
async def test_the_only_recogniser_is_opened_again_with_the_same_utterance() -> None:
    alone = ScriptedStt("a", disconnected("a", "stream"), hears_ms=200)
    async with SttChain([Link(alone)]).open(SttRequest(ULAW, "en")) as stream:
        await speak(stream, 0, 10)
        found: list[Transcript] = []

        async def answer() -> None:
            while len(alone.sessions) < 2:
                await _tick()
            alone.sessions[1].texts.put_nowait(Transcript("yes", is_final=True))

        await _both(answer(), _kept(anext(stream.transcripts()), found))
        assert frames(alone.sessions[1]) == list(range(10))


@in_virtual_time
async def test_a_session_that_reached_its_longest_time_is_no_failure() -> None:
    limited = SttCapabilities((ULAW,), max_session_s=3600)
    first, second = ScriptedStt("a", disconnected("a", "stream"), hears_ms=100, capabilities=limited), ScriptedStt("b")
    chain = SttChain([Link(first), Link(second)])
    async with chain.open(SttRequest(ULAW, "en")) as stream:
        await _tick(3595)
        await speak(stream, 0, 10)
        found: list[Transcript] = []

        async def answer() -> None:
            while len(first.sessions) < 2:
                await _tick()
            first.sessions[1].texts.put_nowait(Transcript("yes", is_final=True))

        await _both(answer(), _kept(anext(stream.transcripts()), found))
    assert (second.sessions, chain.links[0].breaker.last_code) == ([], None)


@in_virtual_time
async def test_a_line_that_takes_every_vendor_down_ends_the_recognition() -> None:
    failure = disconnected("a", "stream")
    alone = ScriptedStt("a", *([failure] * 9), hears_ms=100)
    async with SttChain([Link(alone), Link(alone)]).open(SttRequest(ULAW, "en")) as stream:
        await speak(stream, 0, 10)
        with pytest.raises(DependencyError):
            await anext(stream.transcripts())
    assert len(alone.sessions) <= 6


@in_virtual_time
async def test_a_recogniser_that_refuses_is_passed_over() -> None:
    first, second = ScriptedStt("a"), ScriptedStt("b")
    first.refuses = by_status("a", 401)
    async with SttChain([Link(first), Link(second)]).open(SttRequest(ULAW, "en", model="mine")):
        assert len(second.sessions) == 1


@in_virtual_time
async def test_tokens_are_counted_for_the_one_who_answers() -> None:
    meter = UsageMeter()
    broken, other = ScriptedLlm("a", ("Yes", Pause(0.1), disconnected("a", "stream"))), ScriptedLlm("b", (" please.",))
    assert await said_by(LlmChain([Link(broken), Link(other)], meter=meter)) == "Yes please."
    assert meter.totals() == (Usage("llm", "b", requests=1, input_tokens=3, output_tokens=5),)
