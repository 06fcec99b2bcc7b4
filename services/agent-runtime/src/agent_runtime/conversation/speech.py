"""The agent's voice: sentences into audio, audio to the gateway, and the account of what was heard."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

import structlog
from callstage_domain.agent import AgentSettings
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, cancel

from agent_runtime.conversation.inbox import PlayoutReport
from agent_runtime.conversation.latency import TurnClock, count_turn_end, observe
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.phrase_cache import CacheKey, PhraseCache
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.saying import agent_says
from agent_runtime.conversation.sound_player import SoundPlayer
from agent_runtime.conversation.spoken_text import can_be_said, reading, spoken
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.conversation.turns.events import PlayoutFinished, PlayoutStarted, TurnEvent
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.conversation.word_track import WordTrack
from agent_runtime.providers.audio_conversion import converted, whole_samples
from agent_runtime.providers.ports import Sound, TtsProvider, TtsRequest
from agent_runtime.stages.entries import Heard, Progress, Replied, SentenceMade, SentencePlanned
from agent_runtime.stages.history import heard_text, unheard_sentences
from agent_runtime.stages.state import Spoken

_log = structlog.get_logger(__name__)
_CHUNK_MS = 100.0
"""Smallest piece sent after the first one: messages cost, bytes do not."""
_BIG_CHUNK_MS = 400.0
_AHEAD_MS = 1000.0
"""With so much audio still to be played at the caller's end the next piece may take its time to become a big one."""
_SENTENCE_LIMIT_S = 30.0
_SOUND = -1
"""In place of a sentence's number: all that came spoken."""


class Speech:
    """One call. Sentences are made one after the other, each as soon as the one before is sent: that is long before it has played."""

    def __init__(
        self,
        record: ConversationRecord,
        tts: TtsProvider,
        downlink: AudioFormat,
        outlet: Outlet,
        transcript: Transcript,
        cache: PhraseCache,
        clock_ms: Callable[[], float],
        scope: TaskScope,
    ) -> None:
        self._record = record
        self._tts = tts
        self._settings: AgentSettings = record.snapshot.settings
        self._downlink = downlink
        self._outlet = outlet
        self._transcript = transcript
        self._cache = cache
        self._clock_ms = clock_ms
        self._scope = scope
        self._queue: asyncio.Queue[tuple[Utterance, int | None]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._failure: DependencyError | None = None
        self._sounds = SoundPlayer(record, downlink, outlet, transcript, self._emit, self._chunk_ms)
        self._utterances: list[Utterance] = []
        self.last_rest: list[str] = []
        """Sentences that were cut off last, for going on after a false alarm."""

    def begin(self, clock: TurnClock | None = None, *, is_kept: bool = True, is_cacheable: bool = False) -> Utterance:
        """A new utterance; it plays after those before it."""
        utterance = Utterance(uuid.uuid4().hex[:16], self._record.state.stage, is_kept, is_cacheable, clock)
        self._utterances.append(utterance)
        return utterance

    def take_over(self, spoken: Spoken, heard_ms: float, sent_ms: float) -> None:
        """An utterance of a lost process whose audio the caller's end holds: it plays on to `sent_ms` and can be cut off like any other."""
        lost = unheard_sentences(spoken, sent_ms)
        whole = len(spoken.sentences) - len(lost)
        durations_ms = list(spoken.durations_ms[:whole])
        sentences, torn_ms = list(spoken.sentences[:whole]), sent_ms - sum(durations_ms)
        words = spoken.words[: whole + 1]
        if lost and torn_ms > 0:
            sentences.append(heard_text(lost[:1], spoken.durations_ms[whole : whole + 1], torn_ms, words[whole:]))
            durations_ms.append(torn_ms)
        utterance = Utterance(spoken.utterance, self._record.state.stage, sentences=sentences, durations_ms=durations_ms, is_torn=bool(lost))
        utterance.words = list(words)
        now_ms = self._clock_ms()
        utterance.heard_ms, utterance.heard_at_ms, utterance.started_at_ms = heard_ms, now_ms, now_ms - heard_ms
        self._utterances.append(utterance)
        if not spoken.is_complete:
            # Its place in the history is before whatever follows.
            self._record.add(Replied(utterance=spoken.utterance, text=" ".join(sentences).strip(), is_torn=True))

    def say(self, utterance: Utterance, sentence: str) -> None:
        """Its next sentence."""
        self._plan(utterance, sentence)
        self._put(utterance, len(utterance.sentences) - 1)

    def sound(self, utterance: Utterance, sound: Sound, sentences: list[str], rest: str = "") -> None:
        """Its next sentences, which are in the sound already, and the beginning of the one in the making."""
        del utterance.sentences[utterance.sounded :]
        for sentence in sentences:
            self._plan(utterance, sentence)
        utterance.sounded = len(utterance.sentences)
        if rest:
            utterance.sentences.append(rest)
        if utterance.sound is None:
            utterance.sound = sound
            self._put(utterance, _SOUND)

    def _plan(self, utterance: Utterance, sentence: str) -> None:
        utterance.sentences.append(sentence)
        self._record.parts.sentence_ready()
        if utterance.clock is not None and utterance.clock.first_sentence_ms is None:
            utterance.clock.first_sentence_ms = self._clock_ms()
        if utterance.is_kept:
            self._record.add(SentencePlanned(utterance=utterance.id, text=sentence))

    def close(self, utterance: Utterance) -> None:
        """No sentence follows."""
        if utterance.sentences or utterance.sound is not None:
            self._put(utterance, None)
        else:
            utterance.is_settled = True
            self._utterances.remove(utterance)

    async def drained(self) -> None:
        """Everything queued is sent. Raises the failure of text-to-speech, once."""
        await self._queue.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def unheard_ms(self) -> float:
        """How much audio the caller still has to hear."""
        return sum(utterance.sent_ms - utterance.heard_ms for utterance in self._utterances if utterance.is_outstanding)

    def knows(self, utterance_id: str) -> bool:
        """True when that utterance (any, for an empty id) can still be cut off."""
        return any(utterance.is_outstanding and utterance_id in ("", utterance.id) for utterance in self._utterances)

    def report(self, report: PlayoutReport) -> list[TurnEvent]:
        """What the gateway says about the playout, as events for the turn machine."""
        utterance = next((known for known in self._utterances if known.id == report.utterance and not known.is_settled), None)
        if utterance is None:
            return []
        now_ms = self._clock_ms()
        utterance.late_ms = report.late_ms or utterance.late_ms
        events: list[TurnEvent] = []
        utterance.heard_ms, utterance.heard_at_ms = max(utterance.heard_ms, report.heard_ms), now_ms
        if utterance.started_at_ms is None:
            utterance.started_at_ms = now_ms - report.heard_ms
            self._began_to_play(utterance)
            events.append(PlayoutStarted())
        if report.is_finished:
            self._settle(utterance, utterance.sent_ms, was_cut=False)
            if not any(known.is_outstanding for known in self._utterances):
                events.append(PlayoutFinished())
        elif utterance.is_kept and not report.is_started:
            self._record.add(Progress(utterance=utterance.id, heard_ms=report.heard_ms))
        return events

    def says(self) -> AgentSays:
        """What the caller hears at this moment."""
        return agent_says([utterance for utterance in self._utterances if not utterance.is_settled], self._clock_ms())

    def stopped_at(self, utterance_id: str, heard_ms: float) -> None:
        """So far that utterance was heard, exactly; it does not play at this moment, or plays on from here."""
        for utterance in self._utterances:
            if utterance.id == utterance_id:
                utterance.heard_ms, utterance.heard_at_ms = heard_ms, self._clock_ms()

    async def silence(self, cut: tuple[str, float] | None = None) -> None:
        """Stop making audio and drop what was not heard. `cut`: the gateway's own account of the utterance that played, already silent there."""
        await cancel(self._worker)
        self._worker, self._queue, self._failure = None, asyncio.Queue(), None
        now_ms = self._clock_ms()
        open_ones = [utterance for utterance in self._utterances if not utterance.is_settled]
        playing = next((known for known in open_ones if cut is not None and known.id == cut[0]), None)
        was_passed = playing is not None
        rest: list[str] = []
        needs_clear = False
        for utterance in open_ones:
            if utterance is playing and cut is not None:
                heard_ms, was_passed = min(cut[1], utterance.sent_ms), False
            elif was_passed:
                heard_ms = utterance.sent_ms
            else:
                heard_ms = utterance.estimated_heard_ms(now_ms) if playing is None else 0.0
                needs_clear = needs_clear or utterance.sent_ms > 0
            if utterance.is_kept:
                rest += utterance.rest(heard_ms)
            self._settle(utterance, heard_ms, was_cut=not was_passed or utterance is playing)
        if open_ones:
            self.last_rest = rest
        if needs_clear:
            self._outlet.clear()

    def _put(self, utterance: Utterance, index: int | None) -> None:
        self._queue.put_nowait((utterance, index))
        if self._worker is None or self._worker.done():
            self._worker = self._scope.start(self._work(self._queue), name="speech")

    async def _work(self, queue: asyncio.Queue[tuple[Utterance, int | None]]) -> None:
        while True:
            utterance, index = await queue.get()
            try:
                if self._failure is None and index is not None:
                    await self._make(utterance, index)
                elif index is None:
                    self._complete(utterance)
            except DependencyError as err:
                self._failure = err
            except Exception as err:
                # Whoever waits for the voice must hear of a defect, too, or the call would stand still.
                _log.exception("speech_broken")
                self._failure = DependencyError(str(err), vendor=self._tts.name, phase="stream")
            finally:
                queue.task_done()

    def _complete(self, utterance: Utterance) -> None:
        if utterance.sent_ms > 0:
            self._outlet.utterance_end(utterance.id)
        else:
            self._settle(utterance, 0.0, was_cut=self._failure is not None)

    async def _make(self, utterance: Utterance, index: int) -> None:
        if index == _SOUND:
            if utterance.clock is not None and utterance.clock.tts_request_ms is None:
                utterance.clock.tts_request_ms = self._clock_ms()
            await self._sounds.play(utterance)
            return
        sentence = utterance.sentences[index]
        said = reading(sentence, self._settings.language)
        text, clock = said.text, utterance.clock
        utterance.track = track = WordTrack(said)
        if can_be_said(text):
            if clock is not None and clock.tts_request_ms is None:
                clock.tts_request_ms = self._clock_ms()
            await self._send(utterance, index, text, track)
            self._outlet.segment_end(utterance.id, index, sentence)
            self._transcript.sentence(sentence)
        duration_ms, utterance.partial_ms = utterance.partial_ms, 0.0
        utterance.durations_ms.append(duration_ms)
        utterance.words.append(track.complete(duration_ms))
        if utterance.is_kept:
            self._record.add(SentenceMade(utterance=utterance.id, index=index, duration_ms=duration_ms, words=utterance.words[-1]))

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

    def preview(self, sentence: str) -> TtsRequest | None:
        """How that sentence would be asked for; None when nothing of it can be spoken."""
        text = spoken(sentence, self._settings.language)
        return self._request(text) if text else None

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

    def _began_to_play(self, utterance: Utterance) -> None:
        clock = utterance.clock
        if clock is not None and clock.heard_ms is None:
            clock.heard_ms = utterance.started_at_ms
            parts = clock.parts()
            observe(parts)
            count_turn_end(clock.times)
            self._transcript.latency(parts)

    def _settle(self, utterance: Utterance, heard_ms: float, *, was_cut: bool) -> None:
        utterance.is_settled = True
        self._utterances = [known for known in self._utterances if known is not utterance]
        if utterance.on_settled is not None:
            utterance.on_settled(was_cut)
        if not utterance.is_kept:
            return
        text = utterance.text_heard(heard_ms) if was_cut else " ".join(utterance.sentences)
        turn = self._record.state.turns
        self._record.add(Heard(utterance=utterance.id, text=text.strip(), was_cut=was_cut or utterance.is_torn))
        if not text:
            return
        clock = utterance.clock
        latency = clock.parts() if clock is not None and clock.times.speech_end_ms is not None and not clock.is_told else None
        waterfall = self._record.parts.told(clock, utterance.voice, first_packet_ms=utterance.started_at_ms, late_ms=utterance.late_ms)
        if clock is not None:
            clock.is_told = True
        started_ms = utterance.started_at_ms if utterance.started_at_ms is not None else self._clock_ms()
        self._transcript.assistant(
            text,
            turn=turn,
            stage=utterance.stage,
            started_ms=started_ms,
            ended_ms=self._clock_ms(),
            was_cut=was_cut,
            latency=latency,
            waterfall=waterfall,
        )

    def _key(self, text: str) -> CacheKey:
        settings = self._settings
        return (self._tts.name, settings.tts.model or "", settings.voice or "", settings.speed, settings.language, self._downlink, text)
