"""One call from dialling to hanging up: the 20 ms clock between a line and a handset."""

import asyncio
from dataclasses import dataclass

from callstage_kit.tasks import TaskScope

from callstage.phone.codec import PTIME_S
from callstage.phone.handset import Exchange, Handset
from callstage.phone.line import Line
from callstage.phone.timeline import Timeline

# Further behind than this the clock starts anew instead of hurrying after.
_MAX_LAG_S = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the phone itself knows of a call."""

    ended_by: str
    was_answered: bool
    duration_s: float
    greeting_ms: float | None
    exchanges: list[Exchange]
    call_id: str
    carrier_call_id: str


class PhoneCall:
    """Made for one call."""

    def __init__(self, line: Line, handset: Handset, timeline: Timeline) -> None:
        self._line = line
        self._handset = handset
        self._timeline = timeline
        self._hung_up = asyncio.Event()
        self._reason = ""
        self._failure: BaseException | None = None

    def hang_up(self, reason: str = "the caller hung up") -> None:
        """Politely: the platform is told. `run` returns soon; may be called from a signal handler of the loop."""
        self._reason = self._reason or reason
        self._hung_up.set()

    async def run(self) -> Outcome:
        """Raises CannotCall when the call could not be placed."""
        async with TaskScope("phone", on_failure=self._failed) as scope:
            scope.start(self._tick_forever(), name="clock")
            scope.start(self._end_line(), name="hang_up")
            ended_by = await self._line.run(self._handset)
        if self._failure is not None:
            raise self._failure
        ended_by = self._reason or ended_by
        self._timeline.note("phone", f"call ended: {ended_by}")
        handset = self._handset
        return Outcome(
            ended_by=ended_by,
            was_answered=handset.was_answered,
            duration_s=self._timeline.elapsed_s,
            greeting_ms=handset.greeting_ms,
            exchanges=handset.exchanges,
            call_id=self._line.call_id,
            carrier_call_id=self._line.carrier_call_id,
        )

    def _failed(self, _name: str, error: BaseException) -> None:
        self._failure = error
        self.hang_up("this phone failed")

    async def _end_line(self) -> None:
        await self._hung_up.wait()
        await self._line.hang_up()

    async def _tick_forever(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            is_connected = self._line.is_connected
            tick = self._handset.tick(due, is_connected=is_connected)
            if is_connected:
                await self._line.send(tick.frame, tick.marks)
            if tick.hang_up is not None:
                self.hang_up(tick.hang_up.value)
                return
            due += PTIME_S
            lag = loop.time() - due
            if lag > _MAX_LAG_S:
                due = loop.time()
            elif lag < 0:
                await asyncio.sleep(-lag)
