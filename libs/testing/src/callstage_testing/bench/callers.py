"""Simulated Twilio calls in a process of their own: `python -m callstage_testing.bench.callers < assignment.json`, result as JSON on stdout."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvloop
from callstage_audio.wav import read_wav
from callstage_kit.tasks import all_of
from callstage_phone.call import CarrierCall
from callstage_phone.carrier import CarrierSettings
from callstage_phone.clock import TickWheel
from callstage_phone.room import CallOver
from callstage_phone.twilio import TwilioCaller
from pydantic import TypeAdapter

from callstage_testing.bench.attribution import Heard, Turn
from callstage_testing.bench.counters import claim_priority
from callstage_testing.bench.plan import ANSWER_TIMEOUT_S, BARGE_IN_AFTER_S, PAUSE_BEFORE_TURN_MS
from callstage_testing.fakes.tones import tone_speech

PRIORITY = -10
_UTTERANCES = ("track_order", "tomorrow_evening", "book_table")
_INTERRUPTION = "wait_stop"
_SPOKEN_TIMEOUT_S = 40.0
_STREAM_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one process does. `dial_at` are monotonic times, one per caller."""

    webhook_url: str
    auth_token: str
    account_sid: str
    to: str
    callers: tuple[str, ...]
    dial_at: tuple[float, ...]
    leave_at: float
    barge_ins: int = 0
    """0: plain conversation until `leave_at`; else so many interruptions per call."""


@dataclass(slots=True)
class BargeIn:
    """One interruption. `clear_ms`: start of the caller's speech → `clear` at the carrier, None when none came."""

    clear_ms: float | None
    leaked_s: float = 0.0
    """Audio that still arrived between `clear` and the end of the interruption."""


@dataclass(slots=True)
class CallReport:
    """One call. `greeting_ms` counts from the media start."""

    caller: str
    greeting_ms: float | None = None
    turns: list[Turn] = field(default_factory=list[Turn])
    barge_ins: list[BargeIn] = field(default_factory=list[BargeIn])
    failure: str | None = None
    problems: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class CallersReport:
    """What a process saw, and how well it kept its own time."""

    calls: list[CallReport]
    ticks: int = 0
    late_ticks: int = 0
    worst_lateness_ms: float = 0.0
    has_priority: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> CallersReport:
        """Raises ValueError for something else."""
        return _REPORT.validate_json(text)


_ASSIGNMENT = TypeAdapter(Assignment)
_REPORT = TypeAdapter(CallersReport)


def speech_folder() -> Path | None:
    """`tests/speech` of the checkout: below the current folder, else below a parent of this file."""
    for root in (Path.cwd(), *Path(__file__).parents):
        if (root / "tests" / "speech" / f"{_INTERRUPTION}.wav").exists():
            return root / "tests" / "speech"
    return None


def load_speech(name: str) -> bytes:
    """PCM16 mono 8 kHz: the committed recording, or tones (which no voice activity model takes for speech) where there is no checkout."""
    folder = speech_folder()
    if folder is None:
        return tone_speech("please check my order now", 8000)
    pcm, rate_hz = read_wav((folder / f"{name}.wav").read_bytes())
    if rate_hz != 8000:
        raise ValueError(f"{name}.wav has {rate_hz} Hz, expected 8000")
    return pcm


class Conversation:
    """One caller in one call."""

    def __init__(self, call: CarrierCall, report: CallReport, assignment: Assignment, first: int) -> None:
        self._call = call
        self._room = call.room
        self._playout = call.room.playout
        self._report = report
        self._assignment = assignment
        phrases = [load_speech(name) for name in _UTTERANCES]
        self._phrases: Iterator[bytes] = itertools.cycle(phrases[first % len(phrases) :] + phrases[: first % len(phrases)])
        self._interruption = load_speech(_INTERRUPTION)

    async def live(self) -> None:
        """Be greeted, then talk. Raises TimeoutError or CallOver when the call does not get going or ends early."""
        opened = await self._call.wait_for_stream(_STREAM_TIMEOUT_S)
        await self._room.until(lambda: bool(self._playout.answers), ANSWER_TIMEOUT_S)
        self._report.greeting_ms = (self._playout.answers[0].first_at - opened.at) * 1000
        await self._agent_is_silent()
        if self._assignment.barge_ins:
            for _ in range(self._assignment.barge_ins):
                await self._interrupt()
            return
        while not self._report.turns or self._room.now < self._assignment.leave_at:
            await self._turn()

    async def _turn(self) -> None:
        answers, gaps = len(self._playout.answers), len(self._playout.gaps)
        said = await self._call.say(next(self._phrases))
        if await self._answered(answers):
            await self._agent_is_silent()
        dry_s = sum(gap.seconds for gap in self._playout.gaps[gaps:])
        # Gaps lie inside answers; their sum counts, so that all may stand with the first one.
        heard = tuple(Heard(one.first_at, one.seconds, dry_s if index == 0 else 0.0) for index, one in enumerate(self._playout.answers[answers:]))
        self._report.turns.append(Turn(self._report.caller, said.speech_started_at, said.speech_ended_at, heard))

    async def _interrupt(self) -> None:
        answers = len(self._playout.answers)
        await self._call.say(next(self._phrases))
        if not await self._answered(answers):
            self._report.failure = "no answer to interrupt"
            return
        await asyncio.sleep(max(0.0, self._playout.answers[-1].first_at + BARGE_IN_AFTER_S - self._room.now))
        answers = len(self._playout.answers)
        said = await self._call.say(self._interruption)
        cleared = next((at for at in self._call.cleared if at >= said.speech_started_at), None)
        if cleared is None:
            self._report.barge_ins.append(BargeIn(None))
        else:
            late = [one for one in self._playout.answers[answers:] if cleared < one.first_at < said.speech_ended_at]
            self._report.barge_ins.append(BargeIn((cleared - said.speech_started_at) * 1000, sum(one.seconds for one in late)))
        await self._answered(answers)
        await self._agent_is_silent()

    async def _answered(self, before: int) -> bool:
        try:
            await self._room.until(lambda: len(self._playout.answers) > before, ANSWER_TIMEOUT_S)
        except TimeoutError:
            return False
        return True

    async def _agent_is_silent(self) -> None:
        await self._call.wait_for_agent_silence(PAUSE_BEFORE_TURN_MS, _SPOKEN_TIMEOUT_S)


async def make_calls(assignment: Assignment) -> CallersReport:
    """All calls of the assignment; one that fails is reported and does not disturb the others."""
    settings = CarrierSettings(assignment.webhook_url)
    async with TwilioCaller(settings, auth_token=assignment.auth_token, account_sid=assignment.account_sid, record=False) as carrier:
        calls = await all_of(*(_one_call(carrier, assignment, index) for index in range(len(assignment.callers))))
        wheel = TickWheel.shared()
        return CallersReport(calls, wheel.ticks, wheel.late_ticks, wheel.worst_lateness_s * 1000)


async def _one_call(carrier: TwilioCaller, assignment: Assignment, index: int) -> CallReport:
    report = CallReport(assignment.callers[index])
    await asyncio.sleep(max(0.0, assignment.dial_at[index] - time.monotonic()))
    async with carrier.call(from_=report.caller, to=assignment.to) as call:
        try:
            await Conversation(call, report, assignment, index).live()
        except (TimeoutError, CallOver) as err:
            report.failure = f"{type(err).__name__}: {err}"
    report.problems = call.problems
    return report


def main() -> None:
    """Assignment on stdin, report on stdout."""
    has_priority = claim_priority(PRIORITY)
    assignment = _ASSIGNMENT.validate_json(sys.stdin.read())
    report = uvloop.run(make_calls(assignment))
    report.has_priority = has_priority
    sys.stdout.write(report.to_json())


if __name__ == "__main__":
    main()
