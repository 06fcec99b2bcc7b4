"""What the conversation asks of AI providers. One vendor is one folder in `vendors/`.

Failures are `DependencyError` (vendor, phase, retryable), never a vendor's own exception. Closing an iterator or leaving a
context cancels the vendor's work within 20 ms.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from callstage_domain.agent import ThinkingLevel
from callstage_domain.audio import AudioFormat

from agent_runtime.providers.capabilities import LlmCapabilities, SttCapabilities, TtsCapabilities
from agent_runtime.providers.usage import UsageMeter


@dataclass(frozen=True, slots=True)
class Served:
    """Which provider answers. `model` "" is its own default."""

    provider: str
    model: str = ""
    is_hedged: bool = False
    """True: another one was asked first, or at the same time, and was slower."""


ServedHook = Callable[[Served], None]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the caller said. Interim texts replace each other; a final one is settled, the next begins after it."""

    text: str
    is_final: bool
    answers_finalize: bool = False
    """True: everything sent before the last `finalize` is in the finals so far (the text may be empty)."""
    ends_turn: bool = False
    """True: the vendor itself is sure that the caller's turn is over."""
    is_likely_end: bool = False
    """True: the vendor thinks that the turn may be over, and is not sure. Never taken for its end; an answer may be prepared."""
    until_ms: float | None = field(default=None, compare=False)
    """Audio of this stream that it covers, from the first byte sent; None when the vendor does not say."""


@dataclass(frozen=True, slots=True)
class SttRequest:
    """Audio comes in `audio_format`, one of the provider's formats."""

    audio_format: AudioFormat
    language: str
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    on_served: ServedHook | None = field(default=None, compare=False, repr=False)
    """Told by a chain when a provider has accepted the stream, and again when another goes on with it."""


class SttStream(Protocol):
    """One open recognition."""

    async def send(self, audio: bytes) -> None:
        """Hand over audio; never waits for the network longer than a queue slot (full: oldest audio is dropped and counted)."""
        ...

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """The caller fell silent: settle what was sent, of which the last `quiet_ms` hold no speech. A transcript with `answers_finalize` follows."""
        ...

    def transcripts(self) -> AsyncIterator[Transcript]:
        """To be iterated once. Raises DependencyError when the vendor fails; ends when the stream is closed."""
        ...


class SttProvider(Protocol):
    """A vendor's speech-to-text."""

    @property
    def name(self) -> str: ...

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """What it takes, best first."""
        ...

    @property
    def capabilities(self) -> SttCapabilities: ...

    def open(self, request: SttRequest) -> AbstractAsyncContextManager[SttStream]:
        """Connected while entered. Raises DependencyError(phase='connect')."""
        ...


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as offered to the model; `parameters` is a JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCallRequest:
    """The model wants a tool run. `arguments_json` is as the model wrote it, not validated."""

    id: str
    name: str
    arguments_json: str
    vendor_state: bytes | None = None
    """Opaque value that the vendor wants back with the history (Gemini's thought signature)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the history. `tool_calls` only for role assistant; `tool_call_id` and `tool_name` only for role tool."""

    role: Literal["user", "assistant", "tool", "system"]
    content: str
    tool_calls: tuple[ToolCallRequest, ...] = ()
    tool_call_id: str = ""
    tool_name: str = ""


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """One completion. `system` is the whole system prompt of this moment."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    model: str | None = None
    temperature: float = 0.7
    thinking_level: ThinkingLevel = "minimal"
    max_tokens: int = 1024
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    on_begin: Callable[[], None] | None = field(default=None, compare=False, repr=False)
    """Called once or more when the model has begun a tool call, of which no event can be given yet."""
    on_served: ServedHook | None = field(default=None, compare=False, repr=False)
    """Told by a chain with the first event, and again when another provider goes on with the answer."""


class Sound(Protocol):
    """The audio of an answer whose model speaks itself; one reader."""

    audio_format: AudioFormat
    is_ended: bool

    def end(self) -> None:
        """Nothing follows."""
        ...

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Whole samples as they come, to the end."""
        ...


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text."""

    text: str
    sound: Sound | None = None
    """Of a model that speaks itself: the audio of the whole answer, as it comes. Then the text may be empty."""


@dataclass(frozen=True, slots=True)
class LlmDone:
    """The answer is complete."""

    finish_reason: Literal["stop", "tool_calls", "length", "content_filter"]
    input_tokens: int = 0
    output_tokens: int = 0


LlmEvent = TextDelta | ToolCallRequest | LlmDone


class LlmProvider(Protocol):
    """A vendor's language model."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> LlmCapabilities: ...

    def stream(self, request: LlmRequest) -> AsyncIterator[LlmEvent]:
        """Text as it comes, complete tool calls, then one LlmDone. An async generator: `aclose` cancels."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice to choose from (rule A5)."""

    id: str
    name: str
    language: str
    gender: Literal["female", "male", "neutral"] = "neutral"


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word of a sentence (of Chinese and Japanese: one character) and where it sounds."""

    text: str
    start_ms: float
    end_ms: float
    """Milliseconds of the sentence's audio."""
    until_character: int
    """Characters of the sentence up to the end of the word: `text[:until_character]` is what was said by `end_ms`."""


@dataclass(frozen=True, slots=True)
class TtsRequest:
    """One sentence, already normalised for speech."""

    text: str
    audio_format: AudioFormat
    language: str
    voice: str | None = None
    speed: float = 1.0
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    on_words: Callable[[tuple[SpokenWord, ...]], None] | None = field(default=None, compare=False, repr=False)
    """Asks for word times. Called on the event loop, in order, before the audio after the words is yielded; never, when the vendor has none."""
    on_served: ServedHook | None = field(default=None, compare=False, repr=False)
    """Told by a chain with the first audio, and again when another voice goes on with the sentence."""


class TtsProvider(Protocol):
    """A vendor's text-to-speech."""

    @property
    def name(self) -> str: ...

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """What it makes without resampling, best first; the caller resamples from the first one otherwise."""
        ...

    @property
    def capabilities(self) -> TtsCapabilities: ...

    def synthesise(self, request: TtsRequest) -> AsyncIterator[bytes]:
        """Audio in `request.audio_format` as it comes, any chunk size. An async generator: `aclose` cancels."""
        ...

    async def voices(self) -> list[Voice]:
        """What can be chosen, at most a few hundred."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderSet:
    """What one conversation uses. Each member may be a chain that falls back by itself."""

    stt: SttProvider
    llm: LlmProvider
    tts: TtsProvider
    usage: UsageMeter = field(default_factory=UsageMeter)
    """What they were asked to do so far."""
    realtime: Any = None
    """`Link[RealtimeModel]`: hears and speaks in place of the three, which stand by; None: the agent names none."""
