"""Gemini's speech-to-speech models. The socket is our own: the SDK takes no checked address and insists on TLS towards everybody, and it reads
every piece of audio twice as JSON. That the wire is the SDK's own is shown by a test in which the SDK speaks with the same fake."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import structlog
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers import web_socket
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.realtime import RealtimeCapabilities, RealtimeSetup
from agent_runtime.providers.realtime_socket import SocketRealtimeSession, realtime_session
from agent_runtime.providers.speech_dialogue import socket_url
from agent_runtime.providers.vendors.gemini import live_wire
from agent_runtime.providers.vendors.gemini.client import VENDOR
from agent_runtime.providers.vendors.gemini.live_dialogue import LiveDialogue

_log = structlog.get_logger(__name__)


class GeminiLive:
    """Live models: 16 kHz in, 24 kHz out."""

    name = VENDOR
    capabilities = RealtimeCapabilities(
        inputs=(AudioFormat.PCM16_16K, AudioFormat.PCMU_8K, AudioFormat.PCM16_24K),
        outputs=(AudioFormat.PCM16_24K,),
        answers_early=True,
    )

    def __init__(self, api_key: str, base_url: str, model: str, voice: str, deadlines: Deadlines, egress: EgressPolicy | None = None) -> None:
        self.model = model
        self._headers = {"x-goog-api-key": api_key}
        self._url = socket_url(base_url, live_wire.PATH, {}).removesuffix("?")
        self._voice = voice
        self.deadlines = deadlines
        self._egress = egress

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        web_socket.warm()

    def described(self, setup_model: str | None, options: dict[str, Any]) -> RealtimeCapabilities:
        """See `RealtimeModel`."""
        return replace(self.capabilities, changes_in_session=live_wire.changes_in_session(setup_model or self.model))

    @asynccontextmanager
    async def open(self, setup: RealtimeSetup) -> AsyncGenerator[SocketRealtimeSession, None]:
        """See `RealtimeModel`. A session that the vendor does not let us go on with begins anew, with the history."""
        opening = self._session(setup)
        try:
            session = await opening.__aenter__()
        except DependencyError as err:
            if setup.resume is None or not err.code.endswith(("refused", "disconnected")):
                raise
            _log.warning("realtime_not_resumed", vendor=VENDOR, error=err.message)
            opening = self._session(replace(setup, resume=None))
            session = await opening.__aenter__()
        try:
            yield session
        finally:
            await opening.__aexit__(None, None, None)

    def _session(self, setup: RealtimeSetup) -> Any:
        dialogue = LiveDialogue(setup, setup.model or self.model, self._voice)
        return realtime_session(self._url, self._headers, dialogue, self.deadlines, self._egress)
