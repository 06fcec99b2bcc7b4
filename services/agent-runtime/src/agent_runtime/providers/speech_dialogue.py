"""A recogniser's wire as messages in and out: no sockets, and no clock of its own."""

from typing import Any, Final, Protocol
from urllib.parse import urlencode

from agent_runtime.providers.dialogue import Dialogue, Reply
from agent_runtime.providers.ports import Transcript

_SCHEMES: Final = {"https": "wss", "http": "ws"}


SpeechReply = Reply[Transcript]
SETTLED: Final = Transcript("", is_final=True, answers_finalize=True)
"""The answer to a finalize that found nothing new."""


class SpeechDialogue(Dialogue[Transcript], Protocol):
    """One recognition. `heard_ms` is all audio of the stream so far, queued audio too."""

    @property
    def goodbye(self) -> str | None:
        """The message before the socket closes."""
        ...

    def audio(self, audio: bytes) -> bytes | str:
        """A message with that audio; empty: not enough for one yet."""
        ...

    def finalize(self, now_s: float, heard_ms: float, quiet_ms: float) -> SpeechReply:
        """See `SttStream.finalize`."""
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
