"""Providers that do what a test writes down, for chains under virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from agent_runtime.providers.capabilities import LlmCapabilities, SttCapabilities, TtsCapabilities
from agent_runtime.providers.ports import (
    LlmDone,
    LlmEvent,
    LlmRequest,
    SpokenWord,
    SttRequest,
    TextDelta,
    ToolCallRequest,
    Transcript,
    TtsRequest,
    Voice,
)
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

ULAW = AudioFormat.PCMU_8K


class Pause(float):
    """Seconds without a word."""


class ScriptedLlm:
    """Plays one script per request, the last one again and again: words, tool calls, pauses, failures. "…" is the first piece of a tool call."""

    def __init__(self, name: str, *scripts: tuple[Any, ...], capabilities: LlmCapabilities | None = None) -> None:
        self.name = name
        self.scripts = list(scripts)
        self.capabilities = capabilities or LlmCapabilities()
        self.asked: list[LlmRequest] = []
        self.closed = 0

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.asked.append(request)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        try:
            for step in script:
                if isinstance(step, DependencyError):
                    raise step
                if isinstance(step, Pause):
                    await asyncio.sleep(step)
                elif isinstance(step, ToolCallRequest):
                    yield step
                elif step == "…":
                    if request.on_begin is not None:
                        request.on_begin()
                else:
                    yield TextDelta(step)
            yield LlmDone("stop", 3, 5)
        finally:
            self.closed += 1


class ScriptedTts:
    """Speaks `ms_per_character` in pieces of one character, and breaks off after `fails_after` of them."""

    def __init__(self, name: str, *, fails_after: int | None = None, error: DependencyError | None = None, first_after_s: float = 0.0) -> None:
        self.name = name
        self.formats = (ULAW,)
        self.capabilities = TtsCapabilities(self.formats)
        self.fails_after = fails_after
        self.error = error
        self.first_after_s = first_after_s
        self.asked: list[TtsRequest] = []

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        self.asked.append(request)
        await asyncio.sleep(self.first_after_s)
        for index, letter in enumerate(request.text):
            if index == self.fails_after and self.error is not None:
                raise self.error
            if request.on_words is not None and (letter == " " or index == len(request.text) - 1):
                start = request.text.rfind(" ", 0, index) + 1
                request.on_words((SpokenWord(request.text[start : index + 1].strip(), start * 60.0, index * 60.0, index),))
            yield b"\xff" * ULAW.size_bytes(60)

    async def voices(self) -> list[Voice]:
        return []


class ScriptedStt:
    """Keeps the audio of each session; `fails` are raised by the sessions in turn, each after `hears_ms` of audio."""

    def __init__(self, name: str, *fails: DependencyError, hears_ms: float = 500.0, capabilities: SttCapabilities | None = None) -> None:
        self.name = name
        self.formats = (ULAW,)
        self.capabilities = capabilities or SttCapabilities(self.formats, tells_position=True)
        self.fails = list(fails)
        self.refuses: DependencyError | None = None
        self.hears_ms = hears_ms
        self.sessions: list[ScriptedSession] = []

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator["ScriptedSession", None]:
        if self.refuses is not None:
            raise self.refuses
        session = ScriptedSession(self.fails.pop(0) if self.fails else None, self.hears_ms)
        self.sessions.append(session)
        try:
            yield session
        finally:
            session.is_open = False


class ScriptedSession:
    """Texts are put into `texts` by the test."""

    def __init__(self, fails: DependencyError | None, hears_ms: float) -> None:
        self.fails = fails
        self.limit = ULAW.size_bytes(hears_ms)
        self.heard = b""
        self.finalized_at: list[int] = []
        self.texts: asyncio.Queue[Transcript | DependencyError] = asyncio.Queue()
        self.is_open = True

    async def send(self, audio: bytes) -> None:
        await asyncio.sleep(0)
        self.heard += audio
        if self.fails is not None and len(self.heard) >= self.limit:
            self.texts.put_nowait(self.fails)
            self.fails = None

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        self.finalized_at.append(len(self.heard))

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        while True:
            text = await self.texts.get()
            if isinstance(text, DependencyError):
                raise text
            yield text
