"""A sentence into audio, and the audio to the gateway, piece by piece as it is made."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from callstage_domain.agent import AgentSettings
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.phrase_cache import CacheKey, PhraseCache
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.sound_player import SoundPlayer
from agent_runtime.conversation.spoken_text import can_be_said, reading, spoken
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.conversation.word_track import WordTrack
from agent_runtime.providers.audio_conversion import converted, whole_samples
from agent_runtime.providers.ports import TtsProvider, TtsRequest
from agent_runtime.stages.entries import SentenceMade

_CHUNK_MS = 100.0
"""Smallest piece sent after the first one: messages cost, bytes do not."""
_BIG_CHUNK_MS = 400.0
_AHEAD_MS = 1000.0
"""With so much audio still to be played at the caller's end the next piece may take its time to become a big one."""
_SENTENCE_LIMIT_S = 30.0


class Synthesis:
    """One call, one sentence at a time. Everything that fails raises DependencyError."""

    def __init__(
        self,
        record: ConversationRecord,
        tts: TtsProvider,
        downlink: AudioFormat,
        outlet: Outlet,
        transcript: Transcript,
        cache: PhraseCache,
        clock_ms: Callable[[], float],
    ) -> None:
        self._record = record
        self._tts = tts
        self._settings: AgentSettings = record.snapshot.settings
        self._downlink = downlink
        self._outlet = outlet
        self._transcript = transcript
        self._cache = cache
        self._clock_ms = clock_ms
        self._sounds = SoundPlayer(record, downlink, outlet, transcript, self._emit, self._chunk_ms)

    async def play(self, utterance: Utterance) -> None:
        """All of it that came spoken."""
        self._asked(utterance)
        await self._sounds.play(utterance)

    async def make(self, utterance: Utterance, index: int) -> None:
        """The sentence of that number, to its end."""
        sentence = utterance.sentences[index]
        said = reading(sentence, self._settings.language)
        utterance.track = track = WordTrack(said)
        if can_be_said(said.text):
            self._asked(utterance)
            await self._send(utterance, index, said.text, track)
            self._outlet.segment_end(utterance.id, index, sentence)
            self._transcript.sentence(sentence)
        duration_ms, utterance.partial_ms = utterance.partial_ms, 0.0
        utterance.durations_ms.append(duration_ms)
        utterance.words.append(track.complete(duration_ms))
        if utterance.is_kept:
            self._record.add(SentenceMade(utterance=utterance.id, index=index, duration_ms=duration_ms, words=utterance.words[-1]))

    def preview(self, sentence: str) -> TtsRequest | None:
        """How that sentence would be asked for; None when nothing of it can be spoken."""
        text = spoken(sentence, self._settings.language)
        return self._request(text) if text else None

    def _asked(self, utterance: Utterance) -> None:
        clock = utterance.clock
        if clock is not None and clock.tts_request_ms is None:
            clock.tts_request_ms = self._clock_ms()

    async def _send(self, utterance: Utterance, index: int, text: str, track: WordTrack) -> None:
        key = self._key(text) if utterance.is_cacheable else None
        cached = self._cache.get(key) if key else None
        self._record.parts.voice_asked(utterance.voice, text, is_cached=cached is not None)
        if cached is not None and key:
            track.take(self._cache.words(key))
            await self._emit(utterance, index, cached)
            return
        whole: list[bytes] = []
        pending = b""
        try:
            async with asyncio.timeout(_SENTENCE_LIMIT_S), aclosing(self._audio(utterance, text, track)) as chunks:
                async for chunk in chunks:
                    pending += chunk
                    if utterance.partial_ms == 0.0 or len(pending) >= self._downlink.size_bytes(self._chunk_ms(utterance)):
                        await self._emit(utterance, index, pending)
                        if key:
                            whole.append(pending)
                        pending = b""
        except TimeoutError as err:
            raise DependencyError("text-to-speech did not come to an end", vendor=self._tts.name, phase="stream") from err
        if pending:
            await self._emit(utterance, index, pending)
            whole.append(pending)
        if key and whole and utterance.voice.provider == self._tts.name:
            # A stand-in's voice must not be kept as the agent's own.
            self._cache.put(key, b"".join(whole), tuple(track.words))

    def _chunk_ms(self, utterance: Utterance) -> float:
        began_ms = utterance.began_ms
        is_ahead = began_ms is not None and utterance.sent_ms - (self._clock_ms() - began_ms) >= _AHEAD_MS
        return _BIG_CHUNK_MS if is_ahead else _CHUNK_MS

    def _request(self, text: str) -> TtsRequest:
        settings = self._settings
        source = self._downlink if self._downlink in self._tts.formats else self._tts.formats[0]
        tts = settings.tts
        return TtsRequest(text, source, settings.language, settings.voice, settings.speed, tts.model, tts.options, on_words=lambda _: None)

    def _audio(self, utterance: Utterance, text: str, track: WordTrack) -> AsyncGenerator[bytes]:
        request = self._request(text)
        source = request.audio_format
        request = replace(request, on_words=track.take, on_served=lambda served: self._record.parts.voice_served(utterance.voice, served))
        chunks = whole_samples(self._tts.synthesise(request), source)
        return chunks if source is self._downlink else converted(chunks, source, self._downlink)

    async def _emit(self, utterance: Utterance, index: int, data: bytes) -> None:
        is_first = utterance.sent_ms == 0.0
        if is_first and utterance.clock is not None and utterance.clock.first_audio_ms is None:
            utterance.clock.first_audio_ms = self._clock_ms()
        if utterance.began_ms is None:
            utterance.began_ms = self._clock_ms()
        utterance.partial_ms += self._downlink.duration_ms(len(data))
        self._record.parts.voice_gave(utterance.voice, self._downlink.duration_ms(len(data)))
        await self._outlet.audio(utterance.id, index, data, is_first=is_first)

    def _key(self, text: str) -> CacheKey:
        settings = self._settings
        return (self._tts.name, settings.tts.model or "", settings.voice or "", settings.speed, settings.language, self._downlink, text)
