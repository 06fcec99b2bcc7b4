"""A phone line in virtual time: the gateway's playout, a caller who follows a script, and an account of what he heard."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from agent_runtime.call_info import CallInfo, CallRequest, ResumePoint
from agent_runtime.conversation.inbox import CallInbox, Closed, CutOff, PlayoutReport
from agent_runtime.conversation.opening import OpenedConversation
from agent_runtime.conversation.outlet import OpenedCall
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.session import VoiceSession
from agent_runtime.conversation.turns.events import KeyPressed, SpeechStarted, SpeechStopped
from agent_runtime.providers.ports import ProviderSet, Transcript
from agent_runtime.stages.engine import first_state
from agent_runtime.stages.entries import Heard, Opened
from agent_runtime.stages.state import ConversationState, fold
from agent_runtime.tools.dispatcher import ToolDispatcher
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition
from callstage_domain.audio import AudioFormat
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.tasks import TaskScope, cancel

from .engines import Book, Brain, Ears, Mouthpiece, Said, Tools
from .replayed import Replayed

_STEP_MS = 20.0
_PROGRESS_MS = 1000.0
_VAD_START_S = 0.2
_VAD_STOP_S = 0.2
_PATIENCE_S = 30.0


def agent(*, tools: Sequence[str] = (), **settings: Any) -> AgentSnapshot:
    """Of one stage, with code tools of those names and `end_call`."""
    values = {"display_name": "Mia", "greeting": "Hello.", "silence_threshold_ms": 500, **settings}
    return AgentSnapshot(
        tenant_id=TenantId("t1"),
        agent_id=AgentId("shop"),
        deployment=1,
        settings=AgentSettings.model_validate(values),
        first_stage="talk",
        stages=(Stage(name="talk", prompt="Talk.", tools=(*tools, "end_call")),),
        tools={name: ToolDefinition(name=name, kind="code") for name in tools},
    )


@dataclass(slots=True)
class _Playing:
    """One utterance at the caller's end."""

    id: str
    ends_ms: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """Where its sentences end."""
    sent_ms: float = 0.0
    heard_ms: float = 0.0
    told_ms: float = 0.0
    is_complete: bool = False


class Line:
    """Entered: the call runs. Implements the runtime's `Outlet`; see the tests for how a script reads."""

    def __init__(self, snapshot: AgentSnapshot | None = None) -> None:
        self.messages: list[bool] = []
        """When the caller's message began (False) and was over (True)."""
        self.snapshot = snapshot or agent()
        self.ears, self.brain, self.mouthpiece, self.tools = Ears(), Brain(), Mouthpiece(), Tools()
        self.providers: ProviderSet | None = None
        self.book, self.cache = Book(), PhraseCache(1 << 20)
        self.heard: list[str] = []
        """Sentences that were played to their end."""
        self.events: list[Any] = []
        self.kept: list[str] = []
        """Utterances that the caller's voice does not stop."""
        self.pauses: list[bool] = []
        """What the recorder was told."""
        self.taken = 0
        """So much of what the caller did needs not be said again."""
        self.tones = b""
        """Audio of the utterances that are kept."""
        self.ended: str | None = None
        self.failed_with: str | None = None
        self.filler_after_s = 1.2
        self._said = 0
        self._read = 0
        self._playing: list[_Playing] = []
        self._is_held = False
        self._news = asyncio.Event()
        self._inbox = CallInbox(AudioFormat.PCMU_8K)
        self._scope = TaskScope("line")
        self._session: asyncio.Task[str] | None = None
        self.replayed = Replayed(self)

    # The script.

    def answers(self, *pieces: Said) -> None:
        """The model's next answer."""
        self.brain.answers.append(pieces)

    async def hears(self, *sentences: str, within_s: float = _PATIENCE_S) -> None:
        """These are the next sentences that the caller hears to their end."""
        for sentence in sentences:
            try:
                async with asyncio.timeout(within_s):
                    while len(self.heard) <= self._read:
                        await self._next()
            except TimeoutError:
                raise AssertionError(f"nothing was heard, expected: {sentence}; so far: {self.heard}") from None
            assert self.heard[self._read] == sentence, self.heard
            self._read += 1

    async def silence(self, duration_s: float) -> None:
        """Nothing more is heard to its end for so long."""
        await asyncio.sleep(duration_s)
        assert self.heard[self._read :] == []

    async def says(self, text: str, duration_s: float = 1.0, *, interim: str = "") -> None:
        """The caller speaks; returns when the gateway is sure that he has stopped."""
        await self.begins_to_speak(interim)
        await asyncio.sleep(max(0.0, duration_s - _VAD_START_S))
        await self.stops_speaking(text)

    async def begins_to_speak(self, interim: str = "") -> None:
        """What plays is held, as the gateway does."""
        self._inbox.push_audio(b"\xff" * 1600)
        await asyncio.sleep(_VAD_START_S)
        self._inbox.push(SpeechStarted())
        if self._playing and self._playing[0].heard_ms < self._playing[0].sent_ms:
            self._is_held = True
            self._inbox.push(CutOff(self._playing[0].id, self._playing[0].heard_ms, is_held=True))
        if interim:
            self.ears.hear(Transcript(interim, is_final=False))

    async def stops_speaking(self, text: str) -> None:
        """And this is what the recogniser will have understood."""
        await asyncio.sleep(_VAD_STOP_S)
        self._said += 1
        self.ears.text = text
        self._inbox.push(SpeechStopped(_VAD_STOP_S * 1000, self._said))

    async def presses(self, keys: str) -> None:
        """The keypad, a key every 200 ms."""
        for key in keys:
            self._said += 1
            self._inbox.push(KeyPressed(key, self._said))
            await asyncio.sleep(0.2)

    async def is_talked_to(self, part: float = 0.5) -> None:
        """Until the caller has heard that share of the utterance that plays now or next."""
        while not self._playing or not self._playing[0].is_complete:
            await self._next()
        playing = self._playing[0]
        while playing.heard_ms < playing.sent_ms * part:
            await self._next()

    async def waits_until(self, holds: Callable[[], bool], within_s: float = _PATIENCE_S) -> None:
        """Something of the call has come true."""
        async with asyncio.timeout(within_s):
            while not holds():
                await asyncio.sleep(_STEP_MS / 1000)

    async def ends(self, within_s: float = _PATIENCE_S) -> str:
        """Why the call is over."""
        try:
            async with asyncio.timeout(within_s):
                while self.ended is None and self.failed_with is None:
                    await self._next()
        except TimeoutError:
            raise AssertionError(f"the call goes on; heard: {self.heard}") from None
        return self.ended or self.failed_with or ""

    async def is_taken_over(self) -> None:
        """The runtime's process is lost; another one goes on from the journal, and the gateway plays on what it holds."""
        await cancel(self._session)
        playing = self._playing[0] if self._playing else _Playing("")
        self._inbox = CallInbox(AudioFormat.PCMU_8K)
        self._begin(ResumePoint(playing.id, playing.heard_ms, sent_ms=playing.sent_ms))

    @property
    def state(self) -> ConversationState:
        """As another process would find it in the journal."""
        return fold(first_state(self.snapshot), self.book.entries)

    @property
    def history(self) -> list[str]:
        """`role: text`, as the model will be told."""
        return [f"{line.message.role}: {line.message.content}" for line in self.state.lines]

    @property
    def heard_texts(self) -> list[str]:
        """What the journal says that the caller heard, utterance by utterance."""
        return [entry.text for entry in self.book.entries if isinstance(entry, Heard)]

    # The gateway.

    async def __aenter__(self) -> Self:
        self._scope.start(self._play(), name="play")
        self._begin(None)
        return self

    def _begin(self, resume: ResumePoint | None) -> None:
        info = CallInfo("c1", "s1", "t1", "shop", 1, channel="phone")
        is_running = resume is not None
        entry = None if is_running else Opened(call_id="c1", agent_id="shop", at_ms=0)
        opened = OpenedConversation(info, self.state, 1, entry, is_resumed=is_running, is_running=is_running, before=tuple(self.book.entries))
        request = CallRequest(info, AudioFormat.PCMU_8K, AudioFormat.PCMU_8K, resume=resume)
        providers = self.providers or ProviderSet(self.ears, self.brain, self.mouthpiece)
        services = SessionServices(ToolDispatcher(self.tools), self, self, self.cache, filler_after_s=self.filler_after_s, explainer=self.replayed)
        session = VoiceSession(request, opened, self.snapshot, providers, services, self.book, self._inbox, self)
        self._session = self._scope.start(session.run(), name="session")

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        session = self._session
        if session is not None and not session.done() and exc is None:
            self._inbox.push(Closed("caller_hung_up"))
            await asyncio.wait({session}, timeout=_PATIENCE_S)
        await self._scope.close()
        if exc is None and session is not None and not session.cancelled():
            session.result()
        if exc is None:
            self.replayed.check()

    async def _next(self) -> None:
        self._news.clear()
        await self._news.wait()

    async def _play(self) -> None:
        while True:
            await asyncio.sleep(_STEP_MS / 1000)
            if self._playing and not self._is_held:
                self._step(self._playing[0])

    def _step(self, playing: _Playing) -> None:
        left_ms = playing.sent_ms - playing.heard_ms
        if left_ms > 0:
            if playing.heard_ms == 0.0:
                self._inbox.push(PlayoutReport(playing.id, 0.0, is_started=True))
            playing.heard_ms += min(_STEP_MS, left_ms)
            if playing.heard_ms - playing.told_ms >= _PROGRESS_MS:
                playing.told_ms = playing.heard_ms
                self._inbox.push(PlayoutReport(playing.id, playing.heard_ms))
        while playing.ends_ms and playing.ends_ms[0][0] <= playing.heard_ms:
            self.heard.append(playing.ends_ms.pop(0)[1])
        if playing.is_complete and playing.heard_ms >= playing.sent_ms:
            self._inbox.push(PlayoutReport(playing.id, playing.heard_ms, is_finished=True))
            self._playing.remove(playing)
        self._news.set()

    def _utterance(self, utterance: str) -> _Playing:
        known = next((playing for playing in self._playing if playing.id == utterance), None)
        if known is None:
            known = _Playing(utterance)
            self._playing.append(known)
        return known

    def opened(self, opened: OpenedCall) -> None:
        return

    async def audio(self, utterance: str, segment: int, data: bytes, *, is_first: bool) -> None:
        self._utterance(utterance).sent_ms += len(data) / 8
        if utterance in self.kept:
            self.tones += data

    def segment_end(self, utterance: str, segment: int, text: str) -> None:
        playing = self._utterance(utterance)
        playing.ends_ms.append((playing.sent_ms, text))

    def utterance_end(self, utterance: str) -> None:
        self._utterance(utterance).is_complete = True

    def turn_taken(self, said: int) -> None:
        self.taken = said

    def clear(self) -> None:
        self._playing.clear()
        self._is_held = False

    def resume_playout(self, said: int) -> None:
        self._is_held = False

    def keep_playing(self, utterance: str) -> None:
        self.kept.append(utterance)

    def pause_recording(self, *, is_paused: bool) -> None:
        self.pauses.append(is_paused)

    def voicemail(self, voicemail_id: str, *, is_over: bool, retention_days: int | None) -> None:
        self.messages.append(is_over)

    def notice(self, kind: str, payload: dict[str, Any]) -> None:
        return

    def hang_up(self, reason: str, transfer: dict[str, str] | None) -> None:
        self.ended = reason
        self._news.set()

    def failed(self, code: str, message: str) -> None:
        self.failed_with = code
        self._news.set()

    def publish(self, event: Any) -> None:
        self.events.append(event)

    def caption(self, tenant_id: str, call_id: str, payload: dict[str, Any]) -> None:
        return
