"""Scripted engines: what the recogniser understands, what the model answers, how the voice speaks, what tools return."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from agent_runtime.providers.capabilities import LlmCapabilities, SttCapabilities, TtsCapabilities
from agent_runtime.providers.ports import (
    LlmDone,
    LlmEvent,
    LlmRequest,
    SpokenWord,
    SttRequest,
    TextDelta,
    ToolCallRequest,
    Transcript,
    TtsRequest,
    Voice,
)
from agent_runtime.stages.entries import Entry
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

Said = str | float | ToolCallRequest | Exception
"""A piece of the model's answer: text, a pause in seconds, a tool call, or the failure that ends it."""
CHARACTER_MS = 50
"""The scripted voice needs so long for every character."""


def down(vendor: str) -> DependencyError:
    return DependencyError("it is down", vendor=vendor, phase="connect")


def calls(tool: str, call_id: str = "t1", **arguments: Any) -> ToolCallRequest:
    return ToolCallRequest(call_id, tool, json.dumps(arguments))


class Ears:
    """Speech-to-text that understands `text` when it is asked to settle, `delay_s` later."""

    formats = (AudioFormat.PCMU_8K,)
    capabilities = SttCapabilities(formats)

    def __init__(self, name: str = "ears") -> None:
        self.name = name
        self.text = ""
        self.delay_s = 0.1
        self.is_down = False
        self.opened = 0
        self._stream: _EarStream | None = None

    @asynccontextmanager
    async def open(self, request: SttRequest) -> AsyncGenerator["_EarStream"]:
        if self.is_down:
            raise down(self.name)
        self.opened += 1
        self._stream = _EarStream(self)
        yield self._stream

    def hear(self, transcript: Transcript) -> None:
        """Something is understood without being asked for."""
        assert self._stream is not None
        self._stream.out.put_nowait(transcript)

    def break_off(self) -> None:
        """The vendor hangs up, and is not there any more."""
        self.is_down = True
        if self._stream is not None:
            self._stream.out.put_nowait(None)


class _EarStream:
    def __init__(self, ears: Ears) -> None:
        self._ears = ears
        self.out: asyncio.Queue[Transcript | None] = asyncio.Queue()

    async def send(self, audio: bytes) -> None:
        return

    async def finalize(self, quiet_ms: float = 0.0) -> None:
        answer = Transcript(self._ears.text, is_final=True, answers_finalize=True)
        self._ears.text = ""
        asyncio.get_running_loop().call_later(self._ears.delay_s, self.out.put_nowait, answer)

    async def transcripts(self) -> AsyncGenerator[Transcript]:
        while (transcript := await self.out.get()) is not None:
            yield transcript
        raise down(self._ears.name)


class Brain:
    """A language model that plays one answer per request; with none left it says "Yes."."""

    capabilities = LlmCapabilities()

    def __init__(self, name: str = "brain") -> None:
        self.name = name
        self.answers: list[tuple[Said, ...]] = []
        self.requests: list[LlmRequest] = []

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent]:
        self.requests.append(request)
        await asyncio.sleep(0.2)
        for piece in self.answers.pop(0) if self.answers else ("Yes.",):
            if isinstance(piece, str):
                for word in piece.split(" "):
                    yield TextDelta(f"{word} ")
            elif isinstance(piece, int | float):
                await asyncio.sleep(piece)
            elif isinstance(piece, Exception):
                raise piece
            else:
                yield piece
        yield LlmDone("stop", input_tokens=100, output_tokens=10)

    def told(self, number: int = -1) -> list[str]:
        """The history of a request, as `role: text`."""
        return [f"{message.role}: {message.content}" for message in self.requests[number].messages]


class Mouthpiece:
    """A voice: silence of the right length, and the times of the words when `tells_words`."""

    formats = (AudioFormat.PCMU_8K,)

    def __init__(self, name: str = "mouthpiece", *, tells_words: bool = False) -> None:
        self.name = name
        self.capabilities = TtsCapabilities(self.formats, word_times=tells_words)
        self.requests: list[TtsRequest] = []
        self.is_down = False

    async def synthesise(self, request: TtsRequest) -> AsyncGenerator[bytes]:
        self.requests.append(request)
        if self.is_down:
            raise down(self.name)
        if self.capabilities.word_times and request.on_words is not None:
            request.on_words(_words(request.text))
        for _ in request.text:
            yield b"\xff" * (CHARACTER_MS * 8)

    async def voices(self) -> list[Voice]:
        return []


def _words(text: str) -> tuple[SpokenWord, ...]:
    words: list[SpokenWord] = []
    for word in text.split():
        start = text.index(word, words[-1].until_character if words else 0)
        words.append(SpokenWord(word, start * CHARACTER_MS, (start + len(word)) * CHARACTER_MS, start + len(word)))
    return tuple(words)


Tool = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Tools:
    """The sandbox: a tool is an async function from its arguments to its result."""

    def __init__(self) -> None:
        self.tools: dict[str, Tool] = {}
        self.runs: list[str] = []

    async def RunTool(self, request: sandbox_pb2.RunToolRequest, *, timeout: float) -> sandbox_pb2.RunToolReply:  # noqa: N802
        self.runs.append(request.tool)
        result = await self.tools[request.tool](json.loads(request.args_json))
        return sandbox_pb2.RunToolReply(status=sandbox_pb2.RUN_STATUS_OK, result_json=json.dumps(result))


class Book:
    """A journal in memory."""

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self.entries = entries or []

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    async def flush(self) -> None:
        return
