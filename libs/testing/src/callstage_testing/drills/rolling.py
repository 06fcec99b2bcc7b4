"""A rolling restart: every process of all five services is asked to stop, one after the other, while callers talk."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from dataclasses import dataclass, field

from callstage_kit.tasks import TaskScope
from callstage_phone.call import CarrierCall
from callstage_phone.carrier import SimulatedCarrier
from callstage_phone.room import CallOver

from callstage_testing.bench.callers import load_speech
from callstage_testing.bench.plan import PAUSE_BEFORE_TURN_MS
from callstage_testing.bench.targets import StackTarget
from callstage_testing.drills.ear import Ear
from callstage_testing.drills.fleet import SERVICES, Fleet

_ANSWER_LIMIT_S = 20.0
_PHRASES = ("track_order", "tomorrow_evening", "book_table")


@dataclass(slots=True)
class CallOfDrill:
    """One caller. `answers_s`: end of speech → answer, turn by turn; `lost` turns got none."""

    carrier: str
    answers_s: list[float] = field(default_factory=list[float])
    lost: int = 0
    streams: int = 0
    trouble: str = ""


@dataclass(slots=True)
class Restart:
    """One process: how long until it had let go of its calls, and until its successor took work."""

    service: str
    stopped_s: float
    ready_s: float


@dataclass(slots=True)
class RollingReport:
    """Everything of one drill."""

    calls: list[CallOfDrill]
    restarts: list[Restart]


class RollingDrill:
    """Runs on a stack with the fake vendors of the bench, two runtimes and two gateways."""

    def __init__(self, target: StackTarget, fleet: Fleet) -> None:
        self._target = target
        self._fleet = fleet
        self._is_over = asyncio.Event()
        self._is_settled = asyncio.Event()

    async def run(self, calls: int) -> RollingReport:
        """Half of the callers come over Twilio, half over Telnyx."""
        report = RollingReport([CallOfDrill("telnyx" if number % 2 else "twilio") for number in range(calls)], [])
        stack = self._target.stack
        async with stack.twilio() as twilio, stack.telnyx() as telnyx, TaskScope("callers") as scope:
            carriers: dict[str, SimulatedCarrier] = {"twilio": twilio, "telnyx": telnyx}
            callers = [
                scope.start(self._caller(carriers[call.carrier], call, number), name=f"caller-{number}") for number, call in enumerate(report.calls)
            ]
            await self._all_talk(report)
            for service in SERVICES:
                for place in range(len(self._fleet.of(service))):
                    report.restarts.append(await self._restart(service, place))
            self._is_over.set()
            await asyncio.wait(callers, timeout=60)
        return report

    async def _all_talk(self, report: RollingReport) -> None:
        async with asyncio.timeout(90):
            while not all(call.answers_s or call.trouble for call in report.calls):  # noqa: ASYNC110  # looked at, not told
                await asyncio.sleep(0.1)

    async def _restart(self, service: str, place: int) -> Restart:
        await self._fleet.all_ready(service)
        member = self._fleet.of(service)[place]
        started = time.monotonic()
        await self._fleet.stopped(member, signal.SIGTERM, timeout_s=90)
        stopped = time.monotonic()
        await self._fleet.all_ready(service)
        restart = Restart(service, stopped - started, time.monotonic() - stopped)
        sys.stderr.write(f"drill: {service} {place + 1} left after {restart.stopped_s:.1f} s, back after {restart.ready_s:.1f} s\n")
        return restart

    async def _caller(self, carrier: SimulatedCarrier, told: CallOfDrill, number: int) -> None:
        await asyncio.sleep(0.4 * number)
        async with carrier.call(from_=f"+1202555{1000 + number}", to=self._target.number) as call:
            try:
                await self._talk(call, told, number)
            except (TimeoutError, CallOver) as err:
                told.trouble = f"{type(err).__name__}: {err}"
            told.streams = len(call.streams)

    async def _talk(self, call: CarrierCall, told: CallOfDrill, number: int) -> None:
        await call.wait_for_stream(20)
        ear = Ear(call.room)
        await call.wait_for_agent_speech(15)
        while not self._is_over.is_set():
            await call.wait_for_agent_silence(PAUSE_BEFORE_TURN_MS, 60)
            said = await call.say(load_speech(_PHRASES[(number + len(told.answers_s)) % len(_PHRASES)]))
            try:
                await call.room.until(lambda after=said.speech_ended_at: ear.first_sound(after) is not None, _ANSWER_LIMIT_S)
            except TimeoutError:
                told.lost += 1
                continue
            told.answers_s.append((ear.first_sound(said.speech_ended_at) or call.room.now) - said.speech_ended_at)
