"""The sessions of one call: one at a time, changed in a pause before it grows too old, opened again when it is lost."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.realtime.arrivals import AnswerEvent
from agent_runtime.providers.ports import LlmRequest, Transcript
from agent_runtime.providers.realtime import Leaving, RealtimeModel, RealtimeSession, RealtimeSetup

_log = structlog.get_logger(__name__)
_MOVE_BEFORE_S = 120.0
"""A session that has so little left is changed in the next pause."""
_SHORT_S = 5.0
_MOST_SHORT_ONES = 2
"""When so many sessions in a row did not live longer than that, there is no third attempt."""


class SessionUser(Protocol):
    """Who speaks with the model."""

    @property
    def is_busy(self) -> bool:
        """True while the caller speaks, or waits."""
        ...

    def session_began(self, session: RealtimeSession) -> None:
        """It is the present one from now on."""
        ...

    def session_lost(self, error: DependencyError) -> None:
        """There is none at this moment."""
        ...

    def sessions_ended(self, error: DependencyError) -> None:
        """Somebody else must listen; an answer may still open a session."""
        ...

    def take(self, event: Transcript | AnswerEvent) -> None:
        """Something that the present one says."""
        ...


class RealtimeSessions:
    """One call. `setup` without its request; `current` is what would be asked now; `longest_s` is a session's life, None: no end."""

    def __init__(
        self,
        model: RealtimeModel,
        setup: RealtimeSetup,
        longest_s: float | None,
        current: Callable[[], LlmRequest],
        scope: TaskScope,
        user: SessionUser,
    ) -> None:
        self._model = model
        self._setup = setup
        self._longest_s = longest_s
        self._current = current
        self._scope = scope
        self._user = user
        self._lock = asyncio.Lock()
        self.present: RealtimeSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._opened_s = 0.0
        self._short_ones = 0
        self._is_leaving = False
        self._handover: object = None

    async def opened(self, request: LlmRequest) -> RealtimeSession:
        """The present one, or a new one that can answer the request. Raises DependencyError."""
        async with self._lock:
            return self.present or await self._open(replace(self._setup, request=request, resume=self._handover))

    def give_up_present(self) -> None:
        """It is of no use any more."""
        self.present = None

    def change(self) -> None:
        """The same, and another one is opened in the meantime."""
        self.present = None
        self._start_moving(None)

    def move_in_pause(self) -> None:
        """Change one that is old or about to leave, if this is a pause."""
        is_old = self._longest_s is not None and self._now_s() - self._opened_s > self._longest_s - _MOVE_BEFORE_S
        if (self._is_leaving or is_old) and not self._user.is_busy and self.present is not None and not self._lock.locked():
            self._is_leaving = False
            self._start_moving(self.present.handover)

    async def _open(self, setup: RealtimeSetup) -> RealtimeSession:
        ready: asyncio.Future[RealtimeSession] = asyncio.get_running_loop().create_future()
        # Whoever waits may have been cancelled meanwhile: then nobody asks what became of it.
        ready.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._task = self._scope.start(self._run(setup, ready, self._task), name="realtime_session")
        return await ready

    async def _run(self, setup: RealtimeSetup, ready: asyncio.Future[RealtimeSession], before: asyncio.Task[None] | None) -> None:
        session: RealtimeSession | None = None
        try:
            async with self._model.open(setup) as session:
                self.present, self._opened_s, self._is_leaving, self._handover = session, self._now_s(), False, None
                self._user.session_began(session)
                if before is not None:
                    before.cancel()
                if not ready.done():
                    ready.set_result(session)
                async for event in session.events():
                    if session is not self.present:
                        continue
                    if isinstance(event, Leaving):
                        _log.info("realtime_leaving", vendor=self._model.name, left_s=event.left_s)
                        self._is_leaving = True
                        self.move_in_pause()
                    else:
                        self._user.take(event)
        except DependencyError as err:
            if not ready.done():
                ready.set_exception(err)
            elif session is not None and session is self.present:
                self._lost(session, err)
        finally:
            if not ready.done():
                ready.set_exception(DependencyError("the session could not be opened", vendor=self._model.name))
            if self.present is session:
                self.present = None

    def _lost(self, session: RealtimeSession, error: DependencyError) -> None:
        _log.warning("realtime_session_lost", vendor=error.vendor, phase=error.phase, error=error.message)
        self.present, self._handover = None, session.handover
        self._user.session_lost(error)
        self._short_ones = self._short_ones + 1 if self._now_s() - self._opened_s < _SHORT_S else 0
        if self._short_ones >= _MOST_SHORT_ONES:
            self._user.sessions_ended(error)
        else:
            self._scope.start(self._reopen(error), name="realtime_reopen")

    async def _reopen(self, error: DependencyError) -> None:
        try:
            await self.opened(self._current())
        except DependencyError:
            self._user.sessions_ended(error)

    def _start_moving(self, resume: object) -> None:
        self._scope.start(self._move(resume), name="realtime_move")

    async def _move(self, resume: object) -> None:
        """To a new session, before the old one ends."""
        async with self._lock:
            try:
                await self._open(replace(self._setup, request=self._current(), resume=resume))
            except DependencyError as err:
                _log.warning("realtime_not_moved", vendor=err.vendor, phase=err.phase, error=err.message)
                if self.present is None:
                    self._user.sessions_ended(err)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
