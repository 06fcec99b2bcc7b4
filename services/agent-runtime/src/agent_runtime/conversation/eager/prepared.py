"""A language model and a voice that look for a prepared answer first."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from callstage_domain.audio import AudioFormat

from agent_runtime.conversation.eager.recording import Recording
from agent_runtime.providers.capabilities import LlmCapabilities, TtsCapabilities
from agent_runtime.providers.ports import LlmEvent, LlmProvider, LlmRequest, Served, SpokenWord, TtsProvider, TtsRequest, Voice


@dataclass(frozen=True, slots=True)
class Words:
    """Word times, at their place among the audio."""

    words: tuple[SpokenWord, ...]


AnswerRecording = Recording[LlmEvent | Served]
VoiceRecording = Recording[bytes | Words | Served]
TakeAnswer = Callable[[LlmRequest], AnswerRecording | None]
"""Gives the prepared answer to exactly that request, once."""
TakeVoice = Callable[[TtsRequest], VoiceRecording | None]


class PreparedLlm:
    """Implements `LlmProvider`."""

    def __init__(self, take: TakeAnswer, inner: LlmProvider) -> None:
        self._take = take
        self._inner = inner

    @property
    def name(self) -> str:
        """The model's provider."""
        return self._inner.name

    @property
    def capabilities(self) -> LlmCapabilities:
        """Of the provider."""
        return self._inner.capabilities

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """The prepared answer, or a fresh one."""
        prepared = self._take(request)
        if prepared is None:
            async with aclosing(cast("AsyncGenerator[LlmEvent, None]", self._inner.stream(request))) as events:
                async for event in events:
                    yield event
            return
        async with aclosing(prepared.play()) as items:
            async for item in items:
                if not isinstance(item, Served):
                    yield item
                elif request.on_served is not None:
                    request.on_served(item)


class PreparedVoice:
    """Implements `TtsProvider`."""

    def __init__(self, take: TakeVoice, inner: TtsProvider) -> None:
        self._take = take
        self._inner = inner

    @property
    def name(self) -> str:
        """The voice's provider."""
        return self._inner.name

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """Of the provider."""
        return self._inner.formats

    @property
    def capabilities(self) -> TtsCapabilities:
        """Of the provider."""
        return self._inner.capabilities

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """The prepared sentence, or a fresh one."""
        prepared = self._take(request)
        if prepared is None:
            async with aclosing(cast("AsyncGenerator[bytes, None]", self._inner.synthesise(request))) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        async with aclosing(prepared.play()) as items:
            async for item in items:
                if isinstance(item, bytes):
                    yield item
                elif isinstance(item, Words):
                    if request.on_words is not None:
                        request.on_words(item.words)
                elif request.on_served is not None:
                    request.on_served(item)

    async def voices(self) -> list[Voice]:
        """Of the provider."""
        return await self._inner.voices()
