"""One answer: model, tools, model again …, spoken or written through a mouth."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol, cast

from callstage_domain.errors import DependencyError
from callstage_domain.variables import render

from agent_runtime.conversation.latency import TurnClock
from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.tool_rounds import ToolRounds, ToolsBroken
from agent_runtime.conversation.torn_answer import TornAnswer
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmProvider, LlmRequest, Sound, TextDelta, ToolCallRequest
from agent_runtime.stages.engine import MAX_TOOL_ROUNDS, Step, llm_request
from agent_runtime.stages.entries import Replied

FILLER_AFTER_S = 1.2
"""Rule W4."""
_STREAM_LIMIT_S = 60.0


class Mouth(Protocol):
    """Where the answer's text goes. An utterance is one message of the history."""

    def begin(self, clock: TurnClock | None) -> str:
        """A new utterance; its id."""
        ...

    def write(self, utterance: str, delta: str, sound: Sound | None = None) -> None:
        """More of its text. With `sound` it is spoken already; the first piece of such a text may be empty."""
        ...

    def close(self, utterance: str) -> str:
        """It is complete; its text."""
        ...

    def filler(self) -> None:
        """Fill a pause with a short sentence that is not part of the history."""
        ...

    async def drained(self) -> None:
        """Everything written is on its way. Raises DependencyError when it cannot be spoken."""
        ...


class ReplyRunner:
    """Answers of one conversation. Cancelling `answer` stops the model and the voice; tools that run go on."""

    def __init__(
        self,
        record: ConversationRecord,
        llm: LlmProvider,
        tools: ToolRounds,
        mouth: Mouth,
        clock_ms: Callable[[], float],
        *,
        filler_after_s: float = FILLER_AFTER_S,
    ) -> None:
        self._record = record
        self._llm = llm
        self._tools = tools
        self._mouth = mouth
        self._clock_ms = clock_ms
        self._filler_after_s = filler_after_s
        self._said = self._has_filled = False

    async def answer(self, turn: TurnClock, *, is_opening: bool = False) -> None:
        """Answer what the history ends with; with `is_opening` greet."""
        self._said = self._has_filled = False
        await self._rounds(turn, 0, is_opening)
        await self._mouth.drained()

    async def go_on_with_tools(self, turn: TurnClock) -> None:
        """Finish the tools that a lost process left open, then answer."""
        batch, self._has_filled = self._record.state.batch, False
        self._said = batch is not None and batch.is_announced
        if await self._take(await self._wait_for(self._tools.finish_open(), turn, was_announced=False), turn):
            await self._rounds(turn, 1, False)
        await self._mouth.drained()

    def say(self, text: str, clock: TurnClock | None = None, *, is_torn: bool = False) -> None:
        """Say a fixed text as an answer of its own; `is_torn`: the model still has to say how it goes on."""
        utterance = self._mouth.begin(clock)
        self._mouth.write(utterance, text)
        self._record.add(Replied(utterance=utterance, text=self._mouth.close(utterance), is_torn=is_torn))
        self._said = True

    async def _rounds(self, turn: TurnClock, first_round: int, is_opening: bool) -> None:
        for number in range(first_round, MAX_TOOL_ROUNDS + 1):
            utterance, text, calls = await self._ask(turn, is_opening, offers_tools=number < MAX_TOOL_ROUNDS)
            self._said = self._said or bool(text)
            if not calls:
                self._record.add(Replied(utterance=utterance if text else "", text=text))
                return
            work = self._tools.request(utterance, text, calls)
            if not await self._take(await self._wait_for(work, turn, was_announced=bool(text)), turn):
                return

    async def _ask(self, turn: TurnClock, is_opening: bool, *, offers_tools: bool) -> tuple[str, str, list[ToolCallRequest]]:
        record = self._record
        today = datetime.now(UTC).date()
        request = llm_request(record.snapshot, record.state, today=today, is_opening=is_opening, offers_tools=offers_tools)
        record.recorder.asked(request, today, is_opening=is_opening, offers_tools=offers_tools)
        torn = TornAnswer(request, is_opening=is_opening)
        request = torn.request
        if turn.llm_request_ms is None:
            turn.llm_request_ms = self._clock_ms()
        run, was_dropped = record.parts.llm_asked(), True
        request = replace(request, on_served=lambda served: record.parts.llm_served(run, served))
        utterance = self._mouth.begin(turn)
        calls: list[ToolCallRequest] = []
        stream = cast("AsyncGenerator[LlmEvent]", self._llm.stream(request))
        try:
            async with asyncio.timeout(_STREAM_LIMIT_S), aclosing(stream) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        if turn.first_token_ms is None:
                            turn.first_token_ms = self._clock_ms()
                        run.first_token_ms = run.first_token_ms or self._clock_ms()
                        self._mouth.write(utterance, torn.push(event.text), event.sound)
                    elif isinstance(event, ToolCallRequest):
                        calls.append(event)
                    elif isinstance(event, LlmDone):
                        run.input_tokens, run.output_tokens, was_dropped = event.input_tokens, event.output_tokens, False
                        break
        except TimeoutError as err:
            raise DependencyError("the language model did not come to an end", vendor=self._llm.name, phase="stream") from err
        finally:
            record.parts.llm_ended(run, was_dropped=was_dropped)
        self._mouth.write(utterance, torn.flush())
        return utterance, self._mouth.close(utterance), calls if offers_tools else []

    async def _wait_for(self, work: asyncio.Task[Step], turn: TurnClock, *, was_announced: bool) -> Step:
        started = time.monotonic()
        # asyncio.wait leaves the work alone when this reply is cancelled.
        done, _ = await asyncio.wait({work}, timeout=self._filler_after_s)
        if not done:
            if not was_announced and not self._has_filled and not self._tools.uses_line:
                self._has_filled = True
                self._mouth.filler()
            await asyncio.wait({work})
        turn.add_tools((time.monotonic() - started) * 1000)
        if (error := work.exception()) is not None:
            raise ToolsBroken("the tools of this answer could not be run") from error
        return work.result()

    async def _take(self, step: Step, turn: TurnClock) -> bool:
        """Do what follows from the tools; True: ask the model again."""
        if step.next == "ask_model":
            return True
        if step.next == "say":
            self.say(step.text, turn)
        elif step.next == "stay_silent":
            self._record.add(Replied())
        elif words := self._last_words():
            self.say(words, turn)
        return False

    def _last_words(self) -> str:
        """What is said before the end when the model said nothing; before a message, what it wants to be said."""
        record = self._record
        settings, phrases = record.snapshot.settings, phrases_for(record.snapshot.settings.language)
        voicemail = record.state.ending.voicemail if record.state.ending is not None else None
        if self._said or voicemail is not None:
            return (voicemail or {}).get("greeting") or ("" if self._said else phrases.voicemail)
        if record.state.ending is not None and record.state.ending.transfer is not None:
            return phrases.transfer
        return farewell(record) if settings.farewell else phrases.farewell


def request_now(record: ConversationRecord) -> LlmRequest:
    """What would be asked at this moment; without history when there is none yet."""
    request = llm_request(record.snapshot, record.state, today=datetime.now(UTC).date())
    return request if record.state.lines else replace(request, messages=())


def farewell(record: ConversationRecord) -> str:
    """The agent's own farewell with its variables, or the platform's."""
    settings, state = record.snapshot.settings, record.state
    text = render(settings.farewell or "", state.variables.merged(), request_names=state.request_names).strip()
    return text or phrases_for(settings.language).farewell
