"""Deepgram speech-to-text (Nova and Flux) on a WebSocket of our own: the SDK sits on the deprecated client of `websockets`."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Final

from callstage_domain.audio import AudioFormat
from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers.capabilities import SttCapabilities
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import SttRequest, SttStream
from agent_runtime.providers.socket_stt import FINALIZE_WAIT_S, SocketStt
from agent_runtime.providers.vendors.deepgram import nova, turns
from agent_runtime.providers.vendors.deepgram.nova import VENDOR, NovaDialogue, listen_url
from agent_runtime.providers.vendors.deepgram.turns import FluxDialogue, is_flux, turns_url

_PATIENCE_S: Final = 0.3
"""With the 200 ms of silence before it that makes the end of a turn known at 0.5 s, ahead of the default silence threshold of an agent (0.7 s)."""


def _headers(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Token {api_key}"}


class DeepgramStt(SocketStt):
    """Nova models through `/v1/listen`."""

    name = VENDOR
    capabilities = SttCapabilities(nova.FORMATS, tells_position=True)

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
        super().__init__(_headers(api_key), model, deadlines, egress, finalize_wait_s)
        self._base_url = base_url

    def url(self, model: str, request: SttRequest) -> str:
        """See `SocketStt`."""
        return listen_url(self._base_url, model, request)

    def dialogue(self, model: str, request: SttRequest) -> NovaDialogue:
        """See `SocketStt`."""
        return NovaDialogue(request.audio_format, asyncio.get_running_loop().time(), self._finalize_wait_s)


class FluxStt(SocketStt):
    """Flux models through `/v2/listen`, which also detect the end of the turn."""

    name = VENDOR
    capabilities = SttCapabilities(turns.FORMATS, ends_turn=True, tells_position=True)

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        deadlines: Deadlines,
        egress: EgressPolicy | None = None,
        *,
        patience_s: float = _PATIENCE_S,
        finalize_wait_s: float = FINALIZE_WAIT_S,
    ) -> None:
        super().__init__(_headers(api_key), model, deadlines, egress, finalize_wait_s)
        self._base_url = base_url
        self._patience_s = patience_s

    def url(self, model: str, request: SttRequest) -> str:
        """See `SocketStt`."""
        return turns_url(self._base_url, model, request)

    def dialogue(self, model: str, request: SttRequest) -> FluxDialogue:
        """See `SocketStt`."""
        return FluxDialogue(self._patience_s, self._finalize_wait_s)


class DeepgramByModel:
    """Flux for models whose name begins with `flux`, else Nova."""

    name = VENDOR
    formats: tuple[AudioFormat, ...] = nova.FORMATS

    def __init__(self, api_key: str, base_url: str, model: str, deadlines: Deadlines, egress: EgressPolicy | None = None) -> None:
        self.model = model
        self._nova = DeepgramStt(api_key, base_url, model, deadlines, egress)
        self._flux = FluxStt(api_key, base_url, model, deadlines, egress)

    @property
    def capabilities(self) -> SttCapabilities:
        """Of the default model."""
        return (FluxStt if is_flux(self.model) else DeepgramStt).capabilities

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        self._nova.warm()

    def open(self, request: SttRequest) -> AbstractAsyncContextManager[SttStream]:
        """See `SttProvider`."""
        return (self._flux if is_flux(request.model or self.model) else self._nova).open(request)
