"""Proves N5 A6: engines that fail, once and for good: a polite sentence, the next provider, the fallback route. Scripted, in virtual time."""

from agent_runtime.providers.fallback import LlmChain, TtsChain
from agent_runtime.providers.hearing_fallback import SttChain
from agent_runtime.providers.links import Link
from agent_runtime.providers.ports import ProviderSet
from agent_runtime.providers.usage import UsageMeter
from callstage_kit.telemetry.metrics import PROVIDER_USAGE_TOTAL
from callstage_testing.virtual_time import in_virtual_time

from .engines import Brain, Ears, Mouthpiece, down
from .line import Line, agent

LAST_SORRY = "I am sorry, we have a technical problem at the moment, and I cannot help you any further."
SORRY = ("I am sorry, I did not get that.", "Could you say it again?")


@in_virtual_time
async def test_a_model_that_fails_once_is_apologised_for() -> None:
    async with Line() as line:
        line.answers(down("brain"))
        line.answers("At nine.")
        await line.hears("Hello.")
        await line.says("when do you open")
        await line.hears(*SORRY)
        await line.says("when do you open")
        await line.hears("At nine.")
        line.answers(down("brain"))
        await line.says("and when do you close")
        await line.hears(*SORRY)


@in_virtual_time
async def test_a_model_that_fails_again_ends_the_call_politely() -> None:
    async with Line() as line:
        line.answers(down("brain"))
        line.answers(down("brain"))
        await line.hears("Hello.")
        await line.says("when do you open")
        await line.hears(*SORRY)
        await line.says("when do you open")
        await line.hears(LAST_SORRY)
        assert await line.ends() == "provider_failed", "the reason by which the gateway takes the number's fallback route"


@in_virtual_time
async def test_the_next_model_answers_and_the_caller_notices_nothing() -> None:
    line, spare = Line(), Brain("spare")
    line.providers = ProviderSet(line.ears, LlmChain([Link(line.brain), Link(spare)]), line.mouthpiece)
    async with line:
        line.answers(down("brain"))
        spare.answers.append(("At nine.",))
        await line.hears("Hello.")
        await line.says("when do you open")
        await line.hears("At nine.")
    assert [turn.text for turn in line.events if turn.type == "call.turn"] == ["Hello.", "when do you open", "At nine."]


@in_virtual_time
async def test_the_next_voice_goes_on_and_what_it_speaks_is_counted() -> None:
    line, spare, meter = Line(), Mouthpiece("spare"), UsageMeter()
    voices = TtsChain([Link(line.mouthpiece), Link(spare)], meter=meter)
    counted = PROVIDER_USAGE_TOTAL.labels("tts", "spare", "characters")
    before = counted._value.get()
    line.providers = ProviderSet(line.ears, line.brain, voices)
    async with line:
        line.answers("It is $5.")
        await line.hears("Hello.")
        line.mouthpiece.is_down = True
        await line.says("how much")
        await line.hears("It is $5.")
    assert [request.text for request in spare.requests] == ["It is five dollars."]
    answer = [turn for turn in line.events if turn.type == "call.turn"][-1]
    assert answer.waterfall.tts.characters == len("It is five dollars.")
    assert {(used.provider, used.requests, used.characters) for used in meter.totals()} == {("mouthpiece", 1, 6), ("spare", 1, 19)}
    assert counted._value.get() - before == 19


@in_virtual_time
async def test_without_any_voice_the_number_takes_over() -> None:
    async with Line() as line:
        await line.hears("Hello.")
        line.mouthpiece.is_down = True
        await line.says("when do you open")
        assert await line.ends() == "provider_failed"
        assert line.failed_with == "provider_failed", "the gateway is told to take the number's fallback route"


@in_virtual_time
async def test_a_voice_that_is_down_from_the_start_fails_the_call_at_once() -> None:
    async with Line(agent(disclosure=True)) as line:
        line.mouthpiece.is_down = True
        assert await line.ends(within_s=5) == "provider_failed"
        assert line.failed_with == "provider_failed"


@in_virtual_time
async def test_a_recogniser_that_breaks_off_is_opened_again() -> None:
    async with Line() as line:
        line.answers("At nine.")
        await line.hears("Hello.")
        line.ears.break_off()
        line.ears.is_down = False
        await line.silence(1)
        await line.says("when do you open")
        await line.hears("At nine.")
        assert line.ears.opened == 2


@in_virtual_time
async def test_the_next_recogniser_hears_the_rest() -> None:
    line, spare = Line(), Ears("spare")
    line.providers = ProviderSet(SttChain([Link(line.ears), Link(spare)]), line.brain, line.mouthpiece)
    async with line:
        line.answers("At nine.")
        await line.hears("Hello.")
        line.ears.break_off()
        spare.text = "when do you open"
        await line.says("when do you open")
        await line.hears("At nine.")
    assert spare.opened == 1


@in_virtual_time
async def test_a_caller_who_cannot_be_heard_is_told_so() -> None:
    async with Line() as line:
        await line.hears("Hello.")
        line.ears.break_off()
        await line.hears(LAST_SORRY)
        assert await line.ends() == "provider_failed"


@in_virtual_time
async def test_a_greeting_that_the_model_cannot_make_is_made_by_us() -> None:
    async with Line(agent(greeting=None)) as line:
        line.answers(down("brain"))
        await line.hears("How can I help you?")
