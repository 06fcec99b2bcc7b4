"""A realtime model as the first link of a cascade's chains: when it fails, hearing and answering go on there, with nothing said twice or lost."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from callstage_domain.agent import AgentSettings
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.realtime.voice import RealtimeVoice
from agent_runtime.providers.audio_track import AudioTrack
from agent_runtime.providers.capabilities import LlmCapabilities, SttCapabilities
from agent_runtime.providers.failures import watched
from agent_runtime.providers.fallback import LlmChain, SttChain
from agent_runtime.providers.links import Chain, Choice, Link
from agent_runtime.providers.ports import LlmEvent, LlmRequest, ProviderSet, SttRequest, SttStream, TextDelta, Transcript
from agent_runtime.providers.realtime import AnswerAudio, AnswerCall, AnswerEnded, AnswerText, RealtimeCapabilities, RealtimeModel

_LINE = (AudioFormat.PCMU_8K, AudioFormat.PCM16_16K)
"""What comes over a line; every model is given one of them."""


class RealtimeHearing:
    """Implements `SttProvider` and `SttStream` over the call's voice."""

    def __init__(self, model: RealtimeModel, capabilities: RealtimeCapabilities) -> None:
        self.name = model.name
        self.model = model.model
        self.formats = tuple(known for known in _LINE if known in capabilities.inputs)
        self.capabilities = SttCapabilities(formats=self.formats, ends_turn=capabilities.hears_pauses)
        self.voice: RealtimeVoice | None = None
        """Set as soon as it is known what the call is heard in."""

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator[SttStream, None]:
        """See `SttProvider`."""
        voice = self._opened
        await voice.listen()
        try:
            yield self
        finally:
            voice.stop_listening()

    async def send(self, audio: bytes) -> None:
        """See `SttStream`."""
        self._opened.hear(audio)

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """See `SttStream`."""
        self._opened.finalize(quiet_ms)

    def transcripts(self) -> AsyncIterator[Transcript]:
        """See `SttStream`."""
        return self._opened.transcripts()

    @property
    def _opened(self) -> RealtimeVoice:
        if self.voice is None:
            raise DependencyError("the call is not open", vendor=self.name)
        return self.voice


class RealtimeLlm:
    """Implements `LlmProvider`: the text of an answer comes with its sound."""

    capabilities = LlmCapabilities(thinking=False)

    def __init__(self, model: RealtimeModel, voice: RealtimeVoice) -> None:
        self.name = model.name
        self.model = model.model
        self._deadlines = model.deadlines
        self._voice = voice

    def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """See `LlmProvider`."""
        return watched(self._events(request), "realtime", self.name, self._deadlines)

    async def _events(self, request: LlmRequest) -> AsyncGenerator[LlmEvent | None, None]:
        session, number, answer = await self._voice.ask(request)
        sound: AudioTrack | None = None
        is_over = False
        try:
            while not is_over:
                event = await answer.next()
                match event:
                    case AnswerAudio() | AnswerText():
                        is_new = sound is None
                        sound = sound or AudioTrack(self._voice.speaks)
                        if isinstance(event, AnswerAudio):
                            sound.push(event.audio)
                        text = event.text if isinstance(event, AnswerText) else ""
                        yield TextDelta(text, sound) if text or is_new else None
                    case AnswerCall():
                        yield event.call
                    case AnswerEnded():
                        is_over = True
                        if event.done is None:
                            raise event.failure or DependencyError("no answer", vendor=self.name, phase="stream")
                        yield event.done
                    case _:
                        continue
        finally:
            if not is_over:
                session.cancel(number)
                if sound is not None:
                    sound.end()
            self._voice.answered(answer)


def with_realtime(
    providers: ProviderSet,
    settings: AgentSettings,
    uplink: AudioFormat,
    downlink: AudioFormat,
    current: Callable[[], LlmRequest],
    scope: TaskScope,
) -> tuple[ProviderSet, RealtimeVoice | None]:
    """What the call uses: the realtime model in front of the cascade, when the agent names one. Fixed phrases are spoken by the cascade's voice."""
    link = providers.realtime
    if link is None:
        return providers, None
    model: RealtimeModel = link.provider
    hearing = RealtimeHearing(model, model.described(settings.realtime.model, settings.realtime.options))
    cascade_ears = _links(providers.stt, Choice(settings.stt.model, None, settings.stt.options))
    stt = SttChain([Link(hearing, link.breaker), *cascade_ears], meter=providers.usage)
    hears = uplink if uplink in stt.formats else stt.formats[0]
    voice = hearing.voice = RealtimeVoice(model, settings, hears, downlink, current, scope)
    cascade_brains = _links(providers.llm, Choice(settings.llm.model, None, settings.llm.options))
    llm = LlmChain([Link(RealtimeLlm(model, voice), link.breaker), *cascade_brains], meter=providers.usage)
    return replace(providers, stt=stt, llm=llm), voice


def _links(provider: Any, choice: Choice) -> list[Link[Any]]:
    """Of a chain or a single provider. What the agent chose for the first place is the choice of one further behind now."""
    if not isinstance(provider, Chain):
        return [Link(provider, choice=choice)]
    first, *others = provider.links
    return [replace(first, choice=choice), *others]
