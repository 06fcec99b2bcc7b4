"""Proves X2, T8 and K5: an answer prepared ahead is heard sooner; in no order of events is it heard, recorded or acted on before the turn is sure."""

import asyncio
from itertools import pairwise

import pytest
from agent_runtime.conversation.turn_model import TurnModel
from agent_runtime.conversation.turn_options import TurnOptions
from agent_runtime.conversation.turns.events import KeyPressed, SpeechStarted, SpeechStopped, TextTyped
from agent_runtime.conversation.turns.speculation import bare_words
from agent_runtime.providers.ports import Transcript
from callstage_kit.telemetry.metrics import REGISTRY
from callstage_testing.virtual_time import in_virtual_time, run_virtual
from hypothesis import given, settings
from hypothesis import strategies as st

from .eager_call import FIRST_AUDIO_S, FIRST_TOKEN_S, Call

EAGER = TurnOptions(eager="text")


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("callstage_eager_total", {"outcome": outcome}) or 0.0


async def _response_s(options: TurnOptions, text: str, **talk: float) -> tuple[float, Call]:
    async with Call(options, threshold_ms=700) as call:
        ended_at = await call.talk(text, **talk)
        await call.wait(8.0)
    return call.first_audio[0] - ended_at, call


@in_virtual_time
async def test_the_silence_is_not_added_to_the_models_time() -> None:
    slow_s, slow = await _response_s(TurnOptions(), "a table for two")
    eager_s, eager = await _response_s(EAGER, "a table for two")
    assert slow_s >= 0.7 + FIRST_TOKEN_S + FIRST_AUDIO_S
    assert eager_s == pytest.approx(0.7, abs=0.03), "the answer is there when the silence is over"
    assert eager.llm.asked == slow.llm.asked == ["a table for two"]
    assert eager.tts.asked == slow.tts.asked
    assert eager.planned == slow.planned == ["You said a table for two.", "And more."]
    assert eager.turns == ["a table for two"]


@in_virtual_time
async def test_a_finished_question_is_answered_from_its_text_on() -> None:
    used = counted("used")
    response_s, call = await _response_s(EAGER, "Are you open?")
    assert response_s == pytest.approx(0.1 + FIRST_TOKEN_S + 6 * 0.01 + FIRST_AUDIO_S, abs=0.05)
    assert call.llm.asked == ["Are you open?"]
    assert call.tts.asked == ["You said are you open.", "And more."], "each sentence once, though the model was still speaking"
    assert counted("used") == used + 1
    [line] = [event for event in call.events if event.type == "call.turn" and event.role == "assistant"]
    [asked] = line.waterfall.llm
    assert asked.is_eager
    assert asked.request_ms < line.waterfall.decided_ms
    assert line.waterfall.reason == "question"


@in_virtual_time
async def test_going_on_cancels_the_vendors_work_and_leaves_no_trace() -> None:
    dropped = counted("dropped")
    async with Call(EAGER) as call:
        await call.talk("Are you open?")
        began_at = asyncio.get_running_loop().time()
        await call.wait(0.02)
        call.push(SpeechStarted())
        await call.wait(0.5)
        assert len(call.llm.cancelled) == 1
        assert call.llm.cancelled[0] - began_at <= 0.02 + 0.02
        assert (call.turns, call.planned, call.spoken, call.first_audio) == ([], [], [], [])
        call.push(Transcript("on Sunday?", is_final=True))
        await call.wait(0.3)
        call.push(SpeechStopped(200))
        await call.wait(8.0)
    assert call.turns == ["Are you open? on Sunday?"]
    assert call.llm.asked == ["Are you open?", "Are you open? on Sunday?"]
    assert counted("dropped") == dropped + 1


@in_virtual_time
async def test_tools_wait_for_the_turn() -> None:
    async with Call(EAGER) as call:
        await call.talk("please book it")
        await call.wait(0.45)
        assert call.llm.asked == ["please book it"], "the model has asked for the tool by now"
        assert call.tools == []
        await call.wait(8.0)
    assert call.tools == [("please book it", ["please book it"])]
    assert call.planned[-1] == "Done."


@in_virtual_time
async def test_other_final_words_get_an_answer_of_their_own() -> None:
    differed = counted("dropped") + counted("differed")
    async with Call(EAGER) as call:
        call.push(SpeechStarted())
        await call.wait(1.0)
        call.push(Transcript("a table for you", is_final=False))
        call.push(SpeechStopped(200))
        await call.wait(0.1)
        call.push(Transcript("a table for two", is_final=True, answers_finalize=True))
        await call.wait(8.0)
    assert call.turns == ["a table for two"]
    assert call.planned[0] == "You said a table for two."
    assert call.llm.asked == ["a table for you", "a table for two"]
    assert counted("dropped") + counted("differed") == differed + 1


@in_virtual_time
async def test_a_model_that_fails_early_is_asked_again() -> None:
    async with Call(EAGER) as call:
        call.llm.fails_next = True
        await call.talk("a table for two")
        await call.wait(8.0)
    assert call.llm.asked == ["a table for two", "a table for two"]
    assert call.planned == ["You said a table for two.", "And more."]


_STEP = st.one_of(
    st.just(SpeechStarted()),
    st.just(SpeechStopped(200)),
    st.tuples(st.sampled_from(["Are you open?", "please book it", "no", "and", "book this."]), st.booleans(), st.booleans()),
    st.just(KeyPressed("7")),
    st.just(TextTyped("book typed")),
    st.none(),
)


def answers(sentence: str, turn: str) -> bool:
    """Turns without an answer between them reach the model as one message."""
    return bare_words(sentence).endswith(bare_words(turn))


async def _run(script: list[tuple[object, float]], threshold_ms: int) -> Call:
    async with Call(EAGER, threshold_ms=threshold_ms) as call:
        for number, (step, wait_s) in enumerate(script):
            if isinstance(step, tuple):
                text, is_final, answers = step
                call.push(Transcript(f"n{number} {text}", is_final=is_final, answers_finalize=answers, is_likely_end=is_final and answers))
            elif isinstance(step, TextTyped):
                call.push(TextTyped(f"n{number} {step.text}"))
            elif step is not None:
                call.push(step)  # type: ignore[arg-type]
            await call.wait(wait_s)
        call.push(SpeechStopped(200))
        await call.wait(12.0)
    return call


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_STEP, st.sampled_from([0.0, 0.05, 0.16, 0.3, 0.8, 2.0])), min_size=3, max_size=14), st.sampled_from([200, 700]))
def test_in_any_order_nothing_happens_before_its_turn_and_no_turn_is_answered_twice(script: list[tuple[object, float]], threshold_ms: int) -> None:
    call = run_virtual(_run(script, threshold_ms))
    assert call.llm.most_open <= 1, "one answer in the making at most"
    for argument, turns in call.tools:
        assert any(answers(argument, turn) for turn in turns), "the tool ran before its turn was sure"
    for one, other in pairwise(call.tools):
        assert one != other, "one turn, one run"
    for sentence, turns in call.spoken:
        if sentence.startswith("You said "):
            assert any(answers(sentence, turn) for turn in turns), "spoken before the turn was sure"
    firsts = [heard.partition(".")[0] for heard in call.heard if heard.startswith("You said ")]
    for turn in {turn for turn in call.turns if not turn.startswith("[keypad")}:
        assert sum(answers(sentence, turn) for sentence in firsts) <= call.turns.count(turn), "answered twice"


class _Doubtful:
    """An end-of-turn model that never thinks that a turn is over."""

    def __init__(self) -> None:
        self.asked = 0

    def end_probability(self, pcm16: bytes, rate_hz: int) -> float:
        self.asked += 1
        return 0.02


@in_virtual_time
async def test_the_model_makes_the_agent_patient() -> None:
    doubtful = _Doubtful()
    options = TurnOptions(model=TurnModel(lambda: doubtful), eager="text")
    async with Call(options) as call:
        ended_at = await call.talk("two pizzas")
        await call.wait(8.0)
    assert doubtful.asked == 1
    assert call.first_audio[0] - ended_at == pytest.approx(1.4, abs=0.05)
    [line] = [event for event in call.events if event.type == "call.turn" and event.role == "assistant"]
    assert line.waterfall.reason == "model 0.02"
