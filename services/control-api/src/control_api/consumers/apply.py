"""One event into the tables, once (rule K4). Events may come twice, late, and in any order from two processes."""

from typing import Any, assert_never

from callstage_contracts.events import (
    AnyEvent,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallRejected,
    CallStarted,
    EmailHandedOff,
    EmailTurn,
    MailboxFailed,
    StageEntered,
    ToolCompleted,
    TurnCompleted,
)
from sqlalchemy import ColumnElement, case, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.db.agent_tables import MailboxRow
from control_api.db.call_tables import AppliedEventRow, CallRow, ConversationRow, MailTurnRow, StageVisitRow, ToolRunRow, TurnRow


async def apply_event(session: AsyncSession, event: AnyEvent) -> bool:
    """False when it was applied before. The caller commits: the mark and the change are one transaction."""
    mark = insert(AppliedEventRow).values(event_id=event.id).on_conflict_do_nothing().returning(AppliedEventRow.event_id)
    if await session.scalar(mark) is None:
        return False
    match event:
        case CallStarted():
            await _call_started(session, event)
        case CallAnswered():
            await _call_answered(session, event)
        case CallRejected():
            await _call_rejected(session, event)
        case CallEnded():
            await _call_ended(session, event)
        case TurnCompleted():
            await _turn(session, event)
        case StageEntered():
            await _stage(session, event)
        case ToolCompleted():
            await _tool(session, event)
        case EmailTurn():
            await _mail_turn(session, event)
        case EmailHandedOff():
            await _handed_off(session, event)
        case MailboxFailed():
            await _mailbox_failed(session, event)
        case _:
            assert_never(event)
    return True


async def _upsert_call(session: AsyncSession, event: CallEvent, **told: Any) -> None:
    """The call's row exists afterwards and holds what this event tells; nothing that another event told is lost."""
    first = {"tenant_id": event.tenant_id, "call_id": event.call_id, "started_at": event.occurred_at, "last_event_at": event.occurred_at}
    statement = insert(CallRow).values({**first, "is_test": False, "takeovers": 0, "is_reaped": False})
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[CallRow.tenant_id, CallRow.call_id],
            set_={
                "last_event_at": func.greatest(CallRow.last_event_at, statement.excluded.last_event_at),
                "started_at": func.least(CallRow.started_at, statement.excluded.started_at),
            },
        )
    )
    if told:
        await session.execute(update(CallRow).where(CallRow.tenant_id == event.tenant_id, CallRow.call_id == event.call_id).values(**told))


async def _call_started(session: AsyncSession, event: CallStarted) -> None:
    await _upsert_call(
        session,
        event,
        session_id=event.session_id,
        agent_id=event.agent_id,
        deployment=event.deployment,
        channel=event.channel,
        direction=event.direction,
        caller_phone=event.caller_phone,
        to_number=event.to_number,
        carrier_call_id=event.carrier_call_id,
        is_test=event.is_test,
    )


async def _call_answered(session: AsyncSession, event: CallAnswered) -> None:
    if event.is_takeover:
        await _upsert_call(session, event, takeovers=CallRow.takeovers + 1)
    else:
        await _upsert_call(session, event, answered_at=func.least(func.coalesce(CallRow.answered_at, event.occurred_at), event.occurred_at))


async def _call_rejected(session: AsyncSession, event: CallRejected) -> None:
    await _upsert_call(
        session,
        event,
        agent_id=event.agent_id or None,
        channel=event.channel,
        direction=event.direction,
        caller_phone=event.caller_phone,
        to_number=event.to_number,
        carrier_call_id=event.carrier_call_id,
        ended_at=event.occurred_at,
        ended_reason=event.reason,
        duration_ms=0,
        is_reaped=False,
    )


async def _call_ended(session: AsyncSession, event: CallEnded) -> None:
    # Two gateways may report the end of a call that was taken over: the later word counts.
    later: ColumnElement[bool] = CallRow.ended_at.is_(None) | CallRow.is_reaped | (CallRow.ended_at <= event.occurred_at)
    told: dict[str, Any] = {
        "ended_reason": event.reason,
        "duration_ms": event.duration_ms,
        "usage": event.usage,
        "summary": event.summary or None,
        "ended_at": event.occurred_at,
        "is_reaped": False,
    }
    await _upsert_call(session, event)
    await session.execute(update(CallRow).where(CallRow.tenant_id == event.tenant_id, CallRow.call_id == event.call_id, later).values(**told))


async def _turn(session: AsyncSession, event: TurnCompleted) -> None:
    await _upsert_call(session, event, session_id=func.coalesce(CallRow.session_id, event.session_id))
    values = event.model_dump(mode="json", include={"text", "stage", "was_interrupted", "started_at_ms", "ended_at_ms", "providers"})
    values |= {
        "latency": event.latency.model_dump(mode="json", exclude_none=True) if event.latency else None,
        "response_ms": event.latency.response_ms if event.latency else None,
        "occurred_at": event.occurred_at,
    }
    key = {"tenant_id": event.tenant_id, "call_id": event.call_id, "session_id": event.session_id, "turn": event.turn, "role": event.role}
    # After a crash a runtime may tell the same turn again, with what was really heard: the newer word counts.
    await session.execute(
        insert(TurnRow)
        .values(**key, **values)
        .on_conflict_do_update(
            index_elements=[TurnRow.tenant_id, TurnRow.call_id, TurnRow.session_id, TurnRow.turn, TurnRow.role],
            set_=values,
            where=TurnRow.occurred_at <= event.occurred_at,
        )
    )


async def _stage(session: AsyncSession, event: StageEntered) -> None:
    await _upsert_call(session, event)
    values = event.model_dump(include={"tenant_id", "call_id", "stage", "previous", "by_tool", "occurred_at"})
    await session.execute(insert(StageVisitRow).values(**values, event_id=event.id).on_conflict_do_nothing())


async def _tool(session: AsyncSession, event: ToolCompleted) -> None:
    # Tools run for mail conversations, too: a run makes no call where there is none.
    await session.execute(
        update(CallRow)
        .where(CallRow.tenant_id == event.tenant_id, CallRow.call_id == event.call_id)
        .values(last_event_at=func.greatest(CallRow.last_event_at, event.occurred_at))
    )
    values = event.model_dump(mode="json", exclude={"id", "schema_version", "type", "occurred_at", "tenant_id", "call_id", "run_key"})
    values["occurred_at"] = event.occurred_at
    await session.execute(
        insert(ToolRunRow)
        .values(tenant_id=event.tenant_id, call_id=event.call_id, run_key=event.run_key, **values)
        .on_conflict_do_update(
            index_elements=[ToolRunRow.tenant_id, ToolRunRow.call_id, ToolRunRow.run_key],
            set_=values,
            where=ToolRunRow.occurred_at <= event.occurred_at,
        )
    )


async def _upsert_conversation(session: AsyncSession, event: EmailTurn | EmailHandedOff, **told: Any) -> None:
    statement = insert(ConversationRow).values(
        tenant_id=event.tenant_id,
        session_id=event.session_id,
        agent_id=event.agent_id,
        subject_line="",
        address="",
        status="open",
        started_at=event.occurred_at,
        last_event_at=event.occurred_at,
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[ConversationRow.tenant_id, ConversationRow.session_id],
            set_={
                "last_event_at": func.greatest(ConversationRow.last_event_at, statement.excluded.last_event_at),
                "started_at": func.least(ConversationRow.started_at, statement.excluded.started_at),
            },
        )
    )
    if told:
        mine = (ConversationRow.tenant_id == event.tenant_id, ConversationRow.session_id == event.session_id)
        await session.execute(update(ConversationRow).where(*mine).values(**told))


async def _mail_turn(session: AsyncSession, event: EmailTurn) -> None:
    told: dict[str, Any] = {}
    if event.role == "user":
        # The first mail names the thread and the customer, whichever event comes first.
        for name in ("subject_line", "address"):
            column = getattr(ConversationRow, name)
            told[name] = case((column == "", getattr(event, name)), else_=column)
    await _upsert_conversation(session, event, **told)
    values = event.model_dump(include={"tenant_id", "session_id", "turn", "role", "text", "message_id", "address", "subject_line", "occurred_at"})
    await session.execute(insert(MailTurnRow).values(**values, event_id=event.id).on_conflict_do_nothing())


async def _handed_off(session: AsyncSession, event: EmailHandedOff) -> None:
    await _upsert_conversation(session, event, status="handed_off", handoff_reason=event.reason, forwarded_to=event.forwarded_to or None)


async def _mailbox_failed(session: AsyncSession, event: MailboxFailed) -> None:
    newer = MailboxRow.last_error_at.is_(None) | (MailboxRow.last_error_at <= event.occurred_at)
    mine = (MailboxRow.tenant_id == event.tenant_id, MailboxRow.agent_id == event.agent_id, MailboxRow.integration_id == event.integration_id)
    await session.execute(update(MailboxRow).where(*mine, newer).values(last_error=event.message, last_error_at=event.occurred_at))
