"""Proves A2 (stt) on Deepgram's turn-based wire (Flux): turn events, ends of turns, finalize, failures, cancellation."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from agent_runtime.providers.dialogue import NOTHING, Reply
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED
from agent_runtime.providers.vendors.deepgram.stt import DeepgramByModel, FluxStt
from agent_runtime.providers.vendors.deepgram.turns import FluxDialogue, turns_url
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.faults import Fault
from wires import SILENCE, SPEECH, next_final, speak

SECRET = "dg-test"
REQUEST = SttRequest(AudioFormat.PCMU_8K, "en")
FORCE = '{"type":"ForceEndTurn"}'


@pytest.fixture
async def fake() -> AsyncIterator[FakeDeepgram]:
    async with FakeDeepgram(("Two large pizzas.", "my number is"), api_key=SECRET) as server:
        yield server


def provider(base_url: str, *, patience_s: float = 0.1, finalize_wait_s: float = 1.0) -> FluxStt:
    return FluxStt(SECRET, base_url, "flux-general-en", Deadlines(2.0, 2.0, 2.0), patience_s=patience_s, finalize_wait_s=finalize_wait_s)


def controls(fake: FakeDeepgram) -> list[str]:
    return [message["text"] for message in fake.requests[-1].messages]


async def test_flux_ends_the_turn_and_a_later_finalize_is_answered_at_once(fake: FakeDeepgram) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, SPEECH + SILENCE[:2400])
        ended = await next_final(texts)
        assert ended == Transcript("Two large pizzas.", is_final=True, ends_turn=True)
        assert ended.until_ms == pytest.approx(len(SPEECH) / 8 + 260, abs=40)
        await stream.finalize(200)
        assert await next_final(texts) == Transcript("", is_final=True, answers_finalize=True, ends_turn=True)
    assert FORCE not in controls(fake)
    assert controls(fake)[-1] == '{"type":"CloseStream"}'
    query = fake.requests[-1].query
    assert (fake.requests[-1].path, query) == (
        "/v2/listen",
        {"model": "flux-general-en", "encoding": "mulaw", "sample_rate": "8000", "eager_eot_threshold": "0.5"},
    )
    assert fake.requests[-1].headers["authorization"] == f"Token {SECRET}"


async def test_the_end_of_the_turn_answers_the_open_finalize(fake: FakeDeepgram) -> None:
    async with provider(fake.url, patience_s=5).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, SPEECH + SILENCE[:1600])
        await stream.finalize(200)
        await speak(stream, SILENCE[:1600])
        assert await next_final(texts) == Transcript("Two large pizzas.", is_final=True, answers_finalize=True, ends_turn=True)


async def test_a_turn_that_flux_is_not_sure_about_is_ended_for_it(fake: FakeDeepgram) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, SPEECH + SILENCE[:2400])
        await next_final(texts)
        await speak(stream, SPEECH + SILENCE[:1600])
        started = time.monotonic()
        await stream.finalize(200)
        assert await next_final(texts) == Transcript("my number is", is_final=True, answers_finalize=True, ends_turn=False)
    assert time.monotonic() - started > 0.09
    assert controls(fake).count(FORCE) == 1


async def test_noise_without_words_gets_an_empty_answer(fake: FakeDeepgram) -> None:
    async with provider(fake.url, patience_s=5).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, SILENCE)
        await stream.finalize(200)
        assert await next_final(texts) == SETTLED


@pytest.mark.parametrize(("messages", "said"), [(2, SPEECH), (1, SILENCE)], ids=["in_speech", "in_silence"])
async def test_a_stalled_vendor_is_an_error(fake: FakeDeepgram, messages: int, said: bytes) -> None:
    fake.faults.add(Fault(stall_after=messages))
    async with provider(fake.url, finalize_wait_s=0.1).open(REQUEST) as stream:
        texts = stream.transcripts()
        await speak(stream, said)
        if said is SILENCE:
            await stream.finalize()
            assert await next_final(texts) == SETTLED, "once is forgiven"
        else:
            assert not (await anext(texts)).is_final
        await stream.finalize()
        with pytest.raises(DependencyError) as caught:
            await next_final(texts)
    assert (caught.value.vendor, caught.value.phase, caught.value.code) == ("deepgram", "stream", "provider_timeout")


@pytest.mark.parametrize(("default", "asked", "path"), [("nova-3", "flux", "/v2/listen"), ("flux-general-en", "nova-3", "/v1/listen")])
async def test_the_models_name_chooses_the_wire(fake: FakeDeepgram, default: str, asked: str, path: str) -> None:
    either = DeepgramByModel(SECRET, fake.url, default, Deadlines(2.0, 2.0, 2.0))
    async with either.open(SttRequest(AudioFormat.PCMU_8K, "en", model=asked)) as stream:
        await speak(stream, SPEECH + SILENCE[:2400])
        await stream.finalize(200)
        assert (await next_final(stream.transcripts())).text == "Two large pizzas."
    assert fake.requests[-1].path == path


def test_the_query() -> None:
    request = SttRequest(AudioFormat.PCM16_16K, "es-MX", options={"keyterm": ["Bella", "Pizza"], "eager_eot_threshold": 0.4})
    url = turns_url("https://api.deepgram.com/", "flux", request)
    assert url.startswith("wss://api.deepgram.com/v2/listen?model=flux-general-multi&encoding=linear16&sample_rate=16000&language_hint=es")
    assert url.endswith("&eager_eot_threshold=0.4&keyterm=Bella&keyterm=Pizza")


def turn(event: str, text: str = "", *, until_s: float = 1.0, word_s: float = 0.0, **more: Any) -> str:
    words = [{"word": text, "confidence": 1.0, "end": word_s}] if word_s else []
    return json.dumps({"type": "TurnInfo", "event": event, "turn_index": 0, "audio_window_end": until_s, "transcript": text, "words": words, **more})


def dialogue() -> FluxDialogue:
    return FluxDialogue(0.3, 2.0)


def test_every_event_of_a_turn() -> None:
    talk = dialogue()
    said = [
        talk.read(turn("Update"), 0.0),
        talk.read(turn("StartOfTurn", "my"), 0.0),
        talk.read(turn("Update", "my"), 0.0),
        talk.read(turn("EagerEndOfTurn", "my number"), 0.0),
        talk.read(turn("TurnResumed", "my number"), 0.0),
        talk.read(turn("Update", "my number is"), 0.0),
        talk.read(turn("EndOfTurn", "my number is 5.", trigger="model"), 0.0),
    ]
    assert [[(text.text, text.is_final, text.ends_turn) for text in reply.events] for reply in said] == [
        [],
        [("my", False, False)],
        [],
        [("my number", False, False)],
        [("my number", False, False)],
        [("my number is", False, False)],
        [("my number is 5.", True, True)],
    ]


def test_a_caller_who_goes_on_is_not_cut_short() -> None:
    talk = dialogue()
    talk.read(turn("StartOfTurn", "my number", until_s=1.0, word_s=0.9), 0.0)
    assert talk.finalize(10.0, 1200.0, 200.0) == NOTHING
    assert talk.due_s == 10.3
    talk.read(turn("Update", "my number is five", until_s=1.6, word_s=1.5), 10.2)
    assert talk.due_s is None


def test_an_end_of_an_earlier_turn_is_no_answer() -> None:
    talk = dialogue()
    talk.read(turn("StartOfTurn", "yes", until_s=1.0), 0.0)
    talk.finalize(10.0, 4000.0, 200.0)
    assert talk.read(turn("EndOfTurn", "yes", until_s=1.5, trigger="model"), 10.1).events == (Transcript("yes", is_final=True, ends_turn=True),)
    assert talk.elapsed(10.3) == Reply((FORCE,))
    assert talk.read(turn("Update", until_s=3.9), 10.4).events[0].answers_finalize


def test_force_end_turn_without_an_answer_is_settled_while_flux_lives() -> None:
    talk = dialogue()
    talk.read(turn("StartOfTurn", "yes", until_s=1.0), 0.0)
    talk.finalize(10.0, 4000.0, 200.0)
    talk.elapsed(10.3)
    talk.read(turn("Update", "yes", until_s=1.2), 10.4)
    assert talk.elapsed(12.3).events == (SETTLED,)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"type":"TurnInfo"}', '"x"', '{"type":"TurnInfo","event":"Update","transcript":"","audio_window_end":"x"}']
)
def test_broken_messages_are_told_apart(text: str) -> None:
    with pytest.raises(DependencyError) as caught:
        dialogue().read(text, 0.0)
    assert caught.value.code == "provider_malformed"


def test_a_reported_failure() -> None:
    with pytest.raises(DependencyError) as caught:
        dialogue().read('{"type":"Error","sequence_id":1,"code":"INTERNAL_SERVER_ERROR","description":"secret"}', 0.0)
    assert caught.value.code == "provider_failed"
    assert "secret" not in caught.value.message
