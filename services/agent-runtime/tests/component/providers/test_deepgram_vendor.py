"""Proves A2 (stt) on Deepgram's documented wire: query, interim and final texts, Finalize, keep-alive, failures, cancellation."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from agent_runtime.providers.dialogue import NOTHING
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.speech_dialogue import SETTLED
from agent_runtime.providers.vendors.deepgram.nova import NovaDialogue, listen_url, read_message
from agent_runtime.providers.vendors.deepgram.stt import DeepgramStt
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.tones import tone_speech
from wires import SILENCE, SPEECH, next_final, speak, until_answer

SECRET = "dg-test"
REQUEST = SttRequest(AudioFormat.PCMU_8K, "en")


@pytest.fixture
async def fake() -> AsyncIterator[FakeDeepgram]:
    async with FakeDeepgram(("Two large pizzas.", "Yes please."), api_key=SECRET) as server:
        yield server


def provider(base_url: str, *, key: str = SECRET, finalize_wait_s: float = 1.0) -> DeepgramStt:
    return DeepgramStt(key, base_url, "nova-3", Deadlines(2.0, 2.0, 2.0), finalize_wait_s=finalize_wait_s)


async def test_speech_is_settled_by_finalize(fake: FakeDeepgram) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        await speak(stream, SPEECH)
        await stream.finalize()
        found = await until_answer(stream.transcripts())
    assert found[-1] == Transcript("Two large pizzas.", is_final=True, answers_finalize=True)
    assert any(not transcript.is_final for transcript in found)
    query = fake.requests[-1].query
    assert (query["encoding"], query["sample_rate"], query["model"], query["interim_results"]) == ("mulaw", "8000", "nova-3", "true")
    assert fake.requests[-1].headers["authorization"] == f"Token {SECRET}"
    assert fake.requests[-1].binary_bytes == len(SPEECH)
    assert fake.requests[-1].messages[-1] == {"text": '{"type":"CloseStream"}'}


async def test_what_is_settled_already_needs_no_finalize(fake: FakeDeepgram) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = aiter(stream.transcripts())
        await speak(stream, SPEECH + SILENCE[:1600])
        assert (await next_final(texts)).text == "Two large pizzas."
        waiting = asyncio.create_task(next_final(texts))
        await asyncio.sleep(0)
        await stream.finalize(200)
        assert await waiting == Transcript("", is_final=True, answers_finalize=True)
        await speak(stream, SPEECH + SILENCE[:800])
        await stream.finalize(100)
        assert [text.text for text in (await next_final(texts), await next_final(texts)) if text.text] == ["Yes please."]
    assert [message["text"] for message in fake.requests[-1].messages].count('{"type":"Finalize"}') == 1


@pytest.mark.parametrize("event", ["finalize", "failure"])
async def test_what_happens_in_the_moment_a_deadline_fires_is_no_error_of_ours(fake: FakeDeepgram, event: str) -> None:
    """The reader has been woken but has not run yet: its deadline refuses to be moved."""
    loop, happened = asyncio.get_running_loop(), asyncio.Event()

    def meanwhile() -> None:
        assert stream._deadline is not None  # pyright: ignore[reportPrivateUsage]
        assert stream._deadline.expired()  # pyright: ignore[reportPrivateUsage]
        if event == "failure":
            stream.note_failure("send", OSError("broken"))
        else:
            with pytest.raises(StopIteration):
                stream.finalize().send(None)
        happened.set()

    async with provider(fake.url, finalize_wait_s=0.2).open(REQUEST) as stream:
        reading = asyncio.create_task(next_final(stream.transcripts()))
        await asyncio.sleep(0)
        deadline = stream._deadline  # pyright: ignore[reportPrivateUsage]
        assert deadline is not None
        due_s = loop.time() + 0.05
        deadline.reschedule(due_s)
        loop.call_at(due_s + 1e-6, meanwhile)
        if event == "failure":
            with pytest.raises(DependencyError, match="cut the connection"):
                await reading
        else:
            assert (await reading).answers_finalize
    assert happened.is_set()


@pytest.mark.parametrize(("after", "quiet_ms"), [(SPEECH[:4000], 200.0), (SILENCE[:1600], 100.0)], ids=["spoke_on", "speech_may_follow"])
async def test_speech_after_the_last_settled_text_is_waited_for(fake: FakeDeepgram, after: bytes, quiet_ms: float) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        texts = aiter(stream.transcripts())
        await speak(stream, SPEECH + SILENCE[:1600])
        await next_final(texts)
        await speak(stream, after)
        await stream.finalize(quiet_ms)
        await next_final(texts)
    assert '{"type":"Finalize"}' in [message["text"] for message in fake.requests[-1].messages]


async def test_linear_audio_and_http_addresses_work_too(fake: FakeDeepgram) -> None:
    async with provider(fake.base_url).open(SttRequest(AudioFormat.PCM16_16K, "en")) as stream:
        await stream.send(tone_speech("hellohello", 16_000))
        await stream.finalize()
        assert (await until_answer(stream.transcripts()))[-1].text == "Two large pizzas."


async def test_an_unanswered_finalize_after_silence_gets_an_empty_answer(fake: FakeDeepgram) -> None:
    fake.faults.add(Fault(stall_after=0))
    async with provider(fake.url, finalize_wait_s=0.1).open(REQUEST) as stream:
        await speak(stream, SILENCE[:4000])
        await stream.finalize()
        assert await until_answer(stream.transcripts()) == [Transcript("", is_final=True, answers_finalize=True)]


async def test_a_stalled_vendor_is_an_error(fake: FakeDeepgram) -> None:
    fake.faults.add(Fault(stall_after=0))
    async with provider(fake.url, finalize_wait_s=0.1).open(REQUEST) as stream:
        await speak(stream, SILENCE * 3)
        await stream.finalize()
        with pytest.raises(DependencyError) as caught:
            await until_answer(stream.transcripts())
    assert (caught.value.vendor, caught.value.phase, caught.value.code) == ("deepgram", "stream", "provider_timeout")


async def test_a_socket_that_does_not_drain_drops_the_oldest_audio(fake: FakeDeepgram) -> None:
    async with provider(fake.url).open(REQUEST) as stream:
        # No await in between that lets the writer run: everything waits in the queue.
        for _ in range(600):
            await stream.send(b"\xff" * 160)
        await stream.finalize()
        await until_answer(stream.transcripts())
    assert fake.requests[-1].binary_bytes == 80_000, "ten seconds are kept"


def test_silence_is_bridged_by_keep_alive() -> None:
    talk = NovaDialogue(AudioFormat.PCMU_8K, 0.0, 2.0)
    assert talk.due_s == 4.0
    talk.audio(b"\xff" * 160)
    assert (talk.elapsed(4.0), talk.due_s) == (NOTHING, 8.0), "the audio kept it alive"
    assert talk.elapsed(8.0).messages == ('{"type":"KeepAlive"}',)
    talk.finalize(9.0, 20.0, 0.0)
    assert talk.due_s == 11.0, "the answer is due before the next look"
    assert (talk.elapsed(11.0).events, talk.due_s) == ((SETTLED,), 12.0)


def test_options_of_the_agent_extend_the_query() -> None:
    request = SttRequest(
        AudioFormat.PCMU_8K, "de", model="nova-2", options={"keyterm": ["Bella", "Pizza"], "smart_format": False, "endpointing": None}
    )
    url = listen_url("https://api.deepgram.com/", "nova-2", request)
    assert url.startswith("wss://api.deepgram.com/v1/listen?model=nova-2&language=de&")
    assert "keyterm=Bella&keyterm=Pizza" in url
    assert "smart_format=false" in url
    assert "endpointing" not in url


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type":"Results"}', '{"type":"Results","channel":{"alternatives":[]},"is_final":true}', '"x"'])
def test_broken_messages_are_told_apart(text: str) -> None:
    with pytest.raises(DependencyError) as caught:
        read_message(text)
    assert caught.value.code == "provider_malformed"


def test_messages_without_text_are_skipped() -> None:
    assert read_message(json.dumps({"type": "Metadata"})) is None
    with pytest.raises(DependencyError):
        read_message(json.dumps({"type": "Error", "description": "secret"}))
