"""A recogniser's wire as messages in and out: no sockets, and no clock of its own."""

from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from agent_runtime.providers.ports import Transcript

_SCHEMES: Final = {"https": "wss", "http": "ws"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What follows from a message, a finalize or a deadline: what to send behind the audio, and texts to pass on, each in order."""

    messages: tuple[str, ...] = ()
    transcripts: tuple[Transcript, ...] = ()


NOTHING: Final = Reply()
SETTLED: Final = Transcript("", is_final=True, answers_finalize=True)
"""The answer to a finalize that found nothing new."""


class SpeechDialogue(Protocol):
    """One recognition. Times are seconds of the event loop's clock; `heard_ms` is all audio of the stream so far, queued audio too."""

    @property
    def vendor(self) -> str: ...

    @property
    def opening(self) -> tuple[str, ...]:
        """Messages that set the session up, before any audio."""
        ...

    @property
    def goodbye(self) -> str | None:
        """The message before the socket closes."""
        ...

    @property
    def is_ready(self) -> bool:
        """True: the vendor has accepted the session."""
        ...

    @property
    def due_s(self) -> float | None:
        """When `elapsed` is to be called if nothing else happens."""
        ...

    def audio(self, audio: bytes) -> bytes | str:
        """A message with that audio; empty: not enough for one yet."""
        ...

    def finalize(self, now_s: float, heard_ms: float, quiet_ms: float) -> Reply:
        """See `SttStream.finalize`."""
        ...

    def read(self, message: str | bytes, now_s: float) -> Reply:
        """One message of the vendor. Raises DependencyError for a failure it reports and for what cannot be read."""
        ...

    def elapsed(self, now_s: float) -> Reply:
        """`due_s` is over. Raises DependencyError when the vendor owes an answer."""
        ...


def socket_url(base_url: str, path: str, query: dict[str, Any]) -> str:
    """Address with the scheme of a WebSocket. Lists repeat their name, None leaves it out."""
    scheme, _, rest = base_url.rstrip("/").partition("://")
    texts = {name: _query_value(value) for name, value in query.items() if value is not None}
    return f"{_SCHEMES.get(scheme, scheme)}://{rest}{path}?{urlencode(texts, doseq=True)}"


def language_code(language: str) -> str | None:
    """The ISO-639-1 part of a language tag; None for anything else, such as `multi`."""
    code = language.partition("-")[0].lower()
    return code if len(code) == 2 and code.isalpha() else None


def _query_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, list) else str(value)
