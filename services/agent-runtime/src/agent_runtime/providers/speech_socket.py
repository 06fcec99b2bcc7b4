"""A cloud recogniser on its socket, with a bounded queue of audio. What is said on it is its `SpeechDialogue`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

from callstage_domain.audio import AudioFormat
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.telemetry.metrics import QUEUE_DROPPED_TOTAL

from agent_runtime.providers.dialogue_socket import DialogueSocket, now_s, opened
from agent_runtime.providers.failures import Deadlines
from agent_runtime.providers.ports import Transcript
from agent_runtime.providers.speech_dialogue import SpeechDialogue

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_QUEUE_MS: Final = 10_000.0
"""Audio that may wait for the socket; older audio is of no use to a live conversation."""


def recognition(
    url: str,
    headers: dict[str, str],
    audio_format: AudioFormat,
    dialogue: SpeechDialogue,
    deadlines: Deadlines,
    egress: EgressPolicy | None = None,
) -> AbstractAsyncContextManager[SocketSttStream]:
    """Connected and accepted while entered; see `SttProvider.open`."""
    return opened(url, headers, dialogue.vendor, deadlines, egress, "stt", lambda socket: SocketSttStream(socket, audio_format, dialogue))


class SocketSttStream(DialogueSocket[Transcript]):
    """See `SttStream`; `send` and `finalize` only queue."""

    kind = "stt"

    def __init__(self, socket: ClientConnection, audio_format: AudioFormat, dialogue: SpeechDialogue) -> None:
        super().__init__(socket, dialogue)
        self._dialogue = dialogue
        self._format = audio_format
        self._sent_bytes = 0
        self._queued_bytes = 0
        self._limit_bytes = audio_format.size_bytes(_QUEUE_MS)

    async def send(self, audio: bytes) -> None:
        """Queue audio; the oldest waiting audio is dropped when the socket does not keep up."""
        self._outbox.append(audio)
        self._queued_bytes += len(audio)
        while self._queued_bytes > self._limit_bytes:
            self._drop_oldest_audio()
        self._wake.set()

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        """Queue what the vendor wants to hear behind the audio."""
        heard_ms = self._format.duration_ms(self._sent_bytes + self._queued_bytes)
        self._apply(self._dialogue.finalize(now_s(), heard_ms, quiet_ms))

    def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """See `SttStream`."""
        return self.items()

    async def close(self, goodbye: str | None = None) -> None:
        """Tell the vendor and close."""
        await super().close(goodbye or self._dialogue.goodbye)

    def _take(self) -> bytes | str:
        """A control message, or all audio up to the next one in a single message."""
        first = self._outbox.popleft()
        if isinstance(first, str):
            return first
        parts = [first]
        while self._outbox and isinstance(following := self._outbox[0], bytes):
            parts.append(following)
            self._outbox.popleft()
        audio = b"".join(parts)
        self._queued_bytes -= len(audio)
        self._sent_bytes += len(audio)
        return self._dialogue.audio(audio)

    def _drop_oldest_audio(self) -> None:
        for index, item in enumerate(self._outbox):
            if isinstance(item, bytes):
                del self._outbox[index]
                self._queued_bytes -= len(item)
                QUEUE_DROPPED_TOTAL.labels("stt_audio").inc()
                return
