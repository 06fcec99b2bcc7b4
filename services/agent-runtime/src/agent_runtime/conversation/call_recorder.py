"""Collects a call's decisions while it runs: one append per event, everything else at the end (rule K6)."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Protocol

from callstage_domain.agent import AgentSnapshot

from agent_runtime.conversation.recording import AskedItem, Item, Recording, encoded_item, slim_snapshot
from agent_runtime.conversation.turns.events import Effect, TurnEvent
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.providers.ports import LlmRequest, Message
from agent_runtime.stages.entries import Entry, Progress, SentenceMade, entry_json

MAX_ITEMS = 20_000
"""About an hour of lively talk. What comes later is not kept: a bounded list is worth more than the end of a marathon."""
_UNDECIDED = (Progress, SentenceMade)
"""How far the playout is decides nothing; these are the most frequent entries."""


class Recorder(Protocol):
    """What the conversation tells."""

    def entry(self, entry: Entry) -> None:
        """The journal got an entry."""
        ...

    def asked(self, request: LlmRequest, today: date, *, is_opening: bool, offers_tools: bool) -> None:
        """The model is asked."""
        ...


class NoRecorder:
    """Nothing is kept."""

    def entry(self, entry: Entry) -> None:
        """Nothing."""

    def asked(self, request: LlmRequest, today: date, *, is_opening: bool, offers_tools: bool) -> None:
        """Nothing."""


NO_RECORDER: Final = NoRecorder()


class CallRecorder:
    """One call in one process. `clock_ms` is the session's."""

    def __init__(self, clock_ms: Callable[[], float]) -> None:
        self._clock_ms = clock_ms
        self._items: list[Item] = []
        self._prompts: dict[str, int] = {}
        self._policy: TurnPolicy = TurnPolicy()
        self.begun_at_ms = 0.0

    def entry(self, entry: Entry) -> None:
        """The journal got an entry."""
        if not isinstance(entry, _UNDECIDED):
            self._keep("entry", self._clock_ms(), entry)

    def asked(self, request: LlmRequest, today: date, *, is_opening: bool, offers_tools: bool) -> None:
        """The model is asked."""
        system = self._prompts.setdefault(request.system, len(self._prompts))
        tools = tuple(tool.name for tool in request.tools)
        self._keep("asked", self._clock_ms(), _Asked(system, request.messages, tools, today, is_opening, offers_tools))

    def machine(self, policy: TurnPolicy, now_ms: float) -> TurnMachine:
        """The call's turn machine; what goes in and out is kept."""
        self._policy, self.begun_at_ms = policy, now_ms
        return RecordedMachine(self._items, policy, now_ms)

    def recording(self, call_id: str, snapshot: AgentSnapshot, before: Sequence[Entry]) -> Recording:
        """All so far, as JSON values. Milliseconds of CPU: run it in a thread, once, when the call is over."""
        return Recording(
            call_id=call_id,
            agent_id=str(snapshot.agent_id),
            deployment=snapshot.deployment,
            snapshot=slim_snapshot(snapshot),
            policy=asdict(self._policy),
            begun_at_ms=self.begun_at_ms,
            before=[json.loads(entry_json(entry)) for entry in before if not isinstance(entry, _UNDECIDED)],
            items=[encoded_item((kind, at_ms, value.item() if isinstance(value, _Asked) else value)) for kind, at_ms, value in self._items],
            prompts=list(self._prompts),
            is_cut=len(self._items) >= MAX_ITEMS,
        )

    def _keep(self, kind: str, at_ms: float, value: Any) -> None:
        if len(self._items) < MAX_ITEMS:
            self._items.append((kind, at_ms, value))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Becomes an `AskedItem` when the call is over: the caller waits for the request, nobody for the digest of its history."""

    system: int
    messages: tuple[Message, ...]
    tools: tuple[str, ...]
    today: date
    is_opening: bool
    offers_tools: bool

    def item(self) -> AskedItem:
        return AskedItem(self.system, messages_digest(self.messages), self.tools, self.today.isoformat(), self.is_opening, self.offers_tools)


class RecordedMachine(TurnMachine):
    """A turn machine with a memory."""

    def __init__(self, items: list[Item], policy: TurnPolicy, now_ms: float) -> None:
        super().__init__(policy, now_ms)
        self._recorded = items

    def on(self, event: TurnEvent, now_ms: float) -> list[Effect]:
        """See `TurnMachine`."""
        effects = super().on(event, now_ms)
        if len(self._recorded) < MAX_ITEMS:
            self._recorded.append(("turn", now_ms, (event, effects)))
        return effects


def messages_digest(messages: Sequence[Message]) -> str:
    """The same for the same history; ids of tool calls count, what a vendor wants back does not."""
    digest = hashlib.blake2b(digest_size=8)
    for message in messages:
        calls = [(call.id, call.name, call.arguments_json) for call in message.tool_calls]
        digest.update(repr((message.role, message.content, calls, message.tool_call_id)).encode())
    return digest.hexdigest()
