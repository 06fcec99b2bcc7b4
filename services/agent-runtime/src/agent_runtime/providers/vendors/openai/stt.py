"""OpenAI speech-to-text: a realtime transcription session on a WebSocket of our own, because the SDK's extra for it pins an old client."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from callstage_domain.audio import AudioFormat
from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers import speech_socket
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest
from agent_runtime.providers.speech_dialogue import socket_url
from agent_runtime.providers.speech_socket import SocketSttStream, recognition
from agent_runtime.providers.vendors.openai.transcription import FORMATS, VENDOR, TranscriptionDialogue

_FINALIZE_WAIT_S: Final = 2.0


class OpenAiStt:
    """Transcription models; µ-law goes through untouched, 16 kHz is resampled to the 24 kHz they take."""

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
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._url = socket_url(base_url, "/realtime", {"intent": "transcription"})
        self._model = model
        self._deadlines = deadlines
        self._egress = egress
        self._finalize_wait_s = finalize_wait_s

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        speech_socket.warm()

    def open(self, request: SttRequest) -> AbstractAsyncContextManager[SocketSttStream]:
        """See `SttProvider`."""
        dialogue = TranscriptionDialogue(request.model or self._model, request, self._finalize_wait_s)
        return recognition(self._url, self._headers, request.audio_format, dialogue, self._deadlines, self._egress)
