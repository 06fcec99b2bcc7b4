"""Deepgram speech-to-text with Flux, which also detects the end of the turn, and the choice between it and Nova."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from callstage_domain.audio import AudioFormat
from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers import speech_socket
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest, SttStream
from agent_runtime.providers.speech_socket import SocketSttStream, recognition
from agent_runtime.providers.vendors.deepgram.stt import DeepgramStt
from agent_runtime.providers.vendors.deepgram.turns import FORMATS, VENDOR, FluxDialogue, is_flux, turns_url

_PATIENCE_S: Final = 0.3
"""With the 200 ms of silence before it that makes the end of a turn known at 0.5 s, ahead of the default silence threshold of an agent (0.7 s)."""
_FINALIZE_WAIT_S: Final = 2.0


class FluxStt:
    """Flux models through `/v2/listen`."""

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
        patience_s: float = _PATIENCE_S,
        finalize_wait_s: float = _FINALIZE_WAIT_S,
    ) -> None:
        self._headers = {"Authorization": f"Token {api_key}"}
        self._base_url = base_url
        self._model = model
        self._deadlines = deadlines
        self._egress = egress
        self._patience_s = patience_s
        self._finalize_wait_s = finalize_wait_s

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        speech_socket.warm()

    def open(self, request: SttRequest) -> AbstractAsyncContextManager[SocketSttStream]:
        """See `SttProvider`."""
        url = turns_url(self._base_url, request.model or self._model, request)
        dialogue = FluxDialogue(self._patience_s, self._finalize_wait_s)
        return recognition(url, self._headers, request.audio_format, dialogue, self._deadlines, self._egress)


class DeepgramByModel:
    """Flux for models whose name begins with `flux`, else Nova."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = DeepgramStt.formats

    def __init__(self, api_key: str, base_url: str, model: str, deadlines: Deadlines, egress: EgressPolicy | None = None) -> None:
        self._model = model
        self._nova = DeepgramStt(api_key, base_url, model, deadlines, egress)
        self._flux = FluxStt(api_key, base_url, model, deadlines, egress)

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        (self._flux if is_flux(self._model) else self._nova).warm()

    def open(self, request: SttRequest) -> AbstractAsyncContextManager[SttStream]:
        """See `SttProvider`."""
        return self._flux.open(request) if is_flux(request.model or self._model) else self._nova.open(request)
