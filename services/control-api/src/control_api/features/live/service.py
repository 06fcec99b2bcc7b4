"""Looking at running calls, and telling them something (rule X4)."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from callstage_contracts.live import LiveCommand, LiveCommandReply
from callstage_contracts.subjects import live_command_subject
from callstage_domain.errors import Conflict, DependencyError, NotFound
from nats.errors import Error as NatsError
from pydantic import ValidationError

from control_api.access.caller import Caller
from control_api.db.call_tables import CallRow
from control_api.db.unit_of_work import Writer
from control_api.features.live.feed import Listener, LiveFeed
from control_api.features.live.repository import LiveCallRepository
from control_api.features.live.schemas import LiveCall, LiveEvent

_COMMAND_TIMEOUT_S = 2.0


class AskingNats(Protocol):
    """The part of the NATS client in use."""

    async def request(self, subject: str, payload: bytes, timeout: float) -> Any: ...


class LiveService:
    """Lists, streams, hints, ends."""

    def __init__(self, writer: Writer, feed: LiveFeed, nats: AskingNats) -> None:
        self._writer = writer
        self._nats = nats
        self.feed = feed

    async def running(self, caller: Caller) -> list[LiveCall]:
        """Calls of the tenant that are not over."""
        async with self._writer.database.session() as session:
            calls = LiveCallRepository(session, caller.tenant_id)
            return await _live(calls, await calls.running())

    @asynccontextmanager
    async def listening(self, caller: Caller, call_id: str | None) -> AsyncGenerator[tuple[Listener, list[LiveCall]]]:
        """A listener, and what ran when it began: nothing is missed between. Raises NotFound, and Conflict for a call that is over."""
        if call_id is not None:
            # Before the subscription: an unknown call must cost nothing.
            async with self._writer.database.session() as session:
                _not_over(await LiveCallRepository(session, caller.tenant_id).get(call_id))
        async with self.feed.listener(caller.tenant_id, call_id) as listener:
            if call_id is None:
                yield listener, await self.running(caller)
                return
            async with self._writer.database.session() as session:
                calls = LiveCallRepository(session, caller.tenant_id)
                found = await _live(calls, [_not_over(await calls.get(call_id))])
            yield listener, found

    async def ended(self, caller: Caller, call_ids: Collection[str]) -> list[LiveEvent]:
        """Of these calls, those that are over by the records; none while Postgres is away."""
        try:
            async with self._writer.database.session() as session:
                rows = await LiveCallRepository(session, caller.tenant_id).ended(call_ids)
        except DependencyError:
            return []
        return [
            LiveEvent(type="ended", at=row.ended_at or row.last_event_at, call_id=row.call_id, reason=row.ended_reason, duration_ms=row.duration_ms)
            for row in rows
        ]

    async def hint(self, caller: Caller, call_id: str, text: str) -> None:
        """Raises NotFound; Conflict when the call is over; DependencyError when no process has it at this moment."""
        async with self._writer.change(caller) as unit:
            _not_over(await LiveCallRepository(unit.session, unit.tenant_id).get(call_id))
            unit.audit("call.hinted", "call", call_id, after={"text": text})
            await self._tell(caller, call_id, LiveCommand(kind="hint", text=text))

    async def end(self, caller: Caller, call_id: str) -> None:
        """As `hint`."""
        async with self._writer.change(caller) as unit:
            _not_over(await LiveCallRepository(unit.session, unit.tenant_id).get(call_id))
            unit.audit("call.ended_by_operator", "call", call_id, after={})
            await self._tell(caller, call_id, LiveCommand(kind="end"))

    async def _tell(self, caller: Caller, call_id: str, command: LiveCommand) -> None:
        subject = live_command_subject(caller.tenant_id, call_id)
        try:
            message = await self._nats.request(subject, command.model_dump_json().encode(), _COMMAND_TIMEOUT_S)
            reply = LiveCommandReply.model_validate_json(message.data)
        except (NatsError, TimeoutError, ValidationError) as err:
            raise DependencyError(
                "no process has this call at the moment: it has just ended, or is being moved; try again",
                vendor="agent-runtime",
                code="call_not_reached",
            ) from err
        if not reply.ok:
            raise Conflict(f"the call did not take it: {reply.code}", code=reply.code or "conflict")


def _not_over(row: CallRow | None) -> CallRow:
    if row is None:
        raise NotFound("no such call")
    if row.ended_at is not None:
        raise Conflict("the call is over", code="call_over")
    return row


async def _live(calls: LiveCallRepository, rows: Sequence[CallRow]) -> list[LiveCall]:
    if not rows:
        return []
    stages = await calls.stages([row.call_id for row in rows])
    names = await calls.names(sorted({row.agent_id for row in rows if row.agent_id}))
    return [
        LiveCall.model_validate(
            {
                **{name: getattr(row, name) for name in LiveCall.model_fields if hasattr(row, name)},
                "agent_name": names.get(row.agent_id or ""),
                "status": "active" if row.answered_at else "ringing",
                "stage": stages.get(row.call_id),
            }
        )
        for row in rows
    ]
