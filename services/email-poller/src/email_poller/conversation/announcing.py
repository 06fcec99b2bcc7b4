"""What control-api is told of a mail conversation. A repeated announcement has the same event id, so that it is stored once."""

import hashlib

from callstage_contracts.buckets import MailboxRecord
from callstage_contracts.events import EmailHandedOff, EmailTurn, Event

from email_poller.conversation.records import Plan


def events_of(plan: Plan, record: MailboxRecord) -> list[Event]:
    """The customer's turn, the answer, and the handover when there is one."""
    events: list[Event] = [_turn(plan, record, is_answer=False)]
    if plan.reply is not None:
        events.append(_turn(plan, record, is_answer=True))
    if plan.handoff_reason is not None:
        events.append(
            EmailHandedOff(
                id=_event_id(plan, "handoff"),
                tenant_id=record.tenant_id,
                agent_id=record.agent_id,
                session_id=plan.session_id,
                reason=plan.handoff_reason,
                forwarded_to=plan.transcript.recipient if plan.transcript else "",
            )
        )
    return events


def _turn(plan: Plan, record: MailboxRecord, *, is_answer: bool) -> EmailTurn:
    return EmailTurn(
        id=_event_id(plan, "assistant" if is_answer else "user"),
        tenant_id=record.tenant_id,
        agent_id=record.agent_id,
        session_id=plan.session_id,
        role="assistant" if is_answer else "user",
        text=plan.reply_text if is_answer else plan.customer_text,
        subject_line=plan.subject,
        address=plan.address,
        message_id=plan.reply.message_id if is_answer and plan.reply else plan.message_id,
        turn=plan.turn,
    )


def _event_id(plan: Plan, what: str) -> str:
    return hashlib.sha256(f"{plan.session_id}|{plan.message_id}|{what}".encode()).hexdigest()[:32]
