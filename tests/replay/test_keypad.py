"""Proves B3: numbers that the caller types for a tool, and tones that the agent plays. Scripted calls in virtual time."""

import json
from typing import Any

import pytest
from callstage_audio.dtmf import detect
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_domain.agent import AgentSnapshot, Stage, ToolDefinition, Transition
from callstage_domain.builtin_tools import COLLECT_DIGITS, SEND_DTMF
from callstage_testing.virtual_time import in_virtual_time

from .engines import Said, calls
from .line import Line, agent

ASK = "Please type your customer number."


def desk(**settings: Any) -> AgentSnapshot:
    """An agent that has both tools, and a `check` of its own."""
    snapshot = agent(tools=["check"], **settings)
    stage = snapshot.stages[0].model_copy(update={"tools": ("check", "end_call", COLLECT_DIGITS, SEND_DTMF)})
    return snapshot.model_copy(update={"stages": (stage,)})


def typed(line: Line) -> dict[str, Any]:
    """What the tool gave the model."""
    told = next(text for text in reversed(line.brain.told()) if text.startswith("tool: "))
    return json.loads(told.removeprefix("tool: "))


async def asks(line: Line, *pieces: Said, **arguments: Any) -> None:
    """Up to the question."""
    line.answers(*(pieces or (ASK,)), calls(COLLECT_DIGITS, **arguments))
    line.answers("Thank you.")
    await line.hears("Hello.")
    await line.says("I want to order")


@in_virtual_time
async def test_typed_digits_go_to_the_tool_and_the_finish_key_ends_them() -> None:
    async with Line(desk()) as line:
        await asks(line)
        await line.hears(ASK)
        await line.presses("4711#")
        await line.hears("Thank you.", within_s=3)
        assert typed(line) == {"digits": "4711", "status": "complete"}
        assert not any("keypad" in text for text in line.history)
        assert line.taken == 6, "the keys need not be said again"
        assert line.pauses == []


@in_virtual_time
async def test_the_last_digit_of_a_known_length_ends_it_and_a_finish_key_after_it_is_no_turn() -> None:
    async with Line(desk()) as line:
        await asks(line, length=4)
        await line.hears(ASK)
        await line.presses("4711#")
        await line.hears("Thank you.", within_s=3)
        assert typed(line)["digits"] == "4711"
        await line.silence(5)


@in_virtual_time
async def test_a_late_finish_key_does_not_cut_the_answer_off() -> None:
    answer = "Thank you very much for typing that number of yours."
    async with Line(desk()) as line:
        line.answers(ASK, calls(COLLECT_DIGITS, length=2))
        line.answers(answer)
        await line.hears("Hello.")
        await line.says("I want to order")
        await line.hears(ASK)
        await line.presses("47")
        await line.is_talked_to(0.2)
        await line.presses("#")
        await line.hears(answer, within_s=5)


@in_virtual_time
async def test_a_pause_ends_a_number_without_a_length() -> None:
    async with Line(desk()) as line:
        await asks(line, inter_digit_timeout_s=2)
        await line.hears(ASK)
        await line.presses("12")
        await line.hears("Thank you.", within_s=4)
        assert typed(line) == {"digits": "12", "status": "complete"}


@in_virtual_time
async def test_nothing_typed_and_too_little_typed_are_timeouts() -> None:
    async with Line(desk(idle_timeout_s=5)) as line:
        await asks(line, timeout_s=8)
        await line.hears(ASK)
        # Whoever waits for the keypad does not ask whether somebody is there.
        await line.silence(7.5)
        await line.hears("Thank you.", within_s=3)
        assert typed(line) == {"digits": "", "status": "timeout"}
        line.answers(ASK, calls(COLLECT_DIGITS, "t2", length=4, inter_digit_timeout_s=2))
        line.answers("That was too short.")
        await line.says("again please")
        await line.hears(ASK)
        await line.presses("12")
        await line.hears("That was too short.", within_s=5)
        assert typed(line) == {"digits": "12", "status": "timeout"}


@in_virtual_time
async def test_the_wait_begins_when_the_question_has_been_heard() -> None:
    long = "Please have a look at the letter that we sent you last week and type the number that stands at the top of it on the right hand side."
    async with Line(desk()) as line:
        await asks(line, long, timeout_s=3)
        await line.hears(long)
        await line.silence(2.5)
        await line.presses("7#")
        await line.hears("Thank you.", within_s=3)
        assert typed(line) == {"digits": "7", "status": "complete"}


@in_virtual_time
async def test_typing_cuts_the_question_short() -> None:
    async with Line(desk()) as line:
        await asks(line, "Please type the number, which you find at the top of the letter that we sent you last week, on the right.")
        await line.is_talked_to(0.3)
        await line.presses("42#")
        await line.hears("Thank you.", within_s=3)
        assert typed(line)["digits"] == "42"
        cut = next(text for text in line.history if text.startswith("assistant: Please"))
        assert len(cut.split()) < 15, cut


@in_virtual_time
async def test_speaking_instead_ends_it_and_is_the_next_turn() -> None:
    async with Line(desk()) as line:
        await asks(line)
        await line.hears(ASK)
        await line.presses("47")
        await line.says("I do not have it at hand")
        await line.hears("Thank you.", within_s=4)
        assert typed(line) == {"digits": "47", "status": "interrupted"}
        assert line.brain.told()[-1] == "user: I do not have it at hand"
        # What is typed now is a turn again.
        line.answers("I see.")
        await line.presses("99#")
        await line.hears("I see.")
        assert line.brain.told()[-1] == "user: [keypad: 99]"


@in_virtual_time
async def test_noise_does_not_end_it() -> None:
    async with Line(desk()) as line:
        await asks(line)
        await line.hears(ASK)
        await line.presses("4")
        await line.says("", 0.4)
        await line.presses("711#")
        await line.hears("Thank you.", within_s=5)
        assert typed(line) == {"digits": "4711", "status": "complete"}


@in_virtual_time
async def test_a_model_that_asks_nothing_has_the_platform_ask_and_no_filler() -> None:
    async with Line(desk()) as line:
        line.answers(calls(COLLECT_DIGITS))
        line.answers("Thank you.")
        await line.hears("Hello.")
        await line.says("I want to order")
        await line.hears("Please type it on the keypad of your phone.")
        await line.silence(4)
        await line.presses("1#")
        await line.hears("Thank you.")


@in_virtual_time
async def test_hidden_digits_are_in_no_record_and_reach_the_tool() -> None:
    given: list[dict[str, Any]] = []

    async def check(arguments: dict[str, Any]) -> dict[str, Any]:
        given.append(arguments)
        return {"echo": f"pin {arguments['pin']}", "number": int(arguments["pin"]), "ok": True}

    snapshot = desk()
    schema = {"type": "object", "properties": {"pin": {"type": "string", "pattern": "^[0-9]{4}$"}}}
    tools = {"check": ToolDefinition(name="check", kind="code", parameters=schema)}
    async with Line(snapshot.model_copy(update={"tools": tools})) as line:
        line.tools.tools["check"] = check
        await asks(line, "Please type your PIN.", length=4, is_sensitive=True)
        await line.hears("Please type your PIN.")
        await line.presses("8305")
        await line.hears("Thank you.", within_s=3)
        placeholder = typed(line)["digits"]
        assert placeholder.startswith("[keypad-")
        assert typed(line)["length"] == 4
        line.answers(calls("check", "t9", pin=placeholder))
        line.answers("It is right.")
        await line.says("is it right")
        await line.hears("It is right.")
        assert given == [{"pin": "8305"}]
        assert typed(line) == {"echo": f"pin {placeholder}", "number": placeholder, "ok": True}
        line.answers(calls("check", "t10", pin="[keypad-00000000]"))
        await line.says("and now")
        await line.hears("Yes.")
        assert "not known any more" in line.brain.told()[-1]
    assert line.pauses == [True, False]
    journal = "".join(entry.model_dump_json() for entry in line.book.entries)
    events = "".join(event.model_dump_json() for event in line.events if hasattr(event, "model_dump_json"))
    asked = "".join(str(request) for request in line.brain.requests)
    assert not [kept for kept in (journal, events, asked) if "8305" in kept]
    assert placeholder in journal
    assert placeholder in events


@in_virtual_time
async def test_only_a_complete_number_moves_the_conversation_on() -> None:
    snapshot = desk()
    first = snapshot.stages[0].model_copy(update={"transitions": (Transition(on_tool=COLLECT_DIGITS, to_stage="next"),)})
    async with Line(snapshot.model_copy(update={"stages": (first, Stage(name="next", prompt="Go on.", tools=("end_call",)))})) as line:
        await asks(line, timeout_s=2)
        await line.hears(ASK, "Thank you.")
        assert line.state.stage == "talk"
        line.answers(ASK, calls(COLLECT_DIGITS, "t2"))
        line.answers("And now?")
        await line.says("I have it")
        await line.hears(ASK)
        await line.presses("5#")
        await line.hears("And now?")
        assert line.state.stage == "next"


@in_virtual_time
async def test_a_process_that_is_lost_while_the_caller_types_asks_for_the_keys_again_of_the_gateway() -> None:
    async with Line(desk()) as line:
        await asks(line)
        await line.hears(ASK)
        await line.presses("47")
        await line.is_taken_over()
        assert line.state.said == 1
        # The gateway says everything again that no process has taken.
        await line.presses("4711#")
        await line.hears("Thank you.")
        assert typed(line) == {"digits": "4711", "status": "complete"}


@in_virtual_time
async def test_hanging_up_while_a_number_is_asked_for_ends_the_call() -> None:
    async with Line(desk(max_duration_s=20)) as line:
        await asks(line, timeout_s=60)
        await line.hears(ASK, "Thank you for your call.", "Goodbye.")
        assert await line.ends() == "max_duration"


def keys_in(audio: bytes) -> str:
    """What a phone menu at the other end understands."""
    heard, last = "", None
    for start in range(0, len(audio), 320):
        digit = detect(ulaw_to_pcm16(audio[start : start + 480]), 8000)
        heard += digit if digit is not None and digit != last else ""
        last = digit
    return heard


@in_virtual_time
async def test_tones_are_played_and_cannot_be_talked_over() -> None:
    async with Line(desk()) as line:
        line.answers(calls(SEND_DTMF, digits="12w3#"))
        line.answers("I have chosen.")
        await line.hears("Hello.")
        await line.says("choose")
        await line.hears("I have chosen.")
        assert keys_in(line.tones) == "123#"
        assert typed(line) == {"status": "sent"}
        assert len(line.kept) == 1


@pytest.mark.parametrize("digits", ["", "12x", "1" * 65, ",,,,,,,,,,,,,,,,"])
@in_virtual_time
async def test_keys_that_cannot_be_played_are_refused(digits: str) -> None:
    async with Line(desk()) as line:
        line.answers(calls(SEND_DTMF, digits=digits))
        line.answers("Sorry.")
        await line.hears("Hello.")
        await line.says("choose")
        await line.hears("Sorry.")
        assert "tool: Error:" in line.brain.told()[-1]
        assert line.kept == []
