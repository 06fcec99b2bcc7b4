"""Chains of providers: the next one answers when one fails, and goes on when it breaks off in the middle.

A chain is a provider itself. Choices of the agent (model, voice, options) are meant for the first one; the others have their own (`Link.choice`).
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import cast

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.telemetry.metrics import PROVIDER_SWITCHES_TOTAL

from agent_runtime.providers.audio_conversion import converted
from agent_runtime.providers.capabilities import LlmCapabilities, TtsCapabilities
from agent_runtime.providers.continuation import Seam, continued
from agent_runtime.providers.failures import ProviderKind
from agent_runtime.providers.hearing_fallback import SttChain
from agent_runtime.providers.hedging import Race, Runner
from agent_runtime.providers.links import Chain, Choice, Link, Named
from agent_runtime.providers.ports import (
    LlmDone,
    LlmEvent,
    LlmProvider,
    LlmRequest,
    SpokenWord,
    TextDelta,
    ToolCallRequest,
    TtsProvider,
    TtsRequest,
    Voice,
)
from agent_runtime.providers.spoken_part import SpokenPart
from agent_runtime.providers.usage import Usage

__all__ = ["Chain", "Choice", "Link", "LlmChain", "Named", "SttChain", "TtsChain"]


_MOST_PARTS = 4
"""Of one answer, or of one sentence: a line that breaks so often is no line."""


class LlmChain(Chain[LlmProvider]):
    """Language models in order of preference."""

    @property
    def capabilities(self) -> LlmCapabilities:
        """Of the first."""
        return self.links[0].provider.capabilities

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """Events of the first provider that gives one; of another one from where that breaks off, unless it has asked for a tool by then."""
        said, has_calls = "", False
        tried: set[int] = set()
        links, failed, parts = self.usable(tried, self._fits(request, "")), None, 0
        # A model that was told to think is slow on purpose.
        hedge = self._hedge if request.thinking_level in ("minimal", "low") else None
        while True:
            asked, seam = continued(request, said), Seam(said)
            race: Race[LlmEvent] = Race((self._runner(link, asked, tried) for link in links), hedge, failed)
            try:
                link = cast("Link[LlmProvider]", (await race.run()).label)
                _count_switch("llm", is_first=self.is_first(link), is_midway=failed is not None, is_hedged=race.is_hedged)
                if request.on_served is not None:
                    request.on_served(self.served(link, self._asked_of(link, request).model, is_hedged=race.is_hedged))
                async with aclosing(race.items()) as events:
                    async for event in events:
                        text = seam.push(event.text) if isinstance(event, TextDelta) else seam.flush()
                        sound = event.sound if isinstance(event, TextDelta) else None
                        said += text
                        if text or sound is not None:
                            yield TextDelta(text, sound)
                        if not isinstance(event, TextDelta):
                            has_calls = has_calls or isinstance(event, ToolCallRequest)
                            if isinstance(event, LlmDone):
                                self._count(link, request, event)
                            yield event
                if rest := seam.flush():
                    yield TextDelta(rest)
                return
            except DependencyError as err:
                broken = self.broke_off(cast("Link[LlmProvider] | None", race.winner_label), err, failed)
                parts += 1
                if has_calls or parts == _MOST_PARTS:
                    raise
                failed, links = err, self.again(broken, err, tried, self._fits(request, said))
            finally:
                await race.close()

    def _fits(self, request: LlmRequest, said: str) -> Callable[[LlmProvider], bool]:
        """Who may stand in: one that can call the agent's tools, and go on with what was said. The agent's own choice always may answer."""
        chosen = self.links[0].provider

        def fits(provider: LlmProvider) -> bool:
            can = provider.capabilities
            return (can.tools or not request.tools or provider is chosen) and (can.continues_text or not said.strip())

        return fits

    def _asked_of(self, link: Link[LlmProvider], request: LlmRequest) -> LlmRequest:
        return request if self.is_first(link) else replace(request, model=link.choice.model, options=link.choice.options)

    def _runner(self, link: Link[LlmProvider], request: LlmRequest, tried: set[int]) -> Runner[LlmEvent]:
        asked = self._asked_of(link, request)

        def start(on_begin: Callable[[], None]) -> AsyncGenerator[LlmEvent, None]:
            tried.add(id(link))

            def begun() -> None:
                on_begin()
                if request.on_begin is not None:
                    request.on_begin()

            return cast("AsyncGenerator[LlmEvent, None]", link.provider.stream(replace(asked, on_begin=begun)))

        return Runner(link.breaker, link.paces.of(asked.model), start, not link.provider.capabilities.is_offline, link)

    def _count(self, link: Link[LlmProvider], request: LlmRequest, done: LlmDone) -> None:
        served = self.served(link, self._asked_of(link, request).model)
        self.counted(Usage("llm", served.provider, served.model, 1, done.input_tokens, done.output_tokens))


class TtsChain(Chain[TtsProvider]):
    """Voices in order of preference. Makes every format: what a provider lacks is converted here."""

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """Formats of the first provider."""
        return self.links[0].provider.formats

    @property
    def capabilities(self) -> TtsCapabilities:
        """Of the first."""
        return self.links[0].provider.capabilities

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes, None]:
        """Audio of the first provider that gives some; the rest of the sentence by another one where that breaks off."""
        asked, before, spoken_ms = request, 0, 0.0
        tried: set[int] = set()
        links, failed, pieces = self.usable(tried), None, 0
        while True:
            parts: dict[int, SpokenPart] = {}
            said = _Before(before, spoken_ms, parts, tried)
            race: Race[bytes] = Race(self._runners(links, asked, said), self._hedge, failed)
            try:
                link = cast("Link[TtsProvider]", (await race.run()).label)
                _count_switch("tts", is_first=self.is_first(link), is_midway=failed is not None, is_hedged=race.is_hedged)
                if request.on_served is not None:
                    request.on_served(self.served(link, self._asked_of(link, request).model, is_hedged=race.is_hedged))
                self._count(link, asked)
                part = parts[id(link)]
                part.heard(said.told(request.on_words))
                async with aclosing(race.items()) as chunks:
                    async for chunk in chunks:
                        part.add(chunk)
                        yield chunk
                part.complete()
                return
            except DependencyError as err:
                broken = self.broke_off(cast("Link[TtsProvider] | None", race.winner_label), err, failed)
                pieces += 1
                part = parts[id(broken)]
                text, start = part.rest()
                if not any(letter.isalnum() for letter in text):
                    return
                if pieces == _MOST_PARTS:
                    raise
                before, spoken_ms, asked = before + start, spoken_ms + part.audio_ms, replace(asked, text=text)
                failed, links = err, self.again(broken, err, tried)
            finally:
                await race.close()

    async def voices(self) -> list[Voice]:
        """Voices of the first provider: an agent's voice is chosen among them."""
        return await self.links[0].provider.voices()

    def _asked_of(self, link: Link[TtsProvider], request: TtsRequest) -> TtsRequest:
        choice = link.choice
        return request if self.is_first(link) else replace(request, model=choice.model, voice=choice.voice, options=choice.options)

    def _runners(self, links: Iterator[Link[TtsProvider]], request: TtsRequest, said: "_Before") -> Iterator[Runner[bytes]]:
        for link in links:
            yield self._runner(link, self._asked_of(link, request), said)

    @staticmethod
    def _runner(link: Link[TtsProvider], asked: TtsRequest, said: "_Before") -> Runner[bytes]:
        part = said.parts[id(link)] = SpokenPart(asked.text, asked.audio_format, asked.speed, link.speech)
        capabilities = link.provider.capabilities
        wants_words = asked.on_words is not None and capabilities.word_times

        def start(_: Callable[[], None]) -> AsyncGenerator[bytes, None]:
            said.tried.add(id(link))
            return _speak(link.provider, replace(asked, on_words=part.add_words if wants_words else None))

        return Runner(link.breaker, link.paces.of(asked.model), start, not capabilities.is_offline, link)

    def _count(self, link: Link[TtsProvider], request: TtsRequest) -> None:
        served = self.served(link, self._asked_of(link, request).model)
        self.counted(Usage("tts", served.provider, served.model, 1, characters=len(request.text)))


@dataclass(frozen=True, slots=True)
class _Before:
    """What was said of a sentence by other voices, and who was asked."""

    characters: int
    audio_ms: float
    parts: dict[int, SpokenPart]
    tried: set[int]

    def told(self, on_words: Callable[[tuple[SpokenWord, ...]], None] | None) -> Callable[[tuple[SpokenWord, ...]], None] | None:
        """Times and characters of the whole sentence for whoever wants them."""
        if on_words is None or not (self.audio_ms or self.characters):
            return on_words
        return lambda words: on_words(tuple(self._moved(word) for word in words))

    def _moved(self, word: SpokenWord) -> SpokenWord:
        by_ms = self.audio_ms
        return replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms, until_character=word.until_character + self.characters)


async def _speak(provider: TtsProvider, request: TtsRequest) -> AsyncGenerator[bytes, None]:
    target = request.audio_format
    source = target if target in provider.formats else provider.formats[0]
    spoken = cast("AsyncGenerator[bytes, None]", provider.synthesise(replace(request, audio_format=source)))
    async with aclosing(spoken) as chunks:
        if source is target:
            async for chunk in chunks:
                yield chunk
        else:
            async with aclosing(converted(chunks, source, target)) as others:
                async for chunk in others:
                    yield chunk


def _count_switch(kind: ProviderKind, *, is_first: bool, is_midway: bool, is_hedged: bool) -> None:
    if is_midway:
        PROVIDER_SWITCHES_TOTAL.labels(kind, "midway").inc()
    elif not is_first:
        PROVIDER_SWITCHES_TOTAL.labels(kind, "overtaken" if is_hedged else "failed").inc()
