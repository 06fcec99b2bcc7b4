"""Proves A2 A6 B2: openings, the idle rule, the longest call, the end of a call, the keypad. Scripted calls in virtual time."""

from callstage_testing.virtual_time import in_virtual_time

from .engines import calls
from .line import Line, agent

DISCLOSURE = "Hello, you are speaking with Mia, an AI assistant, and this call is recorded."


@in_virtual_time
async def test_a_silent_caller_is_asked_once_and_then_let_go() -> None:
    async with Line(agent(idle_timeout_s=8)) as line:
        await line.hears("Hello.")
        await line.silence(7)
        await line.hears("Are you still there?")
        await line.silence(7)
        await line.hears("Thank you for your call.", "Goodbye.")
        assert await line.ends() == "idle_timeout"


@in_virtual_time
async def test_a_caller_who_comes_back_is_asked_again_the_next_time() -> None:
    async with Line(agent(idle_timeout_s=8)) as line:
        line.answers("Good.")
        await line.hears("Hello.", "Are you still there?")
        await line.says("yes, one moment")
        await line.hears("Good.", "Are you still there?", "Thank you for your call.", "Goodbye.")
        assert await line.ends() == "idle_timeout"


@in_virtual_time
async def test_the_longest_call_ends_with_the_agents_own_farewell_whoever_speaks() -> None:
    async with Line(agent(max_duration_s=20, farewell="Our time is up, {name|dear caller}.")) as line:
        line.answers("This is a very long answer that goes on and on. " * 20)
        await line.hears("Hello.")
        await line.says("tell me everything")
        assert await line.ends() == "max_duration"
        assert line.heard[-2:] == ["This is a very long answer that goes on and on.", "Our time is up, dear caller."]
    assert line.heard.count("Our time is up, dear caller.") == 1


@in_virtual_time
async def test_a_farewell_at_the_limit_cannot_be_talked_down() -> None:
    async with Line(agent(max_duration_s=10)) as line:
        await line.hears("Hello.")
        await line.silence(9)
        await line.is_talked_to(0.2)
        await line.says("wait, I have a question")
        await line.hears("Thank you for your call.", "Goodbye.")
        assert await line.ends() == "max_duration"


@in_virtual_time
async def test_an_agent_that_does_not_speak_first_listens() -> None:
    async with Line(agent(speak_first=False, idle_timeout_s=10)) as line:
        line.answers("How can I help?")
        await line.silence(5)
        await line.says("hello?")
        await line.hears("How can I help?")
    assert line.history[:2] == ["user: hello?", "assistant: How can I help?"]


@in_virtual_time
async def test_silence_at_answer_is_asked_after_even_when_the_agent_does_not_speak_first() -> None:
    async with Line(agent(speak_first=False, idle_timeout_s=6)) as line:
        await line.hears("Are you still there?", "Thank you for your call.", "Goodbye.")
        assert await line.ends() == "idle_timeout"


@in_virtual_time
async def test_the_disclosure_comes_before_everything_else() -> None:
    async with Line(agent(disclosure=True, recording=True, greeting=None)) as line:
        line.answers("What can I do for you?")
        await line.hears(DISCLOSURE, "What can I do for you?")


@in_virtual_time
async def test_the_disclosure_is_given_by_an_agent_that_does_not_speak_first_and_to_one_who_talks_over_it() -> None:
    async with Line(agent(disclosure=True, speak_first=False)) as line:
        line.answers("Sure.")
        await line.says("hello hello, I want to order", 0.3)
        await line.hears("Hello, you are speaking with Mia, an AI assistant.", "Sure.")


@in_virtual_time
async def test_end_call_lingers_and_hangs_up() -> None:
    async with Line() as line:
        line.answers("Bye bye.", calls("end_call", reason="done"))
        await line.hears("Hello.")
        await line.says("that is all")
        await line.hears("Bye bye.")
        await line.silence(1.5)
        assert line.ended is None
        assert await line.ends() == "agent_ended"


@in_virtual_time
async def test_a_caller_who_speaks_while_the_end_lingers_keeps_the_call() -> None:
    async with Line() as line:
        line.answers("Bye bye.", calls("end_call", reason="done"))
        line.answers("At nine.")
        await line.hears("Hello.")
        await line.says("that is all")
        await line.hears("Bye bye.")
        await line.says("oh, when do you open?")
        await line.hears("At nine.")
        await line.silence(10)
        assert line.ended is None


@in_virtual_time
async def test_keys_are_a_turn_when_the_caller_stops_pressing() -> None:
    async with Line() as line:
        line.answers("Thank you.")
        await line.hears("Hello.")
        await line.presses("4711")
        await line.hears("Thank you.")
        assert line.brain.told()[-1] == "user: [keypad: 4711]"


@in_virtual_time
async def test_the_hash_key_ends_the_number_and_keys_cut_the_agent_off() -> None:
    async with Line() as line:
        line.answers("Please type your number, which you find at the top of your letter, on the right side.")
        line.answers("Thank you.")
        await line.hears("Hello.")
        await line.says("hi")
        await line.is_talked_to(0.4)
        await line.presses("42#")
        await line.hears("Thank you.", within_s=3)
        assert line.brain.told()[-1] == "user: [keypad: 42]"
