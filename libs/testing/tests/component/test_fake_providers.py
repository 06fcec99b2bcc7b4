"""Proves that the fake OpenAI, Deepgram and ElevenLabs speak the vendors' wire, through the real SDK or the documented messages."""

import asyncio
import base64
import json
import time

import aiohttp
import numpy as np
import openai
import pytest
import websockets
from callstage_testing.fakes import FakeDeepgram, FakeElevenLabs, FakeOpenAI, Fault, Reply, ToolCall
from callstage_testing.fakes.tones import tone_speech

SPEECH = tone_speech("hello there my friend", 8000)


def client(fake: FakeOpenAI, key: str = "sk-test") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key=key, base_url=fake.url, max_retries=0, timeout=5)


async def test_chat_streams_text_with_usage_in_a_chunk_without_choices() -> None:
    async with FakeOpenAI(lambda _: Reply(text="Hello there. How are you?"), ttft_s=0.05) as fake, client(fake) as sdk:
        stream = await sdk.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == "Hello there. How are you?"
        assert chunks[0].choices[0].delta.role == "assistant"
        assert chunks[-1].choices == []
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens > 0
        [exchange] = fake.requests
        first, sentence, done = exchange.at("first_token"), exchange.at("first_sentence"), exchange.at("done")
        assert first is not None
        assert sentence is not None
        assert done is not None
        assert 0.045 < first - exchange.received_at < 0.3
        assert first <= sentence <= done


async def test_two_tool_calls_interleave_by_index_and_assemble_in_the_sdk() -> None:
    calls = (ToolCall("find_order", {"number": "A-100", "city": "Ghent"}), ToolCall("note", {"text": "a longer text than the other one has"}))
    async with FakeOpenAI(lambda _: Reply(tool_calls=calls)) as fake, client(fake) as sdk:
        async with sdk.chat.completions.stream(model="m", messages=[{"role": "user", "content": "hi"}]) as stream:
            final = await stream.get_final_completion()
        got = final.choices[0].message.tool_calls
        assert got is not None
        assert [json.loads(call.function.arguments) for call in got] == [calls[0].arguments, calls[1].arguments]
        assert final.choices[0].finish_reason == "tool_calls"
        plain = await sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
        assert plain.choices[0].message.tool_calls is not None
        assert plain.choices[0].message.tool_calls[0].id


async def test_openai_errors_have_the_vendors_shape() -> None:
    async with FakeOpenAI() as fake, client(fake) as sdk:
        async with client(fake, "wrong") as stranger:
            with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
                await stranger.models.list()
        fake.faults.add(Fault(status=429, message="slow down", retry_after_s=1))
        with pytest.raises(openai.RateLimitError) as caught:
            await sdk.models.list()
        assert caught.value.response.headers["retry-after"] == "1"
        assert [model.id async for model in sdk.models.list()] == fake.models
        fake.faults.add(Fault(disconnect_after=2))
        stream = await sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
        with pytest.raises(openai.APIConnectionError):
            async for _ in stream:
                pass
        assert fake.requests[-1].outcome == "faulted"


async def test_a_client_that_leaves_is_noticed() -> None:
    async with FakeOpenAI(lambda _: Reply(text="word " * 400, tokens_per_s=50)) as fake, client(fake) as sdk:
        stream = await sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                break
        await stream.close()
        async with asyncio.timeout(20):
            while fake.requests[0].outcome == "open":
                await asyncio.sleep(0.005)
        assert fake.requests[0].outcome == "client_gone"


async def test_speech_and_transcription() -> None:
    async with FakeOpenAI(transcripts=["good morning"]) as fake, client(fake) as sdk:
        async with sdk.audio.speech.with_streaming_response.create(model="t", voice="alloy", input="Hi you", response_format="pcm") as response:
            audio = b"".join([chunk async for chunk in response.iter_bytes()])
        assert len(audio) == round(6 * 0.06 * 24000) * 2
        text = await sdk.audio.transcriptions.create(model="gpt-transcribe", file=("a.wav", b"RIFF", "audio/wav"))
        assert text.text == "good morning"


def listen_url(fake: FakeDeepgram, more: str = "") -> str:
    return f"{fake.url}/v1/listen?encoding=linear16&sample_rate=8000&interim_results=true&vad_events=true{more}"


async def test_deepgram_finalize_gives_the_scripted_text_after_its_delay() -> None:
    async with FakeDeepgram(["first one", "second one"], final_delay_s=0.05) as fake:
        async with websockets.connect(listen_url(fake, "&endpointing=false"), additional_headers={"Authorization": "Token dg-test"}) as socket:
            for expected in ("first one", "second one"):
                await socket.send(SPEECH)
                await socket.send('{"type":"Finalize"}')
                asked = time.monotonic()
                kinds: list[str] = []
                while True:
                    message = json.loads(await socket.recv())
                    kinds.append(message["type"])
                    if message.get("from_finalize"):
                        break
                assert time.monotonic() - asked >= 0.045
                assert message["channel"]["alternatives"][0]["transcript"] == expected
                assert message["is_final"]
                assert kinds[0] == "SpeechStarted"
                assert kinds.count("Results") >= 3
            await socket.send('{"type":"KeepAlive"}')
            await socket.send('{"type":"CloseStream"}')
            assert json.loads(await socket.recv())["type"] == "Metadata"
            with pytest.raises(websockets.ConnectionClosedOK):
                await socket.recv()
        assert [moment.detail for moment in fake.requests[0].moments if moment.name == "final"] == ["first one", "second one"]
        assert fake.requests[0].binary_bytes == 2 * len(SPEECH)


async def test_deepgram_finds_its_own_endpoint_and_reports_the_utterance_end() -> None:
    async with FakeDeepgram(["spoken"]) as fake:
        url = listen_url(fake, "&endpointing=300&utterance_end_ms=1000")
        async with websockets.connect(url, additional_headers={"Authorization": "Token dg-test"}) as socket:
            await socket.send(SPEECH + bytes(8000 * 2 * 2))
            messages = [json.loads(await socket.recv())]
            while messages[-1]["type"] != "UtteranceEnd":
                messages.append(json.loads(await socket.recv()))
        finals = [message for message in messages if message.get("is_final")]
        assert [(m["speech_final"], m["from_finalize"]) for m in finals] == [(True, False)]


async def test_deepgram_refuses_bad_credentials_and_bad_queries() -> None:
    async with FakeDeepgram() as fake:
        for url, key, status in ((listen_url(fake), "wrong", 401), (f"{fake.url}/v1/listen?encoding=mp3", "dg-test", 400)):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(url, additional_headers={"Authorization": f"Token {key}"})
            assert refused.value.response.status_code == status


async def test_elevenlabs_http_stream() -> None:
    async with FakeElevenLabs(first_byte_s=0.05) as fake, aiohttp.ClientSession(headers={"xi-api-key": "el-test"}) as http:
        url = f"{fake.url}/v1/text-to-speech/rachel/stream?output_format=ulaw_8000"
        async with http.post(url, json={"text": "Good morning"}) as response:
            audio = await response.read()
        assert len(audio) == round(12 * 0.06 * 8000)
        assert set(audio[:3000]) != {0xFF}
        first = fake.requests[0].at("first_byte")
        assert first is not None
        assert first - fake.requests[0].received_at >= 0.045
        async with http.get(f"{fake.url}/v1/voices", headers={"xi-api-key": "no"}) as refused:
            assert refused.status == 401
            assert "detail" in await refused.json()
        async with http.get(f"{fake.url}/v1/voices") as voices:
            assert (await voices.json())["voices"][0]["voice_id"] == "rachel"


async def test_elevenlabs_stream_input_speaks_on_flush_and_ends_with_is_final() -> None:
    async with FakeElevenLabs() as fake:
        url = f"{fake.ws_url}/v1/text-to-speech/rachel/stream-input?output_format=pcm_16000"
        async with websockets.connect(url, additional_headers={"xi-api-key": "el-test"}) as socket:
            for message in ({"text": " "}, {"text": "Good "}, {"text": "day.", "flush": True}, {"text": ""}):
                await socket.send(json.dumps(message))
            pieces: list[bytes] = []
            characters: list[str] = []
            while True:
                data = json.loads(await socket.recv())
                if data["isFinal"]:
                    break
                pieces.append(base64.b64decode(data["audio"]))
                characters += (data["alignment"] or {}).get("chars", [])
        assert "".join(characters) == "Good day."
        samples = np.frombuffer(b"".join(pieces), "<i2")
        assert len(samples) == round(9 * 0.06 * 16000)
        assert np.abs(samples).max() > 5000


async def test_elevenlabs_closes_an_idle_socket_and_refuses_a_wrong_key() -> None:
    async with FakeElevenLabs() as fake:
        url = f"{fake.ws_url}/v1/text-to-speech/rachel/stream-input?output_format=pcm_16000&inactivity_timeout=0.05"
        async with websockets.connect(url, additional_headers={"xi-api-key": "el-test"}) as socket:
            assert json.loads(await socket.recv())["error"] == "input_timeout_exceeded"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(url, additional_headers={"xi-api-key": "wrong"})


async def test_a_stalled_stream_hangs_until_the_client_gives_up() -> None:
    async with FakeElevenLabs() as fake, aiohttp.ClientSession(headers={"xi-api-key": "el-test"}) as http:
        fake.faults.add(Fault(stall_after=1))
        async with http.post(f"{fake.url}/v1/text-to-speech/r/stream?output_format=pcm_16000", json={"text": "x" * 40}) as response:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await response.read()
