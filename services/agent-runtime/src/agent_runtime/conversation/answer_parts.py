"""The parts of answers as they happen, until a line of the transcript takes them along as its waterfall (rule K5).

Nothing is lost that was paid for: a request to the model that was dropped, or a tool that outlived its reply, goes with the next line.
"""

from collections.abc import Callable
from dataclasses import dataclass

from callstage_contracts.waterfall import LlmPart, SttPart, ToolPart, TtsPart, Waterfall

from agent_runtime.conversation.latency import TurnClock
from agent_runtime.providers.ports import Served


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """The agent's first choice of each kind, with its model ("" for the provider's default). A text conversation has a language model only."""

    stt: str = ""
    llm: str = ""
    tts: str = ""
    stt_model: str = ""
    llm_model: str = ""
    tts_model: str = ""


@dataclass(slots=True)
class LlmRun:
    """One request while it runs."""

    request_ms: float
    provider: str
    model: str
    first_token_ms: float | None = None
    first_sentence_ms: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    is_eager: bool = False
    is_hedged: bool = False


@dataclass(slots=True)
class VoiceRun:
    """The making of one utterance; moments as in `TtsPart`, `sentences` counts what was asked for, `cached` how many of them were there already."""

    request_ms: float | None = None
    first_byte_ms: float | None = None
    done_ms: float | None = None
    provider: str = ""
    model: str = ""
    characters: int = 0
    audio_ms: float = 0.0
    sentences: int = 0
    cached: int = 0


class AnswerParts:
    """One conversation. Moments are milliseconds of the session's clock. `listened_s`: how much audio speech-to-text was given so far."""

    def __init__(self, clock_ms: Callable[[], float], names: ProviderNames | None = None, listened_s: Callable[[], float] = lambda: 0.0) -> None:
        self._clock_ms = clock_ms
        self._names = names or ProviderNames()
        self._listened_s = listened_s
        self._llm: list[LlmPart] = []
        self._tools: list[ToolPart] = []
        self._running: LlmRun | None = None
        self._stt = (self._names.stt, self._names.stt_model)
        self._stt_told_s = 0.0

    def now_ms(self) -> float:
        """The session's clock."""
        return self._clock_ms()

    def llm_asked(self, *, is_eager: bool = False) -> LlmRun:
        """A request goes out."""
        self._running = LlmRun(self._clock_ms(), self._names.llm, self._names.llm_model, is_eager=is_eager)
        return self._running

    def was_prepared(self, ahead: LlmRun) -> None:
        """The request that goes out now is answered by one that was made ahead: its moments are the true ones."""
        run = self._running
        if run is not None and run is not ahead:
            run.request_ms, run.first_token_ms, run.is_eager = ahead.request_ms, ahead.first_token_ms, True

    def sentence_ready(self) -> None:
        """The model's text holds a sentence that can be spoken."""
        run = self._running
        if run is not None:
            run.first_sentence_ms = run.first_sentence_ms or self._clock_ms()
        elif self._llm and self._llm[-1].first_sentence_ms is None and self._llm[-1].first_token_ms is not None:
            # A text without an end mark becomes a sentence when the request is over.
            self._llm[-1] = self._llm[-1].model_copy(update={"first_sentence_ms": _rounded(self._clock_ms())})

    def llm_ended(self, run: LlmRun, *, was_dropped: bool) -> None:
        """It gave its answer, or was cut short."""
        if self._running is run:
            self._running = None
        self._llm.append(self._llm_part(run, done_ms=self._clock_ms(), was_dropped=was_dropped))

    def tool_ran(self, tool: str, run_key: str, status: str, start_ms: float) -> None:
        """A tool has its outcome."""
        end_ms = _rounded(self._clock_ms())
        self._tools.append(ToolPart(tool=tool, run_key=run_key, start_ms=_rounded(start_ms), end_ms=end_ms, status=status))

    def voice_asked(self, voice: VoiceRun, text: str, *, is_cached: bool) -> None:
        """A sentence goes to the voice."""
        if voice.request_ms is None:
            voice.request_ms = self._clock_ms()
            voice.provider, voice.model = self._names.tts, self._names.tts_model
        voice.sentences += 1
        voice.cached += is_cached
        voice.characters += 0 if is_cached else len(text)

    def voice_gave(self, voice: VoiceRun, duration_ms: float) -> None:
        """Audio of it came."""
        now_ms = self._clock_ms()
        if voice.first_byte_ms is None:
            voice.first_byte_ms = now_ms
        voice.done_ms = now_ms
        voice.audio_ms += duration_ms

    def llm_served(self, run: LlmRun, served: Served) -> None:
        """Which provider really answers this request."""
        run.provider, run.model = served.provider, served.model or (self._names.llm_model if served.provider == self._names.llm else "")
        run.is_hedged = run.is_hedged or served.is_hedged

    def voice_served(self, voice: VoiceRun, served: Served) -> None:
        """Which provider really speaks."""
        voice.provider, voice.model = served.provider, served.model or (self._names.tts_model if served.provider == self._names.tts else "")

    def stt_served(self, served: Served) -> None:
        """Which provider really listens."""
        self._stt = (served.provider, served.model or (self._names.stt_model if served.provider == self._names.stt else ""))

    def told(self, clock: TurnClock | None, voice: VoiceRun | None, *, first_packet_ms: float | None, late_ms: float = 0.0) -> Waterfall:
        """Everything since the line before, for the line that comes now. The way to the answer goes with the first line of an answer."""
        waterfall = self._waterfall(clock, voice, self._llm, first_packet_ms, late_ms)
        self._llm, self._tools = [], []
        if waterfall.stt is not None:
            self._stt_told_s += waterfall.stt.audio_s
        return waterfall

    def shown(self, clock: TurnClock | None, voice: VoiceRun | None, *, first_packet_ms: float | None, late_ms: float = 0.0) -> Waterfall:
        """The same for who watches, while the answer begins: nothing is taken along, and a request that still runs has no end."""
        running = [] if self._running is None else [self._llm_part(self._running, done_ms=None, was_dropped=False)]
        return self._waterfall(clock, voice, [*self._llm, *running], first_packet_ms, late_ms)

    def _waterfall(
        self, clock: TurnClock | None, voice: VoiceRun | None, llm: list[LlmPart], first_packet_ms: float | None, late_ms: float
    ) -> Waterfall:
        is_first = clock is not None and not clock.is_told
        times = clock.times if clock is not None and is_first else None
        has_turn = times is not None and times.speech_end_ms is not None
        return Waterfall(
            speech_end_ms=_maybe(times.speech_end_ms) if times is not None else None,
            decided_ms=_maybe(times.decided_ms) if times is not None and has_turn else None,
            reason=times.reason if times is not None and has_turn else "",
            stt=self._stt_part(times.finalize_ms, times.final_ms) if times is not None and has_turn and self._stt[0] else None,
            llm=tuple(llm),
            tools=tuple(self._tools),
            tts=self._tts_part(voice) if voice is not None and voice.request_ms is not None else None,
            first_packet_ms=_maybe(first_packet_ms),
            heard_ms=_maybe(None if first_packet_ms is None else first_packet_ms + late_ms),
        )

    def _llm_part(self, run: LlmRun, *, done_ms: float | None, was_dropped: bool) -> LlmPart:
        return LlmPart(
            request_ms=_rounded(run.request_ms),
            first_token_ms=_maybe(run.first_token_ms),
            first_sentence_ms=_maybe(run.first_sentence_ms),
            done_ms=_maybe(done_ms),
            provider=run.provider,
            model=run.model,
            input_tokens=run.input_tokens,
            output_tokens=run.output_tokens,
            is_eager=run.is_eager,
            is_hedged=run.is_hedged,
            is_fallback=run.provider != self._names.llm,
            was_dropped=was_dropped,
        )

    def _stt_part(self, finalize_ms: float | None, final_ms: float | None) -> SttPart:
        provider, model = self._stt
        audio_s = self._listened_s() - self._stt_told_s
        return SttPart(finalize_ms=_maybe(finalize_ms), final_ms=_maybe(final_ms), provider=provider, model=model, audio_s=round(audio_s, 3))

    def _tts_part(self, voice: VoiceRun) -> TtsPart:
        return TtsPart(
            request_ms=_maybe(voice.request_ms),
            first_byte_ms=_maybe(voice.first_byte_ms),
            done_ms=_maybe(voice.done_ms),
            provider=voice.provider,
            model=voice.model,
            characters=voice.characters,
            audio_s=round(voice.audio_ms / 1000, 3),
            is_cached=voice.sentences > 0 and voice.cached == voice.sentences,
            is_fallback=voice.provider != self._names.tts,
        )


def _rounded(moment_ms: float) -> float:
    return round(moment_ms, 1)


def _maybe(moment_ms: float | None) -> float | None:
    return None if moment_ms is None else round(moment_ms, 1)
