"""The agent's voice: sentences in, made one after the other, each as soon as the one before is sent. That is long before it has played."""

import asyncio
import uuid
from collections.abc import Callable

import structlog
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, cancel

from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.playout import Playout
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.synthesis import Synthesis
from agent_runtime.conversation.transcript import Transcript
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.providers.ports import Sound, TtsProvider, TtsRequest
from agent_runtime.stages.entries import SentencePlanned

_log = structlog.get_logger(__name__)
_SOUND = -1
"""In place of a sentence's number: all that came spoken."""


class Speech:
    """One call. `playout` knows what of it was heard."""

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
        self._vendor = tts.name
        self._outlet = outlet
        self._clock_ms = clock_ms
        self._scope = scope
        self.playout = Playout(record, transcript, clock_ms)
        self._synthesis = Synthesis(record, tts, downlink, outlet, transcript, cache, clock_ms)
        self._queue: asyncio.Queue[tuple[Utterance, int | None]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._failure: DependencyError | None = None

    def begin(self, clock: TurnClock | None = None, *, is_kept: bool = True, is_cacheable: bool = False) -> Utterance:
        """A new utterance; it plays after those before it."""
        utterance = Utterance(uuid.uuid4().hex[:16], self._record.state.stage, is_kept, is_cacheable, clock)
        self.playout.add(utterance)
        return utterance

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

    def close(self, utterance: Utterance) -> None:
        """No sentence follows."""
        if utterance.sentences or utterance.sound is not None:
            self._put(utterance, None)
        else:
            self.playout.drop(utterance)

    def preview(self, sentence: str) -> TtsRequest | None:
        """How that sentence would be asked for; None when nothing of it can be spoken."""
        return self._synthesis.preview(sentence)

    async def drained(self) -> None:
        """Everything queued is sent. Raises the failure of text-to-speech, once."""
        await self._queue.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def silence(self, cut: tuple[str, float] | None = None) -> None:
        """Stop making audio and drop what was not heard. `cut`: the gateway's own account of the utterance that played, already silent there."""
        await cancel(self._worker)
        self._worker, self._queue, self._failure = None, asyncio.Queue(), None
        if self.playout.cut_off(cut):
            self._outlet.clear()

    def _plan(self, utterance: Utterance, sentence: str) -> None:
        utterance.sentences.append(sentence)
        self._record.parts.sentence_ready()
        if utterance.clock is not None and utterance.clock.first_sentence_ms is None:
            utterance.clock.first_sentence_ms = self._clock_ms()
        if utterance.is_kept:
            self._record.add(SentencePlanned(utterance=utterance.id, text=sentence))

    def _put(self, utterance: Utterance, index: int | None) -> None:
        self._queue.put_nowait((utterance, index))
        if self._worker is None or self._worker.done():
            self._worker = self._scope.start(self._work(self._queue), name="speech")

    async def _work(self, queue: asyncio.Queue[tuple[Utterance, int | None]]) -> None:
        while True:
            utterance, index = await queue.get()
            try:
                if index is None:
                    self._complete(utterance)
                elif self._failure is None:
                    await (self._synthesis.play(utterance) if index == _SOUND else self._synthesis.make(utterance, index))
            except DependencyError as err:
                self._failure = err
            except Exception as err:
                # Whoever waits for the voice must hear of a defect, too, or the call would stand still.
                _log.exception("speech_broken")
                self._failure = DependencyError(str(err), vendor=self._vendor, phase="stream")
            finally:
                queue.task_done()

    def _complete(self, utterance: Utterance) -> None:
        if utterance.sent_ms > 0:
            self._outlet.utterance_end(utterance.id)
        else:
            self.playout.settle(utterance, 0.0, was_cut=self._failure is not None)
