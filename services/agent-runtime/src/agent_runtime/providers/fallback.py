"""Chains of providers: the next one answers when one fails before its first result.

A chain is a provider itself. Choices of the agent (model, voice, options) are meant for the first one; the others use their defaults.
"""

from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar, cast

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError, InvariantBroken

from agent_runtime.providers.audio_conversion import converted
from agent_runtime.providers.breaker import Breaker
from agent_runtime.providers.ports import (
    LlmEvent,
    LlmProvider,
    LlmRequest,
    SttProvider,
    SttRequest,
    SttStream,
    Transcript,
    TtsProvider,
    TtsRequest,
    Voice,
)

_REPLAY_MS = 10_000.0


class Named(Protocol):
    """Any provider."""

    @property
    def name(self) -> str: ...


P = TypeVar("P", bound=Named)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link(Generic[P]):
    """One provider with the health that all calls of this process share."""

    provider: P
    breaker: Breaker = field(default_factory=Breaker)


class Chain(Generic[P]):
    """What the three kinds have in common."""

    def __init__(self, links: Sequence[Link[P]]) -> None:
        if not links:
            raise InvariantBroken("a provider chain needs at least one provider")
        self.links = tuple(links)

    @property
    def name(self) -> str:
        """Name of the first provider."""
        return self.links[0].provider.name

    def usable(self) -> Iterator[tuple[Link[P], bool]]:
        """(link, is it the first of the chain), without those that rest; the last one is always tried."""
        for index, link in enumerate(self.links):
            if index == len(self.links) - 1 or not link.breaker.is_open:
                yield link, index == 0


async def _until_first(link: Link[P], items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Pass items on and tell the breaker how it went."""
    first = True
    async with aclosing(items):
        try:
            async for item in items:
                if first:
                    link.breaker.succeeded()
                    first = False
                yield item
        except DependencyError as err:
            link.breaker.failed(err)
            raise


class LlmChain(Chain[LlmProvider]):
    """Language models in order of preference."""

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """Events of the first provider that gives one."""
        failure: DependencyError | None = None
        for link, is_first in self.usable():
            asked = request if is_first else replace(request, model=None, options={})
            started = False
            events = cast(AsyncGenerator[LlmEvent, None], link.provider.stream(asked))
            try:
                async with aclosing(_until_first(link, events)) as watched_events:
                    async for event in watched_events:
                        started = True
                        yield event
                return
            except DependencyError as err:
                if started:
                    raise
                failure = err
        raise failure or InvariantBroken("no language model was asked")


class TtsChain(Chain[TtsProvider]):
    """Voices in order of preference. Makes every format: what a provider lacks is converted here."""

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """Formats of the first provider."""
        return self.links[0].provider.formats

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """Audio of the first provider that gives some."""
        failure: DependencyError | None = None
        for link, is_first in self.usable():
            asked = request if is_first else replace(request, model=None, voice=None, options={})
            started = False
            try:
                async with aclosing(self._speak(link, asked)) as chunks:
                    async for chunk in chunks:
                        started = True
                        yield chunk
                return
            except DependencyError as err:
                if started:
                    raise
                failure = err
        raise failure or InvariantBroken("no voice was asked")

    async def voices(self) -> list[Voice]:
        """Voices of the first provider: an agent's voice is chosen among them."""
        return await self.links[0].provider.voices()

    @staticmethod
    async def _speak(link: Link[TtsProvider], request: TtsRequest) -> AsyncGenerator[bytes, None]:
        target = request.audio_format
        source = target if target in link.provider.formats else link.provider.formats[0]
        spoken = cast(AsyncGenerator[bytes, None], link.provider.synthesise(replace(request, audio_format=source)))
        async with aclosing(_until_first(link, spoken)) as chunks:
            if source is target:
                async for chunk in chunks:
                    yield chunk
            else:
                async with aclosing(converted(chunks, source, target)) as others:
                    async for chunk in others:
                        yield chunk


class SttChain(Chain[SttProvider]):
    """Recognisers in order of preference."""

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """What all of them take, in the order of the first."""
        first, *others = (link.provider.formats for link in self.links)
        return tuple(known for known in first if all(known in formats for formats in others))

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator[SttStream, None]:
        """Connected to the first provider that accepts. Later failures move to the next one, with the audio not yet settled."""
        async with AsyncExitStack() as stack:
            stream = FallbackSttStream(request, self.usable(), stack)
            await stream.connect()
            yield stream


class FallbackSttStream:
    """A recognition that survives its vendor: audio since the last final text is kept and given to the next one."""

    def __init__(self, request: SttRequest, links: Iterator[tuple[Link[SttProvider], bool]], stack: AsyncExitStack) -> None:
        self._request = request
        self._links = links
        self._stack = stack
        self._inner: SttStream | None = None
        self._link: Link[SttProvider] | None = None
        self._unsettled: deque[bytes] = deque()
        self._unsettled_bytes = 0
        self._limit_bytes = request.audio_format.size_bytes(_REPLAY_MS)
        self._since_finalize = 0
        self._awaits_finalize = False

    async def connect(self) -> None:
        """Open the next provider that accepts. Raises the last one's failure when none does."""
        failure: DependencyError | None = None
        for link, is_first in self._links:
            asked = self._request if is_first else replace(self._request, model=None, options={})
            try:
                inner = await self._stack.enter_async_context(link.provider.open(asked))
            except DependencyError as err:
                link.breaker.failed(err)
                failure = err
                continue
            self._inner, self._link = inner, link
            return
        raise failure or DependencyError("no speech-to-text provider is left", vendor="stt")

    async def send(self, audio: bytes) -> None:
        """Hand over audio."""
        self._unsettled.append(audio)
        self._unsettled_bytes += len(audio)
        if self._awaits_finalize:
            self._since_finalize += 1
        while self._unsettled_bytes > self._limit_bytes:
            self._unsettled_bytes -= len(self._unsettled.popleft())
        if self._inner is not None:
            await self._inner.send(audio)

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """Settle what was sent."""
        self._awaits_finalize, self._since_finalize = True, 0
        if self._inner is not None:
            await self._inner.finalize(quiet_ms)

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """Texts of whichever provider works."""
        while self._inner is not None and self._link is not None:
            link = self._link
            texts = cast(AsyncGenerator[Transcript, None], self._inner.transcripts())
            try:
                async with aclosing(_until_first(link, texts)) as results:
                    async for transcript in results:
                        self._settle(transcript)
                        yield transcript
                return
            except DependencyError as err:
                self._inner = None
                await self._replace(err)

    async def _replace(self, failure: DependencyError) -> None:
        try:
            await self.connect()
        except DependencyError as err:
            raise failure from err
        inner = self._inner
        if inner is None:
            raise failure
        kept = list(self._unsettled)
        before = len(kept) - self._since_finalize if self._awaits_finalize else len(kept)
        for index, audio in enumerate(kept):
            if self._awaits_finalize and index == before:
                await inner.finalize()
            await inner.send(audio)
        if self._awaits_finalize and before >= len(kept):
            await inner.finalize()

    def _settle(self, transcript: Transcript) -> None:
        if not transcript.is_final:
            return
        keep = self._since_finalize if transcript.answers_finalize else 0
        while len(self._unsettled) > keep:
            self._unsettled_bytes -= len(self._unsettled.popleft())
        if transcript.answers_finalize:
            self._awaits_finalize, self._since_finalize = False, 0
