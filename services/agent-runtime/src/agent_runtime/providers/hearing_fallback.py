"""A recognition that survives its vendor: audio that is not settled yet is kept, and given to the next one."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from typing import Final, cast

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, settle
from callstage_kit.telemetry.metrics import PROVIDER_SWITCHES_TOTAL

from agent_runtime.providers.capabilities import SttCapabilities
from agent_runtime.providers.failures import DISCONNECTED
from agent_runtime.providers.links import Chain, Link
from agent_runtime.providers.ports import SttProvider, SttRequest, SttStream, Transcript
from agent_runtime.providers.usage import Usage

_REPLAY_MS: Final = 10_000.0
_MAX_SWITCHES: Final = 4
"""Without a text in between: then it is not the vendor, and whoever listens is told."""
_SESSION_MARGIN_S: Final = 10.0


class SttChain(Chain[SttProvider]):
    """Recognisers in order of preference."""

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """What all of them take, in the order of the first."""
        first, *others = self.links
        shared = tuple(known for known in first.provider.formats if all(known in link.provider.formats for link in others))
        return shared or first.provider.formats

    @property
    def capabilities(self) -> SttCapabilities:
        """Of the first, in the formats that all of them take."""
        return replace(self.links[0].provider.capabilities, formats=self.formats)

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator[SttStream, None]:
        """Connected to the first provider that accepts. Later failures move to the next one, with the audio not yet settled."""
        async with AsyncExitStack() as stack, TaskScope("stt_fallback") as scope:
            stream = FallbackSttStream(self, request, stack, scope)
            try:
                await stream.connect(self.usable())
                yield stream
            finally:
                stream.count()
                await settle(stream.leaving)

    def asked_of(self, link: Link[SttProvider], request: SttRequest) -> SttRequest:
        """The request with the choices meant for that provider."""
        return request if self.is_first(link) else replace(request, model=link.choice.model, options=link.choice.options)

    def count(self, link: Link[SttProvider], request: SttRequest, audio_s: float) -> None:
        """Audio that a provider was given, what it was given again included: it is paid for."""
        served = self.served(link, self.asked_of(link, request).model)
        self.counted(Usage("stt", served.provider, served.model, 1, audio_s=audio_s))

    def who_goes_on(self, broken: Link[SttProvider], *, is_session_over: bool) -> Iterator[Link[SttProvider]]:
        """Behind a provider whose session is merely over it comes itself first, else last."""
        if is_session_over and broken.breaker.admits():
            yield broken
        for link in self.links:
            if link is not broken and link.breaker.admits():
                yield link
        if not is_session_over and broken.breaker.admits():
            yield broken


class FallbackSttStream:
    """See `SttStream`. Audio is counted from the first byte of the call's stream; each vendor's own stream begins somewhere in it."""

    def __init__(self, chain: SttChain, request: SttRequest, stack: AsyncExitStack, scope: TaskScope) -> None:
        self._chain = chain
        self._request = request
        self._stack = stack
        self._scope = scope
        self.leaving: list[asyncio.Task[None]] = []
        """Broken sessions that are being closed, which may take half a second each."""
        self._session: AsyncExitStack | None = None
        self._inner: SttStream | None = None
        self._link: Link[SttProvider] | None = None
        self._unsettled: deque[bytes] = deque()
        self._unsettled_bytes = 0
        self._limit_bytes = request.audio_format.size_bytes(_REPLAY_MS)
        self._total_bytes = 0
        self._begins_at = 0
        """Byte of the call's stream with which the vendor's begins."""
        self._finalized_at: int | None = None
        """Bytes up to the open finalize; None: none is open."""
        self._quiet_ms = 0.0
        self._switches = 0
        self._opened_s = 0.0

    async def connect(self, links: Iterator[Link[SttProvider]]) -> None:
        """Open the next provider that accepts, and give it what is not settled. Raises the last one's failure when none does."""
        failure: DependencyError | None = None
        for link in links:
            asked, session = self._chain.asked_of(link, self._request), AsyncExitStack()
            try:
                inner = await session.enter_async_context(link.provider.open(asked))
            except DependencyError as err:
                link.breaker.failed(err)
                failure = err
                continue
            except BaseException:
                link.breaker.released()
                raise
            self._session = await self._stack.enter_async_context(session)
            self._link, self._opened_s = link, asyncio.get_running_loop().time()
            # A text is the proof that it works, and may be long in coming: others need not wait for it.
            link.breaker.released()
            await self._hand_over(inner)
            self._inner = inner
            if self._request.on_served is not None:
                self._request.on_served(self._chain.served(link, asked.model))
            return
        raise failure or DependencyError("no speech-to-text provider is left", vendor="stt")

    async def send(self, audio: bytes) -> None:
        """Hand over audio."""
        self._unsettled.append(audio)
        self._unsettled_bytes += len(audio)
        self._total_bytes += len(audio)
        while self._unsettled_bytes > self._limit_bytes:
            self._unsettled_bytes -= len(self._unsettled.popleft())
        if self._inner is not None:
            await self._inner.send(audio)

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """Settle what was sent."""
        self._finalized_at, self._quiet_ms = self._total_bytes, quiet_ms
        if self._inner is not None:
            await self._inner.finalize(quiet_ms)

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """Texts of whichever provider works."""
        while self._inner is not None and self._link is not None:
            link = self._link
            texts = cast("AsyncGenerator[Transcript, None]", self._inner.transcripts())
            try:
                async with aclosing(texts) as results:
                    async for transcript in results:
                        link.breaker.succeeded()
                        self._switches = 0
                        yield self._settled(transcript)
                return
            except DependencyError as err:
                await self._replace(link, err)

    def count(self) -> None:
        """Account for the audio that the present provider was given."""
        if self._link is not None:
            audio_ms = self._request.audio_format.duration_ms(self._total_bytes - self._begins_at)
            self._chain.count(self._link, self._request, audio_ms / 1000)
            self._link = None

    async def _replace(self, link: Link[SttProvider], failure: DependencyError) -> None:
        self.count()
        self._inner = None
        is_over = failure.code == DISCONNECTED and self._is_session_over(link)
        if not is_over:
            link.breaker.failed(failure)
        self._switches += 1
        if self._switches > _MAX_SWITCHES:
            raise failure
        if self._session is not None:
            # The socket of the broken one must not stay until the call ends, and nobody waits for its goodbye.
            self.leaving.append(self._scope.start(self._session.aclose(), name="leave"))
            self._session = None
        try:
            await self.connect(self._chain.who_goes_on(link, is_session_over=is_over))
        except DependencyError as err:
            raise failure from err
        PROVIDER_SWITCHES_TOTAL.labels("stt", "midway").inc()

    def _is_session_over(self, link: Link[SttProvider]) -> bool:
        longest_s = link.provider.capabilities.max_session_s
        return longest_s is not None and asyncio.get_running_loop().time() - self._opened_s >= longest_s - _SESSION_MARGIN_S

    async def _hand_over(self, inner: SttStream) -> None:
        """Everything unsettled, with the open finalize where it was; what comes meanwhile waits behind it."""
        self._begins_at = position = self._total_bytes - self._unsettled_bytes
        asked_at: int | None = None
        while True:
            if self._finalized_at not in (None, asked_at) and position >= (self._finalized_at or 0):
                asked_at = self._finalized_at
                await inner.finalize(self._quiet_ms)
            audio = self._piece_at(position)
            if audio is None:
                return
            await inner.send(audio)
            position += len(audio)

    def _piece_at(self, position: int) -> bytes | None:
        """Unsettled audio that begins there; looked up each time, for the queue may have moved on."""
        at = self._total_bytes
        if position >= at:
            return None
        for audio in reversed(self._unsettled):
            at -= len(audio)
            if at <= position:
                return audio
        return self._unsettled[0]

    def _settled(self, transcript: Transcript) -> Transcript:
        """Drop audio that a final text covers. Times are told from the beginning of the call's stream."""
        begins_ms = self._request.audio_format.duration_ms(self._begins_at)
        if transcript.until_ms is not None and begins_ms:
            transcript = replace(transcript, until_ms=transcript.until_ms + begins_ms)
        if not transcript.is_final:
            return transcript
        until = self._total_bytes
        if transcript.answers_finalize:
            until = self._finalized_at if self._finalized_at is not None else until
            self._finalized_at = None
        if transcript.until_ms is not None:
            until = min(until, self._request.audio_format.size_bytes(transcript.until_ms))
        while self._unsettled and self._total_bytes - self._unsettled_bytes + len(self._unsettled[0]) <= until:
            self._unsettled_bytes -= len(self._unsettled.popleft())
        return transcript
