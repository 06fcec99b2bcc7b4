"""OpenAI's speech-to-speech models. The socket is our own, as for transcription: a tenant's address has to be checked where it is connected to,
and the SDK reads every piece of audio twice as JSON. That the wire is the SDK's own is shown by a test in which the SDK speaks with the same fake."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Final

from callstage_domain.audio import AudioFormat
from callstage_kit.egress_policy import EgressPolicy

from agent_runtime.providers import web_socket
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.realtime import RealtimeCapabilities, RealtimeSetup
from agent_runtime.providers.realtime_socket import SocketRealtimeSession, realtime_session
from agent_runtime.providers.speech_dialogue import socket_url
from agent_runtime.providers.vendors.openai.realtime_dialogue import RealtimeOpenAiDialogue
from agent_runtime.providers.vendors.openai.realtime_wire import VENDOR, hears_pauses

_ANSWER_S: Final = 2.0
_SESSION_S: Final = 3600.0
"""After an hour the vendor ends a session."""


class OpenAiRealtime:
    """Realtime models; µ-law goes through untouched both ways."""

    name = VENDOR
    capabilities = RealtimeCapabilities(
        inputs=(AudioFormat.PCMU_8K, AudioFormat.PCM16_24K, AudioFormat.PCM16_16K),
        outputs=(AudioFormat.PCMU_8K, AudioFormat.PCM16_24K),
        truncates=True,
        max_session_s=_SESSION_S,
    )

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        transcription: str,
        voice: str,
        deadlines: Deadlines,
        egress: EgressPolicy | None = None,
        *,
        answer_s: float = _ANSWER_S,
    ) -> None:
        self.model = model
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._base_url = base_url
        self._transcription = transcription
        self._voice = voice
        self.deadlines = deadlines
        self._egress = egress
        self._answer_s = answer_s

    def warm(self) -> None:
        """Import the WebSocket client; blocking, from a thread."""
        web_socket.warm()

    def described(self, setup_model: str | None, options: dict[str, Any]) -> RealtimeCapabilities:
        """See `RealtimeModel`."""
        return replace(self.capabilities, hears_pauses=hears_pauses(options))

    def open(self, setup: RealtimeSetup) -> AbstractAsyncContextManager[SocketRealtimeSession]:
        """See `RealtimeModel`."""
        dialogue = RealtimeOpenAiDialogue(setup, self._transcription, self._voice, self._answer_s)
        url = socket_url(self._base_url, "/realtime", {"model": setup.model or self.model})
        return realtime_session(url, self._headers, dialogue, self.deadlines, self._egress)
