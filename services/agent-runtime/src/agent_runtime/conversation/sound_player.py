"""Plays answers that come as sound. Their text comes beside it, sentence by sentence, and nobody says where in the sound a sentence ends."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from callstage_audio.resample import Resampler
from callstage_domain.audio import AudioFormat

from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.spoken_text import reading
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.conversation.word_track import WordTrack
from agent_runtime.stages.entries import SentenceMade

_PACE_MS = 60.0
"""Of a letter, until the model's own pace is known."""


class Emit(Protocol):
    """Sends a piece of audio of a sentence."""

    def __call__(self, utterance: Utterance, index: int, data: bytes) -> Awaitable[None]: ...


class SoundPlayer:
    """One call. `emit` sends audio in the format of the line, `chunk_ms` says how much of it is worth a message."""

    def __init__(
        self,
        record: ConversationRecord,
        downlink: AudioFormat,
        outlet: Outlet,
        transcript: Transcript,
        emit: Emit,
        chunk_ms: Callable[[Utterance], float],
    ) -> None:
        self._record = record
        self._downlink = downlink
        self._outlet = outlet
        self._transcript = transcript
        self._emit = emit
        self._chunk_ms = chunk_ms
        self._pace_ms = _PACE_MS

    async def play(self, utterance: Utterance) -> None:
        """All sound of the utterance. `utterance.sounded` of its sentences belong to it by the time it ends."""
        sound = utterance.sound
        if sound is None:
            return
        convert = _converter(sound.audio_format, self._downlink)
        pending = b""
        async with aclosing(sound.pieces()) as pieces:
            async for piece in pieces:
                pending += convert(piece, False)
                if pending and (utterance.sent_ms == 0.0 or len(pending) >= self._downlink.size_bytes(self._chunk_ms(utterance))):
                    await self._send(utterance, pending)
                    pending = b""
        pending += convert(b"", True)
        if pending:
            await self._send(utterance, pending)
        self._complete(utterance)

    async def _send(self, utterance: Utterance, data: bytes) -> None:
        self._follow(utterance)
        await self._emit(utterance, len(utterance.durations_ms), data)
        # A sentence is over when another one has begun and there is sound enough for it.
        while (index := len(utterance.durations_ms)) + 1 < len(utterance.sentences) and index < utterance.sounded:
            expected_ms = len(utterance.sentences[index]) * self._pace_ms
            if utterance.partial_ms < expected_ms:
                return
            self._made(utterance, expected_ms)
            self._follow(utterance)

    def _complete(self, utterance: Utterance) -> None:
        """What is left of the sound is shared among the sentences that are left."""
        first, last = len(utterance.durations_ms), utterance.sounded
        left = utterance.sentences[first:last]
        letters, sound_ms = sum(map(len, left)), utterance.partial_ms
        for sentence in left:
            self._made(utterance, sound_ms * len(sentence) / max(1, letters))
        utterance.partial_ms = 0.0 if left else utterance.partial_ms
        spoken = sum(map(len, utterance.sentences[:last]))
        if spoken and utterance.sent_ms:
            self._pace_ms = utterance.sent_ms / spoken

    def _made(self, utterance: Utterance, duration_ms: float) -> None:
        index = len(utterance.durations_ms)
        sentence, said = utterance.sentences[index], WordTrack(reading(utterance.sentences[index], self._record.snapshot.settings.language))
        utterance.durations_ms.append(duration_ms)
        utterance.words.append(said.complete(duration_ms))
        utterance.partial_ms = max(0.0, utterance.partial_ms - duration_ms)
        self._outlet.segment_end(utterance.id, index, sentence)
        self._transcript.sentence(sentence)
        if utterance.is_kept:
            self._record.add(SentenceMade(utterance=utterance.id, index=index, duration_ms=duration_ms, words=utterance.words[-1]))

    def _follow(self, utterance: Utterance) -> None:
        """How long the sentence in the making may become, for when it is cut off."""
        index = len(utterance.durations_ms)
        if index < len(utterance.sentences):
            utterance.track = WordTrack(reading(utterance.sentences[index], self._record.snapshot.settings.language))


def _converter(source: AudioFormat, target: AudioFormat) -> Callable[[bytes, bool], bytes]:
    """Streaming; the flag says that nothing follows."""
    if source is target:
        return lambda data, _: data
    resampler = Resampler(source.rate_hz, target.rate_hz, low_delay=False)

    def convert(data: bytes, is_last: bool) -> bytes:
        pcm16 = resampler.push(ulaw_to_pcm16(data) if source is AudioFormat.PCMU_8K else data, last=is_last)
        return pcm16_to_ulaw(pcm16) if target is AudioFormat.PCMU_8K else pcm16

    return convert
