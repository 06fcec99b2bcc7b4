"""ElevenLabs speech-to-text (Scribe realtime) on a WebSocket."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from callstage_domain.audio import AudioFormat
from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers import speech_socket
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest
from agent_runtime.providers.speech_socket import SocketSttStream, recognition
from agent_runtime.providers.vendors.elevenlabs.scribe import FORMATS, VENDOR, ScribeDialogue, realtime_url

_FINALIZE_WAIT_S: Final = 2.0


class ElevenLabsStt:
    """Scribe, committed whenever the platform hears the caller fall silent."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = FORMATS

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        deadlines: Deadlines,
        egress: EgressPolicy | None = None,
        *,
        finalize_wait_s: float = _FINALIZE_WAIT_S,
    ) -> None:
        self._headers = {"xi-api-key": api_key}
        self._base_url = base_url
        self._model = model
        self._deadlines = deadlines
        self._egress = egress
        self._finalize_wait_s = finalize_wait_s

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        speech_socket.warm()

    def open(self, request: SttRequest) -> AbstractAsyncContextManager[SocketSttStream]:
        """See `SttProvider`."""
        url = realtime_url(self._base_url, request.model or self._model, request)
        dialogue = ScribeDialogue(request.audio_format, self._finalize_wait_s)
        return recognition(url, self._headers, request.audio_format, dialogue, self._deadlines, self._egress)
