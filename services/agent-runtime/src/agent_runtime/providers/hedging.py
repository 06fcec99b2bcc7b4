"""The next provider is asked when the first one is slower than it usually is: whoever answers first is listened to, the other is let go."""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from callstage_domain.errors import DependencyError, InvariantBroken
from callstage_kit.tasks import TaskScope, settle

from agent_runtime.providers.breaker import Breaker
from agent_runtime.providers.failures import DISCONNECTED

T = TypeVar("T")

_SAMPLES: Final = 64
_ENOUGH: Final = 8
"""With fewer answers seen the ceiling is waited for."""
_MAX_MODELS: Final = 64
_LET_GO_S: Final = 0.5
"""Cleanup of a loser that takes longer is cut short."""
_MARGIN: Final = 1.2
"""Above the 95th percentile, so that one request in twenty is not hedged for being the slowest of twenty."""


class Pace:
    """How long one provider's first results took of late, in seconds."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=_SAMPLES)

    def observe(self, seconds: float) -> None:
        """One more; of a request that was given up, how long it had taken by then."""
        self._samples.append(seconds)

    @property
    def p95_s(self) -> float | None:
        """None until enough were seen."""
        if len(self._samples) < _ENOUGH:
            return None
        ordered = sorted(self._samples)
        return ordered[math.ceil(0.95 * len(ordered)) - 1]


class Paces:
    """By model: a small one and a thinking one of the same vendor have little in common."""

    def __init__(self) -> None:
        self._by_model: OrderedDict[str, Pace] = OrderedDict()

    def of(self, model: str | None) -> Pace:
        """That model's; None is the provider's default."""
        pace = self._by_model.setdefault(model or "", Pace())
        self._by_model.move_to_end(model or "")
        while len(self._by_model) > _MAX_MODELS:
            self._by_model.popitem(last=False)
        return pace


@dataclass(frozen=True, slots=True)
class HedgePolicy:
    """When a first result is overdue."""

    floor_s: float
    ceiling_s: float

    def delay_s(self, pace: Pace) -> float:
        """Seconds to wait before another provider is asked as well."""
        usual_s = pace.p95_s
        return self.ceiling_s if usual_s is None else min(max(usual_s * _MARGIN, self.floor_s), self.ceiling_s)


@dataclass(frozen=True, slots=True)
class Runner(Generic[T]):
    """A provider that can be asked. `start` is given what to call when an answer begins that gives no item yet (a tool call's first piece)."""

    breaker: Breaker
    pace: Pace
    start: Callable[[Callable[[], None]], AsyncGenerator[T, None]]
    may_hedge: bool
    """False: it answers only when those before it failed."""
    label: Any = None
    """For whoever made the runner."""


class _End:
    """Of a stream without any item."""


_END: Final = _End()


@dataclass(slots=True, eq=False)
class _Asked(Generic[T]):
    runner: Runner[T]
    items: AsyncGenerator[T, None]
    started_s: float
    first: asyncio.Future[T | _End] = field(init=False)
    is_begun: bool = False
    """`first` is being waited for."""
    is_hedge: bool = False
    is_second: bool = False
    """Asked again at once."""


class Race(Generic[T]):
    """One answer. Runners are taken from the iterator when they are needed; two at most run at once.

    Use: `runner = await race.run()`, then iterate `race.items()`, then `close` in any case.
    """

    def __init__(self, runners: Iterator[Runner[T]], policy: HedgePolicy | None, earlier: DependencyError | None = None) -> None:
        self._runners = runners
        self._policy = policy
        self._next: Runner[T] | None = None
        self._scope = TaskScope("provider_race", on_failure=lambda _name, _error: None)
        self._running: list[_Asked[T]] = []
        self._leader: asyncio.Future[_Asked[T]] = asyncio.get_running_loop().create_future()
        self._winner: _Asked[T] | None = None
        self._failure = earlier
        self._letting_go: list[asyncio.Task[None]] = []
        self._loop_now = asyncio.get_running_loop().time
        self.is_hedged = False
        """True: two providers were asked at the same time."""

    async def run(self) -> Runner[T]:
        """The provider that answers. Raises the last failure when none does, `earlier` when there is nobody to ask."""
        while True:
            if not self._running and not self._ask_next():
                raise self._failure or InvariantBroken("no provider was asked")
            patience_s = self._patience_s()
            if patience_s is None and len(self._running) == 1 and not self._running[0].is_begun:
                # Nobody else will be asked meanwhile: its first result needs no task, and no wake-ups of one.
                await self._hear_out(self._running[0])
            elif not await self._wait(patience_s):
                self._ask_next(is_hedge=True)
                continue
            if (winner := self._judged()) is not None:
                self._winner = winner
                for other in self._running:
                    if other is not winner:
                        self._dismiss(other)
                self._running = [winner]
                return winner.runner

    async def _hear_out(self, asked: _Asked[T]) -> None:
        asked.is_begun = True
        try:
            asked.first.set_result(await _first(asked.items))
        except DependencyError as err:
            asked.first.set_exception(err)

    async def _wait(self, patience_s: float | None) -> bool:
        """For a first result or the sign of one; False: neither came."""
        for asked in self._running:
            if not asked.is_begun:
                asked.is_begun = True
                asked.first = self._scope.start(_first(asked.items), name="first_result")
        waited_for: set[asyncio.Future[Any]] = {asked.first for asked in self._running}
        if not self._leader.done():
            waited_for.add(self._leader)
        done, _ = await asyncio.wait(waited_for, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)

    @property
    def winner_label(self) -> Any:
        """The label of the provider that answers; None: nobody has yet."""
        return self._winner.runner.label if self._winner is not None else None

    async def items(self) -> AsyncGenerator[T, None]:
        """All that the winner says. Raises its DependencyError when it breaks off."""
        winner = self._winner
        if winner is None:
            raise InvariantBroken("the race is not decided")
        first = winner.first.result()
        if isinstance(first, _End):
            return
        yield first
        async for item in winner.items:
            yield item

    async def close(self) -> None:
        """Cancel whatever still runs, and wait until it is gone."""
        try:
            if self._next is not None:
                self._next.breaker.released()
            for asked in self._running:
                asked.first.cancel()
                await settle([asked.first])
                await asked.items.aclose()
                if asked is not self._winner:
                    asked.runner.breaker.released()
            async with asyncio.timeout(_LET_GO_S):
                await settle(self._letting_go)
        except TimeoutError:
            return
        finally:
            await self._scope.close()

    def _ask_next(self, *, is_hedge: bool = False) -> bool:
        """Ask one more provider; False: there is none."""
        runner = self._peek()
        if runner is None:
            return False
        self._next = None
        self._start(runner, is_hedge=is_hedge)
        self.is_hedged = self.is_hedged or is_hedge
        return True

    def _start(self, runner: Runner[T], *, is_hedge: bool, is_second: bool = False) -> None:
        asked: _Asked[T] = _Asked(runner, runner.start(lambda: self._began(asked)), self._loop_now(), is_hedge=is_hedge, is_second=is_second)
        asked.first = asyncio.get_running_loop().create_future()
        self._running.append(asked)

    def _peek(self) -> Runner[T] | None:
        if self._next is None:
            self._next = next(self._runners, None)
        return self._next

    def _patience_s(self) -> float | None:
        """How long to wait before a second provider is asked; None: as long as it takes."""
        if self._policy is None or len(self._running) != 1 or self._leader.done():
            return None
        asked = self._running[0]
        following = self._peek()
        if following is None:
            return None
        if not following.may_hedge or not asked.runner.may_hedge:
            return None
        return max(0.0, asked.started_s + self._policy.delay_s(asked.runner.pace) - self._loop_now())

    def _began(self, asked: _Asked[T]) -> None:
        if not self._leader.done():
            self._leader.set_result(asked)

    def _judged(self) -> _Asked[T] | None:
        """Sort out those that failed; the one that has won, if any has."""
        for asked in [asked for asked in self._running if asked.first.done()]:
            error = None if asked.first.cancelled() else asked.first.exception()
            if error is None and not asked.first.cancelled():
                self._answered(asked)
                return asked
            self._running.remove(asked)
            if self._leader.done() and self._leader.result() is asked:
                self._leader = asyncio.get_running_loop().create_future()
            if isinstance(error, DependencyError) and _was_stale(error) and not asked.is_second:
                self._start(asked.runner, is_hedge=asked.is_hedge, is_second=True)
            elif isinstance(error, DependencyError):
                asked.runner.breaker.failed(error)
                self._failure = error
            elif error is not None:
                raise error
        if self._leader.done() and len(self._running) > 1:
            # It has begun a tool call: the others are too late.
            leader = self._leader.result()
            for other in self._running:
                if other is not leader:
                    self._dismiss(other)
            self._running = [leader]
        return None

    def _answered(self, asked: _Asked[T]) -> None:
        if isinstance(asked.first.result(), _End):
            asked.runner.breaker.released()
        else:
            asked.runner.breaker.succeeded()
            asked.runner.pace.observe(self._loop_now() - asked.started_s)

    def _overtaken(self, asked: _Asked[T]) -> None:
        """Slow by its own measure it is on its way to a rest; a provider that usually takes longer than the ceiling is not."""
        runner, took_s = asked.runner, self._loop_now() - asked.started_s
        usual_s = runner.pace.p95_s
        if usual_s is None or took_s > usual_s:
            runner.breaker.overtaken()
        else:
            runner.breaker.released()
        runner.pace.observe(max(took_s, usual_s or 0.0))

    def _dismiss(self, asked: _Asked[T]) -> None:
        """Let a loser go at once, without waiting for it."""
        if asked.is_hedge:
            asked.runner.breaker.released()
        else:
            self._overtaken(asked)
        asked.first.cancel()
        self._letting_go.append(self._scope.start(_let_go(asked), name="let_go"))


def _was_stale(error: DependencyError) -> bool:
    """A pooled connection that the vendor had closed says nothing about the vendor; the pool has dropped it by now."""
    return error.code == DISCONNECTED and error.phase == "first_byte"


async def _first(items: AsyncGenerator[T, None]) -> T | _End:
    return await anext(items, _END)


async def _let_go(asked: _Asked[Any]) -> None:
    await settle([asked.first])
    await asked.items.aclose()
