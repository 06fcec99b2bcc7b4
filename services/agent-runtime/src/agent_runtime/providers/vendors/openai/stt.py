"""OpenAI speech-to-text: a realtime transcription session on a WebSocket of our own, because the SDK's extra for it pins an old client."""

from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers.capabilities import SttCapabilities
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest
from agent_runtime.providers.socket_stt import FINALIZE_WAIT_S, SocketStt
from agent_runtime.providers.speech_dialogue import socket_url
from agent_runtime.providers.vendors.openai.transcription import FORMATS, VENDOR, TranscriptionDialogue


class OpenAiStt(SocketStt):
    """Transcription models; µ-law goes through untouched, 16 kHz is resampled to the 24 kHz they take."""

    name = VENDOR
    capabilities = SttCapabilities(FORMATS, tells_position=True, max_session_s=3600.0)

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        deadlines: Deadlines,
        egress: EgressPolicy | None = None,
        *,
        finalize_wait_s: float = FINALIZE_WAIT_S,
    ) -> None:
        super().__init__({"Authorization": f"Bearer {api_key}"}, model, deadlines, egress, finalize_wait_s)
        self._url = socket_url(base_url, "/realtime", {"intent": "transcription"})

    def url(self, model: str, request: SttRequest) -> str:
        """See `SocketStt`."""
        return self._url

    def dialogue(self, model: str, request: SttRequest) -> TranscriptionDialogue:
        """See `SocketStt`."""
        return TranscriptionDialogue(model, request, self._finalize_wait_s)
