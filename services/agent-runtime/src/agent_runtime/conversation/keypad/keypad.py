"""The caller's keypad while the agent waits for a number: keys go to the tool instead of becoming a turn (rule B3)."""

import asyncio
from collections.abc import Callable
from typing import Final

from callstage_domain.builtin_tools import COLLECT_DIGITS

from agent_runtime.conversation.keypad.collection import Collection, CollectionStatus, Wanted
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.turns.events import KeyPressed
from agent_runtime.stages import engine

_FINISH_GRACE_MS: Final = 2000.0
"""A caller who typed the last digit presses the finishing key all the same: it is no turn."""


class Keypad:
    """One call. `unheard_ms` says how much of the agent's voice still has to play; `clock_ms` is the session's."""

    def __init__(self, record: ConversationRecord, outlet: Outlet, unheard_ms: Callable[[], float], clock_ms: Callable[[], float]) -> None:
        self._record = record
        self._outlet = outlet
        self._unheard_ms = unheard_ms
        self._clock_ms = clock_ms
        self._collection: Collection | None = None
        self._early: list[KeyPressed] = []
        self._finish_key = ("", 0.0)
        self._was_interrupted = False
        self._news = asyncio.Event()
        self._one_by_one = asyncio.Lock()
        self.said = 0
        """The gateway's number of the last key that went to a tool."""

    def takes(self, key: KeyPressed) -> bool:
        """True: the key belongs to a number that is asked for. False: it is the caller's own turn."""
        finish_key, until_ms = self._finish_key
        self._finish_key = ("", 0.0)
        if not self.is_awaited:
            is_late_finish = key.digit == finish_key and self._clock_ms() < until_ms
            if is_late_finish:
                self.said = key.said or self.said
            return is_late_finish
        self.said = key.said or self.said
        if self._collection is None:
            self._early.append(key)
        else:
            self._collection.pressed(key.digit, self._clock_ms())
            self._news.set()
        return True

    @property
    def is_awaited(self) -> bool:
        """True while a number is asked for."""
        return self._collection is not None or self._asked_for() > 0

    def agent_was_heard(self) -> None:
        """The agent has just stopped speaking: the caller can begin to type."""
        if self._collection is not None:
            self._collection.listen_from(self._clock_ms())
            self._news.set()

    def interrupt(self) -> None:
        """The caller has said something instead, or the call is over: what was typed so far is all."""
        is_running = self._collection is not None
        self._was_interrupted = self._asked_for() > is_running
        if self._collection is not None:
            self._collection.interrupted()
            self._news.set()

    async def collect(self, wanted: Wanted) -> Collection:
        """The number, when it is over; one at a time."""
        async with self._one_by_one:
            collection = self._collection = Collection(wanted, self._clock_ms())
            if wanted.is_sensitive:
                self._outlet.pause_recording(is_paused=True)
            try:
                await self._filled(collection)
            finally:
                self._collection = None
                if wanted.is_sensitive:
                    self._outlet.pause_recording(is_paused=False)
            if collection.status is CollectionStatus.COMPLETE and len(collection.digits) >= wanted.max_digits:
                self._finish_key = (wanted.finish_on, self._clock_ms() + _FINISH_GRACE_MS)
            return collection

    async def _filled(self, collection: Collection) -> None:
        early, self._early = self._early, []
        for key in early:
            collection.pressed(key.digit, self._clock_ms())
        if self._was_interrupted:
            self._was_interrupted = False
            collection.interrupted()
        while collection.status is None:
            self._news.clear()
            try:
                async with asyncio.timeout(max(0.0, (collection.due_ms - self._clock_ms()) / 1000)):
                    await self._news.wait()
            except TimeoutError:
                # What the caller has not heard yet he cannot answer.
                if (unheard_ms := self._unheard_ms()) > 0:
                    collection.listen_from(self._clock_ms() + unheard_ms)
                collection.tick(self._clock_ms())

    def _asked_for(self) -> int:
        """How many numbers the tools that run now ask for."""
        record = self._record
        tool, batch = engine.tool_of(record.snapshot, COLLECT_DIGITS), record.state.batch
        if batch is None or tool is None or tool.kind != "builtin":
            return 0
        return sum(call.name == COLLECT_DIGITS and engine.refusal(record.snapshot, record.state, call) is None for call in batch.missing)
