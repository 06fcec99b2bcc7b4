"""One conversation in text on a browser's socket: the messages of rule WS4 without sound. It takes no slot of a call: it mostly waits."""

import asyncio
import json
import time
from collections.abc import Generator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import structlog
from callstage_contracts.events import CallAnswered, CallEnded
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.call import EndedReason, ended_reason
from callstage_domain.errors import DependencyError
from callstage_kit.nats.event_publisher import EventPublisher
from callstage_kit.tasks import TaskScope
from callstage_kit.telemetry.metrics import ACTIVE_CALLS, count_call
from starlette.websockets import WebSocket

from media_gateway.bridge.text_turns import TextTurns
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.lookup import CallerLookups
from media_gateway.calls.outcome import Outcome, Outcomes
from media_gateway.legs.chat_messages import Offence, Stopped, Typed, parse
from media_gateway.legs.flood import MessageAllowance
from media_gateway.legs.socket import LegSocket

_log = structlog.get_logger(__name__)

IDLE_S: Final = 20 * 60.0
"""The client comes back to its session when there is something to say; it knows by the reason `idle` that nothing is wrong."""
MAX_WAITING: Final = 5
_MAX_OFFENCES: Final = 10
_TEST_NOTICES: Final = frozenset({"tool", "stage", "variables", "latency"})
_NOTICES: Final = frozenset({"transcript", "error"})


@dataclass(frozen=True, slots=True)
class ChatServices:
    """What a conversation needs of its process."""

    turns: TextTurns
    chats: "Chats"
    lookups: CallerLookups
    publisher: EventPublisher
    outcomes: Outcomes


class Chats:
    """The conversations of this process, at most `max_chats`; half of them are the most that one tenant can have."""

    def __init__(self, max_chats: int) -> None:
        self._max_chats = max_chats
        self._sessions: set[ChatSession] = set()

    def has_room(self, tenant_id: str) -> bool:
        """May one more of a tenant begin here."""
        of_tenant = sum(session.facts.tenant_id == tenant_id for session in self._sessions)
        return len(self._sessions) < self._max_chats and of_tenant < max(1, self._max_chats // 2)

    def __iter__(self) -> "Iterator[ChatSession]":
        return iter(list(self._sessions))

    @contextmanager
    def entered(self, session: "ChatSession") -> Generator[None]:
        """Listed while entered."""
        self._sessions.add(session)
        ACTIVE_CALLS.labels(session.facts.channel).inc()
        try:
            yield
        finally:
            ACTIVE_CALLS.labels(session.facts.channel).dec()
            self._sessions.discard(session)

    def shut_down(self) -> None:
        """The process leaves: clients come back, to another one, with their session."""
        for session in self:
            session.end(Outcome(EndedReason.SHUTDOWN, close_code=1012, close_reason="the server restarts"))


class ChatSession:
    """Turns run one after the other; what is typed meanwhile waits."""

    def __init__(self, facts: CallFacts, socket: WebSocket, services: ChatServices) -> None:
        self._facts = facts
        self._services = services
        self._socket = LegSocket(socket, self._on_stuck)
        self._typed: asyncio.Queue[Typed] = asyncio.Queue(MAX_WAITING)
        self._over: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._offences = 0
        self._allowance = MessageAllowance(time.monotonic())
        self._session_id = facts.session_id
        self._log = _log.bind(call_id=facts.call_id, channel=facts.channel)

    @property
    def facts(self) -> CallFacts:
        """Fixed."""
        return self._facts

    def end(self, outcome: Outcome) -> None:
        """The first outcome counts."""
        if not self._over.done():
            self._over.set_result(outcome)

    async def run(self) -> None:
        """Until it is over and everything about it was told."""
        with self._services.chats.entered(self):
            async with TaskScope("chat", on_failure=self._task_failed) as scope:
                scope.start(self._socket.outbox.run(), name="write")
                scope.start(self._read(), name="read")
                scope.start(self._converse(), name="converse")
                try:
                    outcome = await self._over
                except asyncio.CancelledError:
                    self._tell_end(EndedReason.SHUTDOWN)
                    raise
                self._tell_end(outcome.reason)
                await self._socket.close(outcome.close_code, outcome.close_reason)

    def _tell_end(self, reason: EndedReason) -> None:
        facts = self.facts
        count_call(facts.channel, reason)
        duration_ms = max(0, int(time.time() * 1000) - facts.begun_at_ms)
        self._services.publisher.publish(CallEnded(tenant_id=facts.tenant_id, call_id=facts.call_id, reason=reason, duration_ms=duration_ms))
        self._log.info("call_ended", reason=reason)

    # The browser.

    async def _read(self) -> None:
        if not await self._socket.each(self._take):
            self.end(Outcome(EndedReason.CALLER_HUNG_UP))

    def _take(self, frame: str | bytes) -> bool:
        match parse(frame):
            case Typed() as typed:
                if self._typed.full() or not self._allowance.take(time.monotonic()):
                    return self._offend("wait for an answer before you write more", "too_many_messages")
                self._typed.put_nowait(typed)
            case Stopped():
                self.end(Outcome(EndedReason.CLIENT_STOPPED))
                return False
            case Offence(why, code):
                return self._offend(why, code)
        return True

    def _offend(self, why: str, code: str) -> bool:
        self._offences += 1
        if self._offences >= _MAX_OFFENCES:
            self.end(Outcome(EndedReason.CLIENT_MISBEHAVED, close_code=1008, close_reason="too many messages that make no sense"))
            return False
        self._error(why, code)
        return True

    def _notify(self, kind: str, fields: dict[str, Any]) -> None:
        self._socket.outbox.put(json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":")))

    def _error(self, message: str, code: str) -> None:
        self._notify("error", {"payload": {"message": message, "code": code}})

    def _on_stuck(self, why: str) -> None:
        self._log.warning("browser_does_not_read", reason=why)
        self.end(Outcome(EndedReason.CLIENT_MISBEHAVED, close_code=1013, close_reason=why))

    # The runtime.

    async def _converse(self) -> None:
        facts = self.facts
        lookup_json = await self._services.lookups.result(facts.call_id, facts.lookup_until_ms) if facts.lookup_until_ms else ""
        opening = self._request("", f"open-{facts.call_id}", opens=True, resumes=facts.resume == "session", lookup_json=lookup_json)
        if not await self._turn(opening):
            return
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
                    typed = await self._typed.get()
            except TimeoutError:
                self.end(Outcome(EndedReason.IDLE_TIMEOUT, close_reason="idle"))
                return
            await self._turn(self._request(typed.text, f"c-{typed.id}" if typed.id else uuid4().hex))

    def _request(self, text: str, turn_id: str, *, opens: bool = False, resumes: bool = False, lookup_json: str = "") -> pb.TextTurnRequest:
        context = self.facts.context()
        context.session_id = self._session_id
        variables_json = json.dumps(self.facts.variables) if self.facts.variables else ""
        return pb.TextTurnRequest(
            context=context, text=text, turn_id=turn_id, variables_json=variables_json, opens=opens, resumes=resumes, lookup_json=lookup_json
        )

    async def _turn(self, request: pb.TextTurnRequest) -> bool:
        """False: the conversation could not be opened, and is over."""
        try:
            async with aclosing(self._services.turns.stream(request)) as parts:
                async for part in parts:
                    if not self._on_part(part, opens=request.opens):
                        return False
        except DependencyError as err:
            return self._failed("runtime_lost", err.message, opens=request.opens)
        return True

    def _on_part(self, part: pb.TextTurnPart, *, opens: bool) -> bool:
        match part.WhichOneof("body"):
            case "opened":
                self._on_opened(part.opened)
            case "notice":
                kind = part.notice.type
                if kind in _NOTICES or (kind in _TEST_NOTICES and self.facts.is_test):
                    self._notify(kind, {"payload": json.loads(part.notice.payload_json)})
            case "reply":
                self._notify("audioEnd", {})
                if part.reply.is_ended or part.reply.is_handed_off:
                    reason = EndedReason.TRANSFERRED if part.reply.is_handed_off else EndedReason.AGENT_ENDED
                    self.end(Outcome(reason, close_reason="the conversation is over"))
            case "failed":
                return self._failed(part.failed.code, part.failed.message, opens=opens)
            case None:
                self._log.warning("runtime_message_unknown")
        return True

    def _on_opened(self, opened: pb.CallOpened) -> None:
        facts = self.facts
        self._session_id = opened.session_id or self._session_id
        self._services.publisher.publish(CallAnswered(tenant_id=facts.tenant_id, call_id=facts.call_id))
        connected = {
            "agentName": opened.agent_name,
            "historyKey": self._session_id,
            "callId": facts.call_id,
            "agentId": facts.agent_id,
            "resumed": opened.resumed,
            "mode": "chat",
        }
        self._notify("connected", connected)

    def _failed(self, code: str, message: str, *, opens: bool) -> bool:
        self._log.warning("text_turn_failed", code=code, message=message)
        outcome = self._services.outcomes.failed(self.facts, ended_reason(code), code)
        self._error(outcome.close_reason, code)
        if opens:
            self.end(outcome)
            return False
        self._notify("audioEnd", {})
        return True

    def _task_failed(self, name: str, error: BaseException) -> None:
        self._log.error("call_task_failed", task=name, exc_info=error)
        self.end(Outcome(EndedReason.INTERNAL_ERROR, close_code=1011, close_reason="the agent is not available at the moment"))
