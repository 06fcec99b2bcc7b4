"""One call on a model that hears and speaks itself: its sessions, opened and changed as needed, shown to the conversation as recogniser and model.

The conversation, its rules and its history are the same as on a cascade; see `docs/decisions/0009`. Sessions come and go: what the caller said
and nobody has settled yet is said again to the next one, and everything before it is history.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import structlog
from callstage_domain.agent import AgentSettings
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope

from agent_runtime.providers.ports import LlmRequest, Transcript
from agent_runtime.providers.realtime import AnswerEnded, Leaving, RealtimeEvent, RealtimeModel, RealtimeSession, RealtimeSetup
from agent_runtime.providers.speech_dialogue import SETTLED

_log = structlog.get_logger(__name__)
_BEFORE_MS = 600.0
"""Sound before the moment at which speech was noticed: the first syllables are in it."""
_TURN_MS = 60_000.0
"""Speech that is kept for the next session; more is no turn."""
_MOVE_BEFORE_S = 120.0
"""A session that has so little left is changed in the next pause."""
_SHORT_S = 5.0
_MOST_SHORT_ONES = 2
"""When so many sessions in a row did not live longer than that, there is no third attempt."""


class Answer:
    """One answer of a session: its events, in order, whether somebody waits for them already or not."""

    def __init__(self) -> None:
        self._waiting: deque[RealtimeEvent] = deque()
        self._some = asyncio.Event()
        self.failure: DependencyError | None = None

    def put(self, event: RealtimeEvent) -> None:
        """One more."""
        self._waiting.append(event)
        self._some.set()

    def fail(self, error: DependencyError) -> None:
        """Nothing follows: the session is lost."""
        self.failure = error
        self._some.set()

    async def next(self) -> RealtimeEvent:
        """Raises DependencyError when the session is lost."""
        while not self._waiting:
            if self.failure is not None:
                raise self.failure
            self._some.clear()
            await self._some.wait()
        return self._waiting.popleft()


class _Recent:
    """The last bytes of a stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        while self._size > self._limit and len(self._pieces) > 1:
            self._size -= len(self._pieces.popleft())

    def whole(self) -> bytes:
        return b"".join(self._pieces)

    def take(self) -> bytes:
        whole = self.whole()
        self._pieces.clear()
        self._size = 0
        return whole


class RealtimeVoice:
    """One call. `current` is what would be asked now. Tasks run in `scope`."""

    def __init__(
        self,
        model: RealtimeModel,
        settings: AgentSettings,
        hears: AudioFormat,
        downlink: AudioFormat,
        current: Callable[[], LlmRequest],
        scope: TaskScope,
    ) -> None:
        chosen = settings.realtime
        self._model = model
        self.capabilities = model.described(chosen.model, chosen.options)
        outputs = self.capabilities.outputs
        self.speaks = downlink if downlink in outputs else max(outputs, key=lambda known: known.rate_hz)
        is_same_voice = settings.tts.provider in (None, model.name)
        self._setup = RealtimeSetup(
            hears,
            self.speaks,
            settings.language,
            LlmRequest("", ()),
            # A voice of another vendor means nothing to this one.
            voice=settings.voice if is_same_voice else None,
            speed=settings.speed,
            model=chosen.model,
            options=chosen.options,
        )
        self._current = current
        self._scope = scope
        self._lock = asyncio.Lock()
        self._session: RealtimeSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._opened_s = 0.0
        self._short_ones = 0
        self._is_leaving = False
        self._handover: object = None
        self._answers: dict[int, Answer] = {}
        self._asked: Answer | None = None
        self._heard_ms: float | None = None
        self._listens = self._is_deaf = False
        self._before = _Recent(hears.size_bytes(_BEFORE_MS))
        self._turn = _Recent(hears.size_bytes(_TURN_MS))
        self._is_speaking = False
        self._awaits_text = False
        self._texts: deque[Transcript] = deque()
        self._some_text = asyncio.Event()
        self._failure: DependencyError | None = None

    def speech_began(self) -> None:
        """The caller speaks."""
        if self._is_speaking or self._is_deaf:
            return
        self._is_speaking = True
        if not self._awaits_text:
            self._turn.take()
        before, session = self._before.take(), self._session
        self._turn.add(before)
        if session is None:
            return
        if not session.is_current(self._current()):
            # Opened while he speaks, it costs no time; what he says meanwhile is kept for it.
            self._session = None
            self._scope.start(self._move(resume=None), name="realtime_move")
            return
        if self._listens:
            session.caller_began()
            session.hear(before)

    def cut(self, heard_ms: float) -> None:
        """So much was heard of what is being said, whatever comes of it."""
        self._heard_ms = heard_ms

    async def listen(self) -> None:
        """Open the first session. Raises DependencyError."""
        self._failure, self._listens, self._is_deaf = None, True, False
        known = self._session
        session = await self._opened(self._current())
        if session is known:
            self._tell_again(session)

    def stop_listening(self) -> None:
        """Somebody else listens from now on."""
        self._is_deaf = True
        self._listens = self._is_speaking = self._awaits_text = False

    def hear(self, audio: bytes) -> None:
        """Audio of the line, speech or not."""
        session = self._session
        if self.capabilities.hears_pauses:
            if session is not None:
                session.hear(audio)
            return
        (self._turn if self._is_speaking else self._before).add(audio)
        if self._is_speaking and session is not None:
            session.hear(audio)

    def finalize(self, quiet_ms: float) -> None:
        """The caller fell silent."""
        if self._is_speaking or self.capabilities.hears_pauses:
            self._is_speaking, self._awaits_text = False, True
            if self._session is not None:
                self._session.caller_stopped(self._current(), quiet_ms)
        elif not self._awaits_text:
            self._tell(SETTLED)

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """What he said. Raises DependencyError when no session can be had any more."""
        while True:
            while self._texts:
                yield self._texts.popleft()
            if self._failure is not None:
                raise self._failure
            self._some_text.clear()
            await self._some_text.wait()

    async def ask(self, request: LlmRequest) -> tuple[RealtimeSession, int, Answer]:
        """Have the model answer. Raises DependencyError."""
        session = await self._opened(request)
        heard_ms, self._heard_ms = self._heard_ms, None
        number = session.ask(request, heard_ms)
        if number is None:
            self._session = None
            session = await self._opened(request)
            number = session.ask(request, None)
        if number is None:
            raise DependencyError("a new session cannot answer", vendor=self._model.name, phase="first_byte")
        for older in [known for known in self._answers if known < number]:
            del self._answers[older]
        self._asked = answer = self._answers.setdefault(number, Answer())
        return session, number, answer

    def answered(self, answer: Answer) -> None:
        """That answer is over, one way or the other."""
        if self._asked is answer:
            self._asked = None
        self._answers = {number: known for number, known in self._answers.items() if known is not answer}
        self._move_in_pause()

    async def _opened(self, request: LlmRequest) -> RealtimeSession:
        async with self._lock:
            return self._session or await self._open(replace(self._setup, request=request, resume=self._handover))

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
                self._begin(session)
                if before is not None:
                    before.cancel()
                if not ready.done():
                    ready.set_result(session)
                async for event in session.events():
                    if session is self._session:
                        self._take(event)
        except DependencyError as err:
            if not ready.done():
                ready.set_exception(err)
            elif session is not None and session is self._session:
                self._lost(session, err)
        finally:
            if not ready.done():
                ready.set_exception(DependencyError("the session could not be opened", vendor=self._model.name))
            if self._session is session:
                self._session = None

    def _begin(self, session: RealtimeSession) -> None:
        """It is told what the one before may not have settled."""
        for answer in self._answers.values():
            answer.fail(DependencyError("the session was changed", vendor=self._model.name, phase="stream"))
        self._answers.clear()
        self._asked = None
        self._session, self._opened_s, self._is_leaving, self._handover = session, self._now_s(), False, None
        if self._listens:
            self._tell_again(session)

    def _tell_again(self, session: RealtimeSession) -> None:
        """What the caller says and nobody has settled."""
        if self._is_speaking or self._awaits_text:
            session.caller_began()
            session.hear(self._turn.whole())
        if self._awaits_text and not self._is_speaking:
            session.caller_stopped(self._current(), 0.0)

    def _take(self, event: RealtimeEvent) -> None:
        if isinstance(event, Transcript):
            if event.is_final and event.answers_finalize:
                self._awaits_text = False
            # Times of a session say nothing about the line: only speech is sent to it.
            self._tell(replace(event, until_ms=None))
            self._move_in_pause()
        elif isinstance(event, Leaving):
            _log.info("realtime_leaving", vendor=self._model.name, left_s=event.left_s)
            self._is_leaving = True
            self._move_in_pause()
        else:
            self._answers.setdefault(event.number, Answer()).put(event)
            if isinstance(event, AnswerEnded):
                self._move_in_pause()

    def _lost(self, session: RealtimeSession, error: DependencyError) -> None:
        _log.warning("realtime_session_lost", vendor=error.vendor, phase=error.phase, error=error.message)
        self._session, self._handover = None, session.handover
        for answer in self._answers.values():
            answer.fail(error)
        self._short_ones = self._short_ones + 1 if self._now_s() - self._opened_s < _SHORT_S else 0
        if self._short_ones >= _MOST_SHORT_ONES:
            self._give_up(error)
        else:
            self._scope.start(self._reopen(error), name="realtime_reopen")

    async def _reopen(self, error: DependencyError) -> None:
        try:
            await self._opened(self._current())
        except DependencyError:
            self._give_up(error)

    def _give_up(self, error: DependencyError) -> None:
        """Somebody else must listen; an answer may still open a session."""
        self._failure = error
        self._some_text.set()

    def _move_in_pause(self) -> None:
        longest_s = self.capabilities.max_session_s
        is_old = longest_s is not None and self._now_s() - self._opened_s > longest_s - _MOVE_BEFORE_S
        is_busy = self._is_speaking or self._awaits_text or self._asked is not None
        if (self._is_leaving or is_old) and not is_busy and self._session is not None and not self._lock.locked():
            self._is_leaving = False
            self._scope.start(self._move(resume=self._session.handover), name="realtime_move")

    async def _move(self, *, resume: object) -> None:
        """To a new session, before the old one ends."""
        async with self._lock:
            try:
                await self._open(replace(self._setup, request=self._current(), resume=resume))
            except DependencyError as err:
                _log.warning("realtime_not_moved", vendor=err.vendor, phase=err.phase, error=err.message)
                if self._session is None:
                    self._give_up(err)

    def _tell(self, text: Transcript) -> None:
        self._texts.append(text)
        self._some_text.set()

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
