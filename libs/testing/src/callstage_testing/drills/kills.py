"""A runtime is killed in mid-call, again and again: how long until the caller hears speech?"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from dataclasses import dataclass
from typing import Final, Literal

from callstage_phone.call import CarrierCall
from callstage_phone.room import CallOver, Said

from callstage_testing.bench.callers import load_speech
from callstage_testing.bench.fakes_process import LLM_TOKENS_PER_S, LLM_TTFT_S, STT_FINAL_S, TTS_FIRST_BYTE_S
from callstage_testing.bench.plan import VAD_STOP_MS
from callstage_testing.bench.targets import StackTarget
from callstage_testing.drills.ear import Ear
from callstage_testing.drills.fleet import Fleet, Member

Moment = Literal["speaking", "thinking", "listening"]
MOMENTS: Final[tuple[Moment, ...]] = ("speaking", "thinking", "listening")
"""While the agent begins to speak, while it makes its answer, while the caller speaks."""

_FIRST_SENTENCE_TOKENS = 5
ANSWER_S: Final = STT_FINAL_S + LLM_TTFT_S + (_FIRST_SENTENCE_TOKENS - 1) / LLM_TOKENS_PER_S + TTS_FIRST_BYTE_S
"""What the vendors of an answer take: recogniser, first sentence of the model, first audio."""
_ANSWER_LIMIT_S = 20.0
_PAUSE_MS = 500.0
_WATCHED_S = 3.5
"""An answer lasts longer than this; within it every silence is a gap."""
_CALLS_EACH = 10
"""Kills in one call; then the caller hangs up and calls again."""


@dataclass(frozen=True, slots=True)
class Kill:
    """`gap_s`: from the death, or from the end of the caller's speech if later, to audible speech; `provider_s` of it is the vendors'."""

    moment: Moment
    gap_s: float
    provider_s: float
    trouble: str = ""

    @property
    def own_s(self) -> float:
        """What we answer for."""
        return max(0.0, self.gap_s - self.provider_s)


class KillDrill:
    """Runs on a stack with the fake vendors of the bench and at least two agent-runtimes."""

    def __init__(self, target: StackTarget, fleet: Fleet, seed: int = 1) -> None:
        self._target = target
        self._fleet = fleet
        self._random = random.Random(seed)
        self._phrase = load_speech("tomorrow_evening")

    async def run(self, count: int) -> list[Kill]:
        """That many kills; a call that breaks is reported as one and the next call goes on."""
        kills: list[Kill] = []
        async with self._target.stack.twilio() as twilio:
            while len(kills) < count:
                async with twilio.call(from_="+12025550199", to=self._target.number) as call:
                    kills.extend(await self._one_call(call, min(_CALLS_EACH, count - len(kills)), len(kills)))
                    await call.hang_up()
                sys.stderr.write(f"drill: {len(kills)} of {count} kills\n")
        return kills

    async def _one_call(self, call: CarrierCall, count: int, first: int) -> list[Kill]:
        kills: list[Kill] = []
        try:
            await call.wait_for_stream(10)
            ear = Ear(call.room)
            await call.wait_for_agent_speech(10)
            await call.wait_for_agent_silence(_PAUSE_MS, 20)
            for number in range(first, first + count):
                await self._fleet.all_ready("agent-runtime")
                kills.append(await self._kill(call, ear, MOMENTS[number % len(MOMENTS)]))
                await call.wait_for_agent_silence(_PAUSE_MS, 30)
        except (TimeoutError, CallOver, RuntimeError) as err:
            kills.append(Kill(MOMENTS[(first + len(kills)) % len(MOMENTS)], 60.0, 0.0, f"{type(err).__name__}: {err}"))
        return kills

    async def _kill(self, call: CarrierCall, ear: Ear, moment: Moment) -> Kill:
        victim = await self._fleet.busy("agent-runtime")
        if moment == "listening":
            saying = call.room.speak(self._phrase)
            await asyncio.sleep(self._random.uniform(0.3, len(self._phrase) / 16_000 - 0.3))
            self._strike(call, victim)
            return await self._until_answered(call, ear, await saying, moment)
        said = await call.say(self._phrase)
        if moment == "thinking":
            await asyncio.sleep(max(0.0, said.speech_ended_at + VAD_STOP_MS / 1000 + self._random.uniform(0.0, ANSWER_S) - call.room.now))
            killed_at = self._strike(call, victim)
            return await self._until_answered(call, ear, said, moment, killed_at)
        began = await call.wait_for_agent_speech(_ANSWER_LIMIT_S, after=said.speech_ended_at)
        await asyncio.sleep(self._random.uniform(0.0, 0.6))
        killed_at = self._strike(call, victim)
        await call.room.until(lambda: call.room.now >= began + _WATCHED_S, _WATCHED_S + 5)
        return Kill(moment, ear.longest_silence(killed_at, began + _WATCHED_S), LLM_TTFT_S + TTS_FIRST_BYTE_S)

    async def _until_answered(self, call: CarrierCall, ear: Ear, said: Said, moment: Moment, killed_at: float = 0.0) -> Kill:
        since = max(killed_at, said.speech_ended_at + VAD_STOP_MS / 1000)
        # The agent may be speaking already: then it is heard at once.
        await call.room.until(lambda: ear.first_sound(since) is not None, _ANSWER_LIMIT_S)
        return Kill(moment, (ear.first_sound(since) or call.room.now) - since, ANSWER_S)

    def _strike(self, call: CarrierCall, victim: Member) -> float:
        os.kill(victim.pid, signal.SIGKILL)
        return call.room.now
