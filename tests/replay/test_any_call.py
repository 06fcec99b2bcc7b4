"""Proves A2 and that no turn is lost: whatever a caller does and when, all that he said is in the history, in order, and the call comes to an end."""

import asyncio
import re

from callstage_testing.virtual_time import run_virtual
from hypothesis import given, settings
from hypothesis import strategies as st

from .line import Line, agent

ANSWERS = (
    "We are open from nine to six.",
    "Let us see, that would be $12.50 in all. Do you want to pay now, or when you come to us?",
    "All right.",
)
NUMBERS = ["alpha bravo", "charlie delta echo", "foxtrot golf", "hotel india juliett", "kilo lima", "mike november oscar"]
_WORD, _DIGIT = re.compile(r"\b(?!keypad)[a-z]+"), re.compile(r"\d")
PAUSES = st.floats(0.0, 4.0)
ACTS = st.one_of(
    st.tuples(st.just("say"), PAUSES, st.floats(0.4, 2.5), st.booleans()),
    st.tuples(st.just("noise"), PAUSES, st.floats(0.3, 1.5), st.booleans()),
    st.tuples(st.just("keys"), PAUSES, st.just(0.0), st.booleans()),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(ACTS, max_size=6), st.floats(0.05, 0.9), st.booleans())
def test_nothing_that_the_caller_said_is_lost(acts: list[tuple[str, float, float, bool]], stt_delay_s: float, discloses: bool) -> None:
    async def call() -> None:
        said: list[str] = []
        async with Line(agent(idle_timeout_s=7, disclosure=discloses)) as line:
            line.ears.delay_s = stt_delay_s
            for number in range(30):
                line.answers(ANSWERS[number % len(ANSWERS)])
            for number, (kind, pause_s, length_s, flag) in enumerate(acts):
                await asyncio.sleep(pause_s)
                if kind == "keys":
                    await line.presses(f"{number}#" if flag else f"{number}")
                    said.append(f"[keypad: {number}]")
                else:
                    text = NUMBERS[number] if kind == "say" else ""
                    await line.says(text, length_s, interim=text if flag else "")
                    said += [text] if text else []
                # A recogniser that has not answered when the next words come answers for both.
                await asyncio.sleep(stt_delay_s + 0.1)
            assert await line.ends(within_s=120) == "idle_timeout"
        told = " ".join(text.removeprefix("user: ") for text in line.history if text.startswith("user: "))
        assert sorted(_WORD.findall(told)) == sorted(_WORD.findall(" ".join(said)))
        # Keys that follow each other quickly are one entry.
        assert sorted(_DIGIT.findall(told)) == sorted(_DIGIT.findall(" ".join(said)))
        assert len(line.heard_texts) == len([entry for entry in line.book.entries if entry.kind == "heard"])

    run_virtual(call())
