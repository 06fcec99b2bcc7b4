"""One call on a model that hears and speaks itself: what the caller says goes to its present session, and what that says becomes texts and answers.

The conversation, its rules and its history are the same as on a cascade; see `docs/decisions/0009`. Sessions come and go: what the caller said
and nobody has settled yet is said again to the next one, and everything before it is history.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from callstage_domain.agent import AgentSettings
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.realtime.arrivals import Answer, AnswerEvent, Answers, Arrivals
from agent_runtime.conversation.realtime.sessions import RealtimeSessions
from agent_runtime.conversation.realtime.unsettled import UnsettledSpeech
from agent_runtime.providers.ports import LlmRequest, Transcript
from agent_runtime.providers.realtime import AnswerEnded, RealtimeModel, RealtimeSession, RealtimeSetup
from agent_runtime.providers.speech_dialogue import SETTLED


class RealtimeVoice:
    """Implements `SessionUser`. `current` is what would be asked now. Tasks run in `scope`."""

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
        self._vendor = model.name
        self.capabilities = model.described(chosen.model, chosen.options)
        outputs = self.capabilities.outputs
        self.speaks = downlink if downlink in outputs else max(outputs, key=lambda known: known.rate_hz)
        is_same_voice = settings.tts.provider in (None, model.name)
        setup = RealtimeSetup(
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
        self._sessions = RealtimeSessions(model, setup, self.capabilities.max_session_s, current, scope, self)
        self._answers = Answers()
        self._texts: Arrivals[Transcript] = Arrivals()
        self._unsettled = UnsettledSpeech(hears)
        self._heard_ms: float | None = None
        self._listens = self._is_deaf = False

    def speech_began(self) -> None:
        """The caller speaks."""
        if self._unsettled.is_speaking or self._is_deaf:
            return
        before, session = self._unsettled.began(), self._sessions.present
        if session is None:
            return
        if not session.is_current(self._current()):
            # Opened while he speaks, it costs no time; what he says meanwhile is kept for it.
            self._sessions.change()
        elif self._listens:
            session.caller_began()
            session.hear(before)

    def cut(self, heard_ms: float) -> None:
        """So much was heard of what is being said, whatever comes of it."""
        self._heard_ms = heard_ms

    async def listen(self) -> None:
        """Open the first session. Raises DependencyError."""
        self._texts.failure, self._listens, self._is_deaf = None, True, False
        known = self._sessions.present
        session = await self._sessions.opened(self._current())
        if session is known:
            self._unsettled.tell(session, self._current)

    def stop_listening(self) -> None:
        """Somebody else listens from now on."""
        self._is_deaf, self._listens = True, False
        self._unsettled.forget()

    def hear(self, audio: bytes) -> None:
        """Audio of the line, speech or not."""
        session, hears_pauses = self._sessions.present, self.capabilities.hears_pauses
        if not hears_pauses:
            self._unsettled.hear(audio)
        if session is not None and (hears_pauses or self._unsettled.is_speaking):
            session.hear(audio)

    def finalize(self, quiet_ms: float) -> None:
        """The caller fell silent."""
        if self._unsettled.is_speaking or self.capabilities.hears_pauses:
            self._unsettled.stopped()
            if self._sessions.present is not None:
                self._sessions.present.caller_stopped(self._current(), quiet_ms)
        elif not self._unsettled.awaits_text:
            self._texts.put(SETTLED)

    async def transcripts(self) -> AsyncGenerator[Transcript, None]:
        """What he said. Raises DependencyError when no session can be had any more."""
        while True:
            yield await self._texts.next()

    async def ask(self, request: LlmRequest) -> tuple[RealtimeSession, int, Answer]:
        """Have the model answer. Raises DependencyError."""
        session = await self._sessions.opened(request)
        heard_ms, self._heard_ms = self._heard_ms, None
        number = session.ask(request, heard_ms)
        if number is None:
            self._sessions.give_up_present()
            session = await self._sessions.opened(request)
            number = session.ask(request, None)
        if number is None:
            raise DependencyError("a new session cannot answer", vendor=self._vendor, phase="first_byte")
        return session, number, self._answers.ask(number)

    def answered(self, answer: Answer) -> None:
        """That answer is over, one way or the other."""
        self._answers.over(answer)
        self._sessions.move_in_pause()

    @property
    def is_busy(self) -> bool:
        """See `SessionUser`, as the following."""
        return self._unsettled.is_open or self._answers.is_awaited

    def session_began(self, session: RealtimeSession) -> None:
        """It is told what the one before may not have settled."""
        self._answers.fail(DependencyError("the session was changed", vendor=self._vendor, phase="stream"))
        self._answers.forget()
        if self._listens:
            self._unsettled.tell(session, self._current)

    def session_lost(self, error: DependencyError) -> None:
        """Its answers do not go on."""
        self._answers.fail(error)

    def sessions_ended(self, error: DependencyError) -> None:
        """Somebody else must listen."""
        self._texts.fail(error)

    def take(self, event: Transcript | AnswerEvent) -> None:
        """What it says."""
        if not isinstance(event, Transcript):
            self._answers.put(event)
            if isinstance(event, AnswerEnded):
                self._sessions.move_in_pause()
            return
        if event.is_final and event.answers_finalize:
            self._unsettled.awaits_text = False
        # Times of a session say nothing about the line: only speech is sent to it.
        self._texts.put(replace(event, until_ms=None))
        self._sessions.move_in_pause()
