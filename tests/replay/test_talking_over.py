"""Proves A2 (interruption_sensitivity) and the rules of barge-in, late words and history. Scripted calls in virtual time."""

import asyncio

from agent_runtime.providers.ports import Transcript
from callstage_testing.virtual_time import in_virtual_time

from .line import Line, agent

LONG = "We are open from nine to six on every day of the week but Sunday."
LATER = "On Sundays we are open from ten to four, and parking is free on that day."


@in_virtual_time
async def test_a_caller_who_speaks_during_the_greeting_is_answered_and_the_rest_is_not_said() -> None:
    async with Line(agent(greeting="Hello, this is the flower shop, we have fresh roses today. How can I help you?")) as line:
        line.answers("Roses, gladly.")
        await line.is_talked_to(0.2)
        await line.says("I want roses", interim="I want roses")
        await line.hears("Roses, gladly.")
    greeting, *rest = line.history
    assert "Hello, this is the flower shop, we have fresh roses today.".startswith(greeting.removeprefix("assistant: "))
    assert rest == ["user: I want roses", "assistant: Roses, gladly."]


@in_virtual_time
async def test_one_interruption_after_another() -> None:
    async with Line() as line:
        for _ in range(4):
            line.answers(LONG)
        line.answers("Bye.")
        await line.hears("Hello.")
        await line.says("when do you open")
        for question in ("no I mean today", "sorry I mean tomorrow", "no forget it, the day after"):
            await line.is_talked_to(0.3)
            await line.says(question, interim=question)
        await line.is_talked_to(0.3)
        await line.says("thanks goodbye", interim="thanks goodbye")
        await line.hears("Bye.")
    users = [text for text in line.history if text.startswith("user")]
    assert users[1:] == ["user: no I mean today", "user: sorry I mean tomorrow", "user: no forget it, the day after", "user: thanks goodbye"]
    assert all(0 < len(text.split()) < 10 for text in line.heard_texts[1:-1])
    assert len(line.heard_texts) == 6


@in_virtual_time
async def test_a_noise_does_not_take_the_floor() -> None:
    async with Line() as line:
        line.answers(LONG)
        await line.hears("Hello.")
        await line.says("when do you open")
        await line.is_talked_to(0.3)
        await line.says("", 0.5)
        await line.hears(LONG)
    assert line.heard_texts == ["Hello.", LONG]


@in_virtual_time
async def test_a_nod_does_not_take_the_floor() -> None:
    async with Line() as line:
        line.answers(LONG)
        await line.hears("Hello.")
        await line.says("when do you open")
        await line.is_talked_to(0.3)
        await line.says("mm-hm", 0.4)
        await line.hears(LONG)
    assert line.heard_texts == ["Hello.", LONG]


@in_virtual_time
async def test_words_that_come_too_late_for_their_turn_are_not_lost() -> None:
    async with Line() as line:
        line.ears.delay_s = 6.0
        line.answers("Roses, gladly.")
        await line.hears("Hello.")
        await line.says("I want roses")
        await line.hears("Roses, gladly.")
    assert line.history[1] == "user: I want roses"


@in_virtual_time
async def test_a_late_text_after_half_the_turn_was_answered_is_a_turn_of_its_own() -> None:
    async with Line() as line:
        line.ears.delay_s = 6.0
        line.answers("How many?")
        line.answers("Three, all right.")
        await line.hears("Hello.")
        await line.says("I want roses three of them please", interim="I want roses")
        await line.hears("How many?", "Three, all right.")
    assert [text for text in line.history if text.startswith("user")] == ["user: I want roses", "user: three of them please"]


@in_virtual_time
async def test_a_caller_who_goes_on_after_a_pause_is_one_turn() -> None:
    async with Line(agent(silence_threshold_ms=1000)) as line:
        line.answers("Noted.")
        await line.hears("Hello.")
        await line.says("my number is")
        await asyncio.sleep(0.4)
        await line.says("four two")
        await line.hears("Noted.")
    assert line.history[1] == "user: my number is four two"
    assert len(line.brain.requests) == 1


@in_virtual_time
async def test_speech_that_the_gateway_did_not_notice_is_a_turn() -> None:
    async with Line() as line:
        line.answers("Sure.")
        await line.hears("Hello.")
        line.ears.hear(Transcript("hello there", is_final=True))
        await line.hears("Sure.")


@in_virtual_time
async def test_an_answer_that_nobody_has_heard_yet_is_thought_over_when_the_caller_goes_on() -> None:
    async with Line() as line:
        line.answers(2.0, "Roses it is.")
        line.answers("Tulips it is.")
        await line.hears("Hello.")
        await line.says("I want roses")
        await asyncio.sleep(1.0)
        await line.says("no, tulips")
        await line.hears("Tulips it is.")
    assert line.brain.told() == ["assistant: Hello.", "user: I want roses no, tulips"]
