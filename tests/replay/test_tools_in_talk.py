"""Proves W2 W4 T2 T8 S2: tools that take their time, that are talked over, and whose results are never lost. Scripted calls in virtual time."""

import asyncio
from typing import Any

from callstage_domain.errors import DependencyError
from callstage_testing.virtual_time import in_virtual_time

from .engines import calls
from .line import Line, agent

FILLER = "Let me check that for you."


def slow(seconds: float) -> Any:
    async def run(arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(seconds)
        return {"found": "order 7"}

    return run


@in_virtual_time
async def test_a_slow_tool_gets_one_filler_however_long_it_takes() -> None:
    async with Line(agent(tools=["look_up"])) as line:
        line.tools.tools["look_up"] = slow(9.0)
        line.answers(calls("look_up"))
        line.answers("I have found it.")
        await line.hears("Hello.")
        await line.says("where is my order")
        await line.hears(FILLER)
        await line.silence(6)
        await line.hears("I have found it.")
    assert line.heard.count(FILLER) == 1
    assert "assistant: " + FILLER not in line.history


@in_virtual_time
async def test_a_tool_that_was_announced_or_is_quick_gets_no_filler() -> None:
    async with Line(agent(tools=["look_up"])) as line:
        line.tools.tools["look_up"] = slow(5.0)
        line.answers("One moment, I look.", calls("look_up"))
        line.answers("Found it.")
        await line.hears("Hello.")
        await line.says("where is my order")
        await line.hears("One moment, I look.", "Found it.")
        line.tools.tools["look_up"] = slow(0.5)
        line.answers(calls("look_up", "t2"))
        line.answers("Found it again.")
        await line.says("and the other one")
        await line.hears("Found it again.")


@in_virtual_time
async def test_several_slow_rounds_get_one_filler_each_turn_at_most() -> None:
    async with Line(agent(tools=["look_up"])) as line:
        line.tools.tools["look_up"] = slow(4.0)
        line.answers(calls("look_up"))
        line.answers(calls("look_up", "t2"))
        line.answers("Both are there.")
        await line.hears("Hello.")
        await line.says("check both")
        await line.hears(FILLER, "Both are there.")


@in_virtual_time
async def test_the_result_of_a_tool_that_was_talked_over_enters_the_history() -> None:
    async with Line(agent(tools=["look_up"])) as line:
        line.tools.tools["look_up"] = slow(4.0)
        line.answers("I look.", calls("look_up"))
        line.answers("Your order seven is on its way to you, it should be with you before the evening.")
        line.answers("At five.")
        await line.hears("Hello.")
        await line.says("where is my order")
        await line.hears("I look.")
        await line.says("and hurry please")
        await line.hears("Your order seven is on its way to you, it should be with you before the evening.")
    assert line.tools.runs == ["look_up"]
    told = line.brain.told()
    assert told[1:4] == ["user: where is my order", "assistant: I look.", 'tool: {"found": "order 7"}']
    assert told[-1] == "user: and hurry please"


@in_virtual_time
async def test_the_result_stays_when_the_answer_made_of_it_is_cut_off() -> None:
    async with Line(agent(tools=["look_up"])) as line:
        line.tools.tools["look_up"] = slow(0.3)
        line.answers(calls("look_up"))
        line.answers("Your order seven is on its way to you, it should be with you before the evening.")
        line.answers("At five.")
        await line.hears("Hello.")
        await line.says("where is my order")
        await line.is_talked_to(0.4)
        await line.says("when exactly", interim="when exactly")
        await line.hears("At five.")
    told = line.brain.told()
    assert 'tool: {"found": "order 7"}' in told
    cut = told[told.index('tool: {"found": "order 7"}') + 1].removeprefix("assistant: ")
    assert "Your order seven is on its way to you, it should be with you before the evening.".startswith(cut)
    assert 3 <= len(cut.split()) <= 9


@in_virtual_time
async def test_a_tool_that_outlives_the_call_is_in_its_journal() -> None:
    async with Line(agent(tools=["look_up"])) as line:
        line.tools.tools["look_up"] = slow(6.0)
        line.answers("I look.", calls("look_up"))
        await line.hears("Hello.")
        await line.says("book it")
        await line.hears("I look.")
    assert 'tool: {"found": "order 7"}' in line.history


@in_virtual_time
async def test_a_model_that_fails_after_the_tool_does_not_run_it_again() -> None:
    async with Line(agent(tools=["book"])) as line:
        line.tools.tools["book"] = slow(0.1)
        line.answers(calls("book"))
        line.answers(DependencyError("down", vendor="brain"))
        line.answers("It is booked.")
        await line.hears("Hello.")
        await line.says("book it")
        await line.hears("I am sorry, I did not get that.", "Could you say it again?")
        await line.says("is it booked")
        await line.hears("It is booked.")
    assert line.tools.runs == ["book"]
    assert 'tool: {"found": "order 7"}' in line.brain.told()
