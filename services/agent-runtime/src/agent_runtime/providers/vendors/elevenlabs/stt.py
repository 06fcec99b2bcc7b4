"""ElevenLabs speech-to-text (Scribe realtime) on a WebSocket."""

from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers.capabilities import SttCapabilities
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest
from agent_runtime.providers.socket_stt import FINALIZE_WAIT_S, SocketStt
from agent_runtime.providers.vendors.elevenlabs.scribe import FORMATS, VENDOR, ScribeDialogue, realtime_url


class ElevenLabsStt(SocketStt):
    """Scribe, committed whenever the platform hears the caller fall silent."""

    name = VENDOR
    capabilities = SttCapabilities(FORMATS, tells_position=True)

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
        super().__init__({"xi-api-key": api_key}, model, deadlines, egress, finalize_wait_s)
        self._base_url = base_url

    def url(self, model: str, request: SttRequest) -> str:
        """See `SocketStt`."""
        return realtime_url(self._base_url, model, request)

    def dialogue(self, model: str, request: SttRequest) -> ScribeDialogue:
        """See `SocketStt`."""
        return ScribeDialogue(request.audio_format, self._finalize_wait_s)
