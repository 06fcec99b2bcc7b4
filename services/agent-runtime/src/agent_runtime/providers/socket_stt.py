"""A cloud recogniser on a WebSocket, as a provider. Vendors differ in address, headers and dialogue; the rest is here."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Final

from callstage_domain.audio import AudioFormat
from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers import web_socket
from agent_runtime.providers.capabilities import SttCapabilities
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest
from agent_runtime.providers.speech_dialogue import SpeechDialogue
from agent_runtime.providers.speech_socket import SocketSttStream, recognition

FINALIZE_WAIT_S: Final = 2.0
"""How long a vendor may owe the answer to a finalize."""


class SocketStt(ABC):
    """See `SttProvider`. `finalize_wait_s` bounds the answer to a finalize."""

    name: ClassVar[str]
    capabilities: ClassVar[SttCapabilities]

    def __init__(
        self,
        headers: dict[str, str],
        model: str,
        deadlines: Deadlines,
        egress: EgressPolicy | None,
        finalize_wait_s: float,
    ) -> None:
        self._headers = headers
        self.model = model
        self._deadlines = deadlines
        self._egress = egress
        self._finalize_wait_s = finalize_wait_s

    @property
    def formats(self) -> tuple[AudioFormat, ...]:
        """What it takes, best first."""
        return self.capabilities.formats

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        web_socket.warm()

    def open(self, request: SttRequest) -> AbstractAsyncContextManager[SocketSttStream]:
        """See `SttProvider`."""
        model = request.model or self.model
        return recognition(
            self.url(model, request), self._headers, request.audio_format, self.dialogue(model, request), self._deadlines, self._egress
        )

    @abstractmethod
    def url(self, model: str, request: SttRequest) -> str:
        """Address of one recognition."""

    @abstractmethod
    def dialogue(self, model: str, request: SttRequest) -> SpeechDialogue:
        """What is said on it."""
