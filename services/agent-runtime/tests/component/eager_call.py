"""One call in virtual time, driven by hand: a real session over scripted providers, a scripted sandbox and a gateway that plays at once."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from agent_runtime.call_info import CallInfo, CallRequest
from agent_runtime.conversation.inbox import CallInbox, Closed, PlayoutReport, SessionEvent
from agent_runtime.conversation.opening import OpenedConversation
from agent_runtime.conversation.outlet import OpenedCall
from agent_runtime.conversation.phrase_cache import PhraseCache
from agent_runtime.conversation.services import SessionServices
from agent_runtime.conversation.session import VoiceSession
from agent_runtime.conversation.turn_options import TurnOptions
from agent_runtime.conversation.turns.events import SpeechStarted, SpeechStopped
from agent_runtime.conversation.turns.speculation import bare_words
from agent_runtime.providers.ports import (
    LlmDone,
    LlmEvent,
    LlmRequest,
    ProviderSet,
    SttRequest,
    TextDelta,
    ToolCallRequest,
    Transcript,
    TtsRequest,
    Voice,
)
from agent_runtime.stages.entries import Entry, Heard, Opened, SentencePlanned, UserSaid
from agent_runtime.stages.state import ConversationState
from agent_runtime.tools.dispatcher import ToolDispatcher
from callstage_contracts.events import Event
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError
from callstage_domain.ids import AgentId, TenantId
from callstage_kit.tasks import TaskScope

FIRST_TOKEN_S = 0.15
TOKEN_S = 0.01
FIRST_AUDIO_S = 0.1


class Stt:
    """Texts come from the test; `finalize` is answered 20 ms later, as the vendor's line does when all is settled."""

    name = "stt"
    formats = (AudioFormat.PCMU_8K,)

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator["Stt"]:
        self._out: asyncio.Queue[Transcript] = asyncio.Queue()
        yield self

    async def send(self, audio: bytes) -> None:
        return

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        asyncio.get_running_loop().call_later(0.02, self._out.put_nowait, Transcript("", is_final=True, answers_finalize=True))

    async def transcripts(self) -> AsyncGenerator[Transcript]:
        while True:
            yield await self._out.get()


class Llm:
    """Answers `You said <the caller's last words>.`; to words with `book` it calls the tool with them first."""

    name = "llm"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.asked_at: list[float] = []
        self.cancelled: list[float] = []
        self.open = 0
        self.most_open = 0
        self.fails_next = False

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent]:
        last = request.messages[-1]
        self.asked.append(last.content)
        self.asked_at.append(asyncio.get_running_loop().time())
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        is_whole = False
        try:
            if self.fails_next:
                self.fails_next = False
                raise DependencyError("busy", vendor="llm", phase="first_byte")
            await asyncio.sleep(FIRST_TOKEN_S)
            # Without marks, so that it is one sentence.
            for word in f"You said {bare_words(last.content)}. And more. ".split(" ") if last.role == "user" else ["Done. "]:
                yield TextDelta(word + " ")
                await asyncio.sleep(TOKEN_S)
            if last.role == "user" and "book" in last.content:
                yield ToolCallRequest(f"c{len(self.asked)}", "book", json.dumps({"for": last.content}))
            is_whole = True
            yield LlmDone("stop", 10, 5)
        finally:
            self.open -= 1
            if not is_whole:
                self.cancelled.append(asyncio.get_running_loop().time())


class Tts:
    """20 ms of silence for each character."""

    name = "tts"
    formats = (AudioFormat.PCMU_8K,)

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.asked_at: list[float] = []

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes]:
        self.asked.append(request.text)
        self.asked_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(FIRST_AUDIO_S)
        for _ in range(0, len(request.text), 10):
            yield b"\xff" * 1600

    async def voices(self) -> list[Voice]:
        return []


class Call:
    """Entered = answered. Everything that left it is in its lists, each with its time in seconds."""

    def __init__(self, options: TurnOptions, *, threshold_ms: int = 700) -> None:
        self.stt, self.llm, self.tts = Stt(), Llm(), Tts()
        self.inbox = CallInbox(AudioFormat.PCMU_8K)
        self.entries: list[Entry] = []
        self.tools: list[tuple[str, list[str]]] = []
        """Argument of each run, and the turns that were confirmed by then."""
        self.spoken: list[tuple[str, list[str]]] = []
        """Each sentence sent, and the turns that were confirmed by then."""
        self.first_audio: list[float] = []
        self.events: list[Any] = []
        self._bytes: dict[str, int] = {}
        settings = AgentSettings(display_name="Mia", speak_first=False, silence_threshold_ms=threshold_ms)
        self._snapshot = AgentSnapshot(
            tenant_id=TenantId("t1"),
            agent_id=AgentId("a1"),
            deployment=1,
            settings=settings,
            stages=(Stage(name="main", tools=("book",)),),
            first_stage="main",
            tools={"book": ToolDefinition(name="book", kind="code")},
        )
        info = CallInfo("c1", "s1", "t1", "a1", 1)
        self._request = CallRequest(info, AudioFormat.PCMU_8K, AudioFormat.PCMU_8K)
        opened = Opened(call_id="c1", agent_id="a1", at_ms=0.0)
        self._opened = OpenedConversation(info, ConversationState(stage="main"), None, opened)
        self._services = SessionServices(ToolDispatcher(self), self, self, PhraseCache(1 << 20), turns=options)  # type: ignore[arg-type]
        self._scope = TaskScope("test_call")
        self._task: asyncio.Task[str] | None = None

    async def __aenter__(self) -> "Call":
        providers = ProviderSet(self.stt, self.llm, self.tts)  # type: ignore[arg-type]
        session = VoiceSession(self._request, self._opened, self._snapshot, providers, self._services, self, self.inbox, self)  # type: ignore[arg-type]
        self._task = self._scope.start(session.run(), name="session")
        await self.wait(0.1)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.push(Closed("done"))
        if self._task is not None:
            await asyncio.wait({self._task})
            assert self._task.result() == "done"
        await self._scope.close()

    @property
    def turns(self) -> list[str]:
        """What the caller said, as recorded."""
        return [entry.text for entry in self.entries if isinstance(entry, UserSaid)]

    @property
    def planned(self) -> list[str]:
        """Sentences in the journal."""
        return [entry.text for entry in self.entries if isinstance(entry, SentencePlanned)]

    @property
    def heard(self) -> list[str]:
        """What the caller heard of each utterance that he heard to its end."""
        return [entry.text for entry in self.entries if isinstance(entry, Heard) and not entry.was_cut]

    def push(self, event: SessionEvent) -> None:
        self.inbox.push(event)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def talk(self, text: str, *, settled_after_s: float = 0.1, stop_after_s: float = 0.2) -> float:
        """A second of speech; its text, then the news of the silence. When the speech ended."""
        self.push(SpeechStarted())
        await self.wait(1.0)
        ended_at = asyncio.get_running_loop().time()
        await self.wait(settled_after_s)
        self.push(Transcript(text, is_final=True))
        await self.wait(stop_after_s - settled_after_s)
        self.push(SpeechStopped(stop_after_s * 1000))
        return ended_at

    # The journal, the sandbox and the gateway's side.
    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    async def flush(self) -> None:
        await asyncio.sleep(0.002)

    async def RunTool(self, request: sandbox_pb2.RunToolRequest, **_: Any) -> sandbox_pb2.RunToolReply:  # noqa: N802
        self.tools.append((json.loads(request.args_json)["for"], self.turns))
        await asyncio.sleep(0.05)
        return sandbox_pb2.RunToolReply(status=sandbox_pb2.RUN_STATUS_OK, result_json="{}")

    async def audio(self, utterance: str, segment: int, data: bytes, *, is_first: bool) -> None:
        if is_first:
            self.first_audio.append(asyncio.get_running_loop().time())
            self.push(PlayoutReport(utterance, 0.0, is_started=True))
        self._bytes[utterance] = self._bytes.get(utterance, 0) + len(data)

    def segment_end(self, utterance: str, segment: int, text: str) -> None:
        self.spoken.append((text, self.turns))

    def utterance_end(self, utterance: str) -> None:
        heard_ms = self._bytes[utterance] / 8
        report = PlayoutReport(utterance, heard_ms, is_finished=True)
        asyncio.get_running_loop().call_later(heard_ms / 1000, self.push, report)

    def opened(self, opened: OpenedCall) -> None:
        return

    def turn_taken(self, said: int) -> None:
        return

    def clear(self) -> None:
        return

    def resume_playout(self, said: int) -> None:
        return

    def keep_playing(self, utterance: str) -> None:
        return

    def voicemail(self, voicemail_id: str, *, is_over: bool, retention_days: int | None) -> None: ...

    def pause_recording(self, *, is_paused: bool) -> None:
        return

    def notice(self, kind: str, payload: dict[str, Any]) -> None:
        return

    def hang_up(self, reason: str, transfer: dict[str, str] | None) -> None:
        return

    def failed(self, code: str, message: str) -> None:
        raise AssertionError(message)

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def caption(self, tenant_id: str, call_id: str, payload: dict[str, Any]) -> None:
        return
