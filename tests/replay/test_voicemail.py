"""Proves B3 X2 A6: a caller leaves a message: tone, silence, key, hanging up, three minutes; nobody answers. Scripted calls in virtual time."""

from callstage_contracts.events import TurnCompleted, VoicemailLeft
from callstage_testing.virtual_time import in_virtual_time

from .engines import calls
from .line import Line, agent

ANNOUNCED = ("Please leave your message after the tone, and press the hash key when you are done.",)
FAREWELL = ("Thank you for your call.", "Goodbye.")
TONE_BYTES = 600 * 8


def _line() -> Line:
    shop = agent(recording_retention_days=30)
    return Line(shop.model_copy(update={"stages": (shop.stages[0].model_copy(update={"tools": ("leave_voicemail", "end_call")}),)}))


async def _asked(line: Line, *said: str, **arguments: str) -> None:
    """The caller asks for it; the tone is about to sound."""
    line.answers(*said, calls("leave_voicemail", reason="nobody is in", **arguments))
    await line.hears("Hello.")
    await line.says("can I leave a message")


async def _tone(line: Line) -> None:
    await line.waits_until(lambda: line.messages == [False])


def _left(line: Line) -> list[VoicemailLeft]:
    return [event for event in line.events if isinstance(event, VoicemailLeft)]


@in_virtual_time
async def test_a_message_ends_with_silence() -> None:
    async with _line() as line:
        await _asked(line)
        await line.hears(*ANNOUNCED)
        await _tone(line)
        assert len(line.tones) == TONE_BYTES
        await line.says("this is Anna", 2)
        await line.silence(3)
        await line.says("please call me back", 2)
        assert line.messages == [False], "a pause is no end"
        await line.hears(*FAREWELL)
        assert await line.ends() == "agent_ended"
    assert line.messages == [False, True]
    [left] = _left(line)
    assert (left.text, left.reason, left.retention_days, left.agent_id) == ("this is Anna please call me back", "nobody is in", 30, "shop")
    assert 11_000 <= left.duration_ms <= 14_000
    words = [event.text for event in line.events if isinstance(event, TurnCompleted) and event.role == "user"]
    assert words == ["can I leave a message", "this is Anna please call me back"]


@in_virtual_time
async def test_the_hash_key_ends_it_at_once_and_other_keys_do_not() -> None:
    async with _line() as line:
        await _asked(line, "I will take a message.")
        await line.hears("I will take a message.")
        await _tone(line)
        await line.says("call me", 1)
        await line.presses("15#")
        await line.hears(*FAREWELL)
        assert await line.ends() == "agent_ended"
    [left] = _left(line)
    assert left.text == "call me"
    assert left.duration_ms < 3_000


@in_virtual_time
async def test_hanging_up_ends_it_with_what_was_said_last() -> None:
    async with _line() as line:
        await _asked(line, greeting="Speak now.")
        await line.hears("Speak now.")
        await _tone(line)
        await line.begins_to_speak()
        line.ears.text = "it is urgent"
    assert [event.text for event in _left(line)] == ["it is urgent"]
    assert line.messages == [False, True]


@in_virtual_time
async def test_nobody_speaks() -> None:
    async with _line() as line:
        await _asked(line)
        await line.hears(*ANNOUNCED)
        await _tone(line)
        await line.silence(9)
        await line.hears(*FAREWELL)
        assert await line.ends() == "agent_ended"
    assert _left(line) == []


@in_virtual_time
async def test_three_minutes_are_the_limit() -> None:
    async with _line() as line:
        await _asked(line)
        await line.hears(*ANNOUNCED)
        await _tone(line)
        await line.begins_to_speak()
        await line.hears(*FAREWELL, within_s=200)
        assert await line.ends() == "agent_ended"
    assert [event.duration_ms // 1000 for event in _left(line)] == [180]


@in_virtual_time
async def test_the_announcement_is_heard_to_its_end() -> None:
    async with _line() as line:
        await _asked(line)
        await line.is_talked_to(0.3)
        await line.says("yes yes", 0.5)
        await line.hears(*ANNOUNCED)
        await _tone(line)
        await line.says("hello", 1)
        await line.hears(*FAREWELL)
        assert await line.ends() == "agent_ended"
    assert [event.text for event in _left(line)] == ["hello"]
