"""The port of models that hear and speak by themselves (speech to speech). One vendor is one more file in its folder of `vendors/`.

A session is one connection. It hears the caller and tells what he said; it answers when it is asked to, never by itself as far as anybody
notices. Who may speak when, which tools may run and what of an answer was heard is decided outside, as for the other providers.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import LlmDone, LlmRequest, ToolCallRequest, Transcript


@dataclass(frozen=True, slots=True)
class RealtimeCapabilities:
    """Of a model."""

    inputs: tuple[AudioFormat, ...]
    """What it hears, best first."""
    outputs: tuple[AudioFormat, ...]
    """What it speaks, best first."""
    changes_in_session: bool = True
    """False: other instructions, tools or texts need a session of their own."""
    truncates: bool = False
    """It forgets what of its answer was not heard; else it is told in a note."""
    hears_pauses: bool = False
    """It finds the end of the caller's turn itself and wants all audio, not only what is spoken."""
    answers_early: bool = False
    """It begins to answer when the caller falls silent, before anybody asks."""
    max_session_s: float | None = None


@dataclass(frozen=True, slots=True)
class RealtimeSetup:
    """What a session begins with. `request` holds the instructions, tools and history of this moment."""

    hears: AudioFormat
    speaks: AudioFormat
    language: str
    request: LlmRequest
    voice: str | None = None
    speed: float = 1.0
    model: str | None = None
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    resume: Any = None
    """`RealtimeSession.handover` of a session that ended."""


@dataclass(frozen=True, slots=True)
class AnswerAudio:
    """Sound of answer `number`, whole samples."""

    number: int
    audio: bytes


@dataclass(frozen=True, slots=True)
class AnswerText:
    """What is being said in answer `number`."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Answer `number` wants a tool run."""

    number: int
    call: ToolCallRequest


@dataclass(frozen=True, slots=True)
class AnswerEnded:
    """Answer `number` is complete, or failed."""

    number: int
    done: LlmDone | None = None
    failure: DependencyError | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """The vendor will close the connection in so many seconds."""

    left_s: float


RealtimeEvent = Transcript | AnswerAudio | AnswerText | AnswerCall | AnswerEnded | Leaving


class RealtimeSession(Protocol):
    """One open connection. Its methods only queue: none of them waits."""

    def is_current(self, request: LlmRequest) -> bool:
        """False: what the caller says now could be answered only by another session, opened with `request`."""
        ...

    def caller_began(self) -> None:
        """Audio that follows is speech of the caller."""
        ...

    def hear(self, audio: bytes) -> None:
        """Audio of the caller in the format of the setup."""
        ...

    def caller_stopped(self, request: LlmRequest, quiet_ms: float = 0.0) -> None:
        """He fell silent: settle what he said. A transcript with `answers_finalize` follows.

        `request` is what would be asked now without his words, for models that answer early.
        """
        ...

    def ask(self, request: LlmRequest, heard_ms: float | None = None) -> int | None:
        """Answer what the history ends with; the number of the answer. None: only another session, opened with `request`, can.

        `heard_ms` is how much was heard of the last answer that the history holds in part.
        """
        ...

    def cancel(self, number: int) -> None:
        """Stop that answer. Nothing of it follows."""
        ...

    def events(self) -> AsyncIterator[RealtimeEvent]:
        """To be iterated once. Raises DependencyError when the connection is lost."""
        ...

    @property
    def handover(self) -> Any:
        """For the setup of a session that is to go on with this one; None: it cannot be gone on with."""
        ...


class RealtimeModel(Protocol):
    """A vendor's speech-to-speech model."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str:
        """Of agents that name none."""
        ...

    @property
    def capabilities(self) -> RealtimeCapabilities: ...

    @property
    def deadlines(self) -> Deadlines: ...

    def described(self, setup_model: str | None, options: dict[str, Any]) -> RealtimeCapabilities:
        """The capabilities with that choice of an agent."""
        ...

    def open(self, setup: RealtimeSetup) -> AbstractAsyncContextManager[RealtimeSession]:
        """Connected and accepted while entered. Raises DependencyError(phase='connect')."""
        ...
