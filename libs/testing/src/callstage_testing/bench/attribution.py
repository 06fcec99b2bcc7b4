"""Where the time of a turn went: the carrier's times against the vendors' own records, all on one machine's monotonic clock. Pure."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callstage_testing.bench.plan import VAD_STOP_MS
from callstage_testing.bench.tags import find_caller, find_tags

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """Audio that arrived at the carrier without a pause: when its first message came, how many seconds it plays, how long it ran dry inside."""

    first_at: float
    seconds: float
    dry_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a caller and what came back; no `heard`: unanswered."""

    caller: str
    speech_started_at: float
    speech_ended_at: float
    heard: tuple[Heard, ...] = ()

    @property
    def is_answered(self) -> bool:
        return bool(self.heard)

    @property
    def is_early(self) -> bool:
        """The answer began before the caller had finished: the end of the turn was misjudged."""
        return self.is_answered and self.heard[0].first_at < self.speech_ended_at

    @property
    def response_ms(self) -> float:
        """End of speech → first audio at the carrier."""
        return (self.heard[0].first_at - self.speech_ended_at) * 1000

    @property
    def spoken_s(self) -> float:
        return sum(part.seconds for part in self.heard)

    @property
    def dry_s(self) -> float:
        """Silence inside the answer because audio came too late, pauses between its parts included."""
        pauses = 0.0
        for before, after in zip(self.heard, self.heard[1:], strict=False):
            pauses += max(0.0, after.first_at - (before.first_at + before.seconds + before.dry_s))
        return pauses + sum(part.dry_s for part in self.heard)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A turn in milliseconds: `p_*` belong to the vendors, `s_*` to the platform."""

    response_ms: float
    p_stt_ms: float
    p_llm_ms: float
    p_tts_ms: float
    s_eos_ms: float
    s_turn_ms: float
    s_agg_ms: float
    s_out_ms: float
    has_finalize: bool = True
    """False: the text was there before the platform took the turn for ended. Nobody waited for speech-to-text, and what lies between the end of
    speech and the request to the model is all `s_eos`: from outside the decision and the code after it cannot be told apart."""

    @property
    def overhead_ms(self) -> float:
        """What is left after the vendors and the configured VAD stop."""
        return self.response_ms - self.p_stt_ms - self.p_llm_ms - self.p_tts_ms - VAD_STOP_MS

    @property
    def own_ms(self) -> float:
        """The platform's own code, without the decision that the caller has finished."""
        return self.s_turn_ms + self.s_agg_ms + self.s_out_ms


@dataclass(frozen=True, slots=True)
class _Transcript:
    """One final result and what brought it out: the client's Finalize, or the vendor's own endpoint."""

    asked_at: float
    final_at: float
    tags: tuple[str, ...]
    is_asked_for: bool = True


@dataclass(frozen=True, slots=True)
class _Generation:
    tag: str
    asked_at: float
    sentence_at: float


@dataclass(frozen=True, slots=True)
class _Speech:
    asked_at: float
    first_byte_at: float


@dataclass(slots=True)
class VendorRecords:
    """The fakes' records of one rung, by tag and by caller."""

    transcripts: dict[str, list[_Transcript]] = field(default_factory=dict[str, list[_Transcript]])
    """By tag: the result with that tag and all later ones of its connection."""
    generations: dict[str, list[_Generation]] = field(default_factory=dict[str, list[_Generation]])
    speeches: dict[str, list[_Speech]] = field(default_factory=dict[str, list[_Speech]])
    lateness_ms: list[float] = field(default_factory=list[float])
    """How much later than scripted the fakes' first tokens and first audio left: the instrument's own error."""

    @classmethod
    def read(
        cls, *, deepgram: Iterable[Record], openai: Iterable[Record], elevenlabs: Iterable[Record], ttft_s: float, first_byte_s: float
    ) -> VendorRecords:
        """From what `GET /_fake/requests` gave. `ttft_s` and `first_byte_s` are the scripted delays."""
        records = cls()
        for record in deepgram:
            records._read_transcripts(record)
        for record in openai:
            records._read_generation(record, ttft_s)
        for record in elevenlabs:
            records._read_speech(record, first_byte_s)
        return records

    def waterfall(self, turn: Turn) -> Waterfall | None:
        """None when the vendors' records do not tell this turn's story (no answer, or an answer to something else)."""
        if not turn.is_answered or turn.is_early:
            return None
        first_at = turn.heard[0].first_at
        for generation in reversed(self.generations.get(turn.caller, [])):
            if not turn.speech_started_at <= generation.asked_at <= first_at:
                continue
            # The model is asked after the last result that was waited for: the text may have come by an endpoint before the Finalize.
            known = [one for one in self.transcripts.get(generation.tag, []) if one.final_at <= generation.asked_at]
            transcript = known[-1] if known else None
            speech = next((one for one in self.speeches.get(generation.tag, []) if generation.asked_at <= one.first_byte_at <= first_at), None)
            if transcript is not None and speech is not None:
                return _waterfall(turn, transcript, generation, speech)
        return None

    def _read_transcripts(self, record: Record) -> None:
        asked: deque[tuple[float, bool]] = deque()
        results: list[_Transcript] = []
        for at, name, detail in record["moments"]:
            if name in ("finalize", "endpoint"):
                asked.append((at, name == "finalize"))
            elif name == "final" and asked:
                asked_at, is_asked_for = asked.popleft()
                results.append(_Transcript(asked_at, at, tuple(find_tags(detail)), is_asked_for))
        for index, result in enumerate(results):
            for tag in result.tags:
                self.transcripts[tag] = results[index:]

    def _read_generation(self, record: Record, ttft_s: float) -> None:
        moments = _first_moments(record)
        if "first_token" in moments:
            self.lateness_ms.append((moments["first_token"] - record["received_at"] - ttft_s) * 1000)
        caller, tag = _asked_by(record["body"])
        if caller and tag and "first_sentence" in moments:
            self.generations.setdefault(caller, []).append(_Generation(tag, record["received_at"], moments["first_sentence"]))

    def _read_speech(self, record: Record, first_byte_s: float) -> None:
        asked: tuple[float, list[str]] | None = None
        for at, name, detail in record["moments"]:
            if name == "text":
                asked = at, find_tags(detail)
            elif name == "first_byte" and asked is not None:
                self.lateness_ms.append((at - asked[0] - first_byte_s) * 1000)
                for tag in asked[1]:
                    self.speeches.setdefault(tag, []).append(_Speech(asked[0], at))
                asked = None


def _waterfall(turn: Turn, transcript: _Transcript, generation: _Generation, speech: _Speech) -> Waterfall:
    def ms(start: float, end: float) -> float:
        return (end - start) * 1000

    waited = transcript.is_asked_for
    return Waterfall(
        response_ms=turn.response_ms,
        p_stt_ms=ms(transcript.asked_at, transcript.final_at) if waited else 0.0,
        p_llm_ms=ms(generation.asked_at, generation.sentence_at),
        p_tts_ms=ms(speech.asked_at, speech.first_byte_at),
        s_eos_ms=ms(turn.speech_ended_at, transcript.asked_at if waited else generation.asked_at) - VAD_STOP_MS,
        s_turn_ms=ms(transcript.final_at, generation.asked_at) if waited else 0.0,
        s_agg_ms=ms(generation.sentence_at, speech.asked_at),
        s_out_ms=ms(speech.first_byte_at, turn.heard[0].first_at),
        has_finalize=waited,
    )


def _first_moments(record: Record) -> dict[str, float]:
    moments: dict[str, float] = {}
    for at, name, _ in record["moments"]:
        moments.setdefault(name, at)
    return moments


def _asked_by(body: str) -> tuple[str | None, str | None]:
    """Caller and tag of a chat request: the caller from the system prompt, the tag of the newest user message."""
    try:
        messages: list[dict[str, Any]] = json.loads(body)["messages"]
    except (ValueError, KeyError, TypeError):
        return None, None
    system = " ".join(str(message.get("content")) for message in messages if message.get("role") in ("system", "developer"))
    users = [str(message.get("content")) for message in messages if message.get("role") == "user"]
    tags = find_tags(users[-1]) if users else []
    return find_caller(system), tags[-1] if tags else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """Linear between the two nearest; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)
