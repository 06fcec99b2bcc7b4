"""Proves A2 C5: one call outlives its speech-to-speech sessions, whenever and however they end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from agent_runtime.conversation.realtime.providers import RealtimeLlm
from agent_runtime.conversation.realtime.voice import RealtimeVoice
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, Message, TextDelta, Transcript
from agent_runtime.providers.realtime import (
    AnswerAudio,
    AnswerEnded,
    AnswerText,
    Leaving,
    RealtimeCapabilities,
    RealtimeEvent,
    RealtimeSetup,
)
from callstage_domain.agent import AgentSettings, RealtimeSettings, SpeechSettings
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope
from callstage_testing.virtual_time import in_virtual_time

HEARS = AudioFormat.PCMU_8K
NOW = LlmRequest("Sell pizza.", ())
ASKED = LlmRequest("Sell pizza.", (Message("user", "hi"),))
BROKEN = DependencyError("cut", vendor="scripted", phase="stream")
SPEECH = b"\x10" * 800
SAID = Transcript("hi", is_final=True, answers_finalize=True)


class Session:
    """Notes what it is told; the test says what it answers."""

    def __init__(self, setup: RealtimeSetup) -> None:
        self.setup = setup
        self.told: list[str] = []
        self.heard = b""
        self.handover: Any = "handle"
        self.answers: int | None = 1
        self.is_up_to_date = True
        self._events: asyncio.Queue[RealtimeEvent | DependencyError] = asyncio.Queue()

    def tell(self, *events: RealtimeEvent | DependencyError) -> None:
        for event in events:
            self._events.put_nowait(event)

    def is_current(self, request: LlmRequest) -> bool:
        return self.is_up_to_date

    def caller_began(self) -> None:
        self.told.append("began")

    def hear(self, audio: bytes) -> None:
        self.heard += audio

    def caller_stopped(self, request: LlmRequest, quiet_ms: float = 0.0) -> None:
        self.told.append("stopped")

    def ask(self, request: LlmRequest, heard_ms: float | None = None) -> int | None:
        self.told.append(f"asked {heard_ms}")
        return self.answers

    def cancel(self, number: int) -> None:
        self.told.append(f"cancelled {number}")

    async def events(self) -> AsyncGenerator[RealtimeEvent, None]:
        while True:
            event = await self._events.get()
            if isinstance(event, DependencyError):
                raise event
            yield event


class Model:
    """Opens one session after the other; `fails` says how many do not open."""

    name, model, deadlines = "scripted", "scripted-1", Deadlines(1.0, 2.0, 2.0)
    capabilities = RealtimeCapabilities(inputs=(HEARS,), outputs=(HEARS, AudioFormat.PCM16_24K), max_session_s=3600.0)

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.open_sessions = 0
        self.fails = 0

    def described(self, setup_model: str | None, options: dict[str, Any]) -> RealtimeCapabilities:
        return self.capabilities

    @asynccontextmanager
    async def open(self, setup: RealtimeSetup) -> AsyncGenerator[Session, None]:
        await asyncio.sleep(0.3)
        if self.fails:
            self.fails -= 1
            raise DependencyError("no", vendor="scripted")
        self.sessions.append(Session(setup))
        self.open_sessions += 1
        try:
            yield self.sessions[-1]
        finally:
            self.open_sessions -= 1


def voice_of(model: Model, scope: TaskScope, **settings: Any) -> RealtimeVoice:
    chosen = AgentSettings(display_name="Mia", realtime=RealtimeSettings(provider="scripted"), **settings)
    return RealtimeVoice(model, chosen, HEARS, HEARS, lambda: NOW, scope)


async def texts(voice: RealtimeVoice, count: int) -> list[Transcript]:
    found: list[Transcript] = []
    async with asyncio.timeout(30), aclosing(voice.transcripts()) as all_texts:
        async for text in all_texts:
            found.append(text)
            if len(found) == count:
                break
    return found


def speak(voice: RealtimeVoice) -> None:
    voice.hear(SPEECH)
    voice.speech_began()
    voice.hear(SPEECH)


@in_virtual_time
async def test_a_session_that_grows_old_is_changed_in_a_pause() -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        await asyncio.sleep(3500)
        speak(voice)
        await asyncio.sleep(1)
        assert len(model.sessions) == 1, "not while he speaks"
        voice.finalize(200)
        model.sessions[0].tell(SAID)
        assert await texts(voice, 1) == [SAID]
        await asyncio.sleep(1)
        assert (len(model.sessions), model.open_sessions) == (2, 1)
        assert model.sessions[1].setup.resume == "handle"
        assert model.sessions[1].told == []


@in_virtual_time
async def test_what_was_said_and_not_settled_is_said_again() -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        speak(voice)
        model.sessions[0].tell(BROKEN)
        await asyncio.sleep(0.1)
        voice.hear(SPEECH)
        voice.finalize(200)
        await asyncio.sleep(1)
        again = model.sessions[1]
        assert (again.told, again.heard) == (["began", "stopped"], SPEECH * 3)
        assert again.setup.resume == "handle"
        again.tell(SAID)
        assert await texts(voice, 1) == [SAID]


@in_virtual_time
async def test_only_what_is_spoken_is_heard_and_the_moment_before() -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        for _ in range(100):
            voice.hear(b"\xff" * 160)
        assert model.sessions[0].heard == b""
        speak(voice)
        voice.finalize(200)
        voice.hear(SPEECH)
        assert model.sessions[0].told == ["began", "stopped"]
        assert len(model.sessions[0].heard) == HEARS.size_bytes(600) + len(SPEECH)
        voice.finalize(0)
        model.sessions[0].tell(SAID)
        await texts(voice, 1)
        voice.finalize(0)
        assert (await texts(voice, 1))[0].text == ""


@in_virtual_time
@pytest.mark.parametrize("sessions_that_open", [1, 2])
async def test_a_vendor_that_stays_away_is_given_up(sessions_that_open: int) -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        model.fails = 2 - sessions_that_open
        model.sessions[0].tell(BROKEN)
        if sessions_that_open == 2:
            await asyncio.sleep(1)
            model.sessions[1].tell(BROKEN)
        with pytest.raises(DependencyError):
            await texts(voice, 1)


@in_virtual_time
async def test_one_loss_now_and_then_is_no_reason_to_give_up() -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        for number in range(5):
            await asyncio.sleep(60)
            model.sessions[number].tell(BROKEN)
        await asyncio.sleep(60)
        assert (len(model.sessions), model.open_sessions) == (6, 1)


@in_virtual_time
async def test_a_session_that_cannot_do_it_makes_room_for_one_that_can() -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        model.sessions[0].answers = None
        session, number, _ = await voice.ask(ASKED)
        assert (session, number) == (model.sessions[1], 1)
        assert session.setup.request is ASKED  # type: ignore[attr-defined]
        model.sessions[1].is_up_to_date = False
        speak(voice)
        await asyncio.sleep(1)
        assert (model.sessions[2].told, model.sessions[2].heard) == (["began"], SPEECH * 2)
        assert model.open_sessions == 1


@in_virtual_time
async def test_an_answer_is_closed_at_once_and_leaving_waits_for_it() -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope, voice="cedar", tts=SpeechSettings(provider="elevenlabs"))
        await voice.listen()
        assert model.sessions[0].setup.voice is None
        voice.cut(700.0)
        stream = RealtimeLlm(model, voice).stream(ASKED)
        model.sessions[0].tell(AnswerAudio(1, b"\x00" * 80), AnswerText(1, "Hello."), Leaving(60.0))
        first, second = await anext(stream), await anext(stream)
        assert isinstance(first, TextDelta)
        assert isinstance(second, TextDelta)
        assert (first.text, second.text) == ("", "Hello.")
        sound = first.sound
        assert sound is not None
        assert second.sound is sound
        await asyncio.sleep(5)
        assert len(model.sessions) == 1
        before = asyncio.get_running_loop().time()
        await stream.aclose()
        assert asyncio.get_running_loop().time() - before < 0.02
        assert model.sessions[0].told == ["asked 700.0", "cancelled 1"]
        assert sound.is_ended
        await asyncio.sleep(1)
        assert (len(model.sessions), model.open_sessions) == (2, 1)


@in_virtual_time
async def test_an_answer_fails_with_its_session_and_an_early_one_is_kept() -> None:
    model = Model()

    async def all_of(stream: AsyncGenerator[LlmEvent, None]) -> list[LlmEvent]:
        return [event async for event in stream]

    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        model.sessions[0].tell(AnswerText(1, "Early."), AnswerEnded(1, LlmDone("stop", 1, 2)))
        await asyncio.sleep(1)
        events = await all_of(RealtimeLlm(model, voice).stream(ASKED))
        assert [event.text for event in events if isinstance(event, TextDelta)] == ["Early."]
        assert events[-1] == LlmDone("stop", 1, 2)
        model.sessions[0].answers = 2
        asking = scope.start(all_of(RealtimeLlm(model, voice).stream(ASKED)), name="asking")
        await asyncio.sleep(0.1)
        model.sessions[0].tell(BROKEN)
        await asyncio.wait({asking})
        assert isinstance(asking.exception(), DependencyError)


@in_virtual_time
async def test_a_silent_vendor_is_not_waited_for_forever() -> None:
    model = Model()
    async with TaskScope("test") as scope:
        voice = voice_of(model, scope)
        await voice.listen()
        with pytest.raises(DependencyError) as caught:
            await anext(RealtimeLlm(model, voice).stream(ASKED))
        assert caught.value.code == "provider_timeout"
        assert model.sessions[0].told == ["asked None", "cancelled 1"]
