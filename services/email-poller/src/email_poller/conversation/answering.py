"""A mail that is for us becomes a stored plan: the agent's answer, or the handover (rules M5 to M8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callstage_contracts.buckets import MailboxRecord
from callstage_domain.errors import DependencyError

from email_poller.conversation.ports import AgentAnswer, AgentTurn
from email_poller.conversation.records import MailSession, OutgoingMail, Plan, TranscriptLine
from email_poller.conversation.transcript import PASSED_ON, transcript_text
from email_poller.mime.incoming import IncomingMail
from email_poller.mime.message_ids import own_message_id, references_for_reply
from email_poller.mime.outgoing import ReplyDraft, build_reply, build_transcript


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the customer's mail lies."""

    folder: str
    uid: str
    uid_validity: int


def agent_turn(record: MailboxRecord, deployment: int, session_id: str, mail: IncomingMail, text: str) -> AgentTurn:
    """The question to the agent."""
    return AgentTurn(
        tenant_id=record.tenant_id,
        agent_id=record.agent_id,
        deployment=deployment,
        session_id=session_id,
        turn_id=mail.message_id,
        text=text,
        email=mail.address,
        name=mail.name,
        subject=mail.subject,
        to_address=record.address,
    )


def is_used_up(session: MailSession, record: MailboxRecord) -> bool:
    """Rule M8: this mail gets no answer of the agent any more."""
    return session.turns >= record.max_turns


def handed_off_by_limit(session_id: str) -> AgentAnswer:
    """The answer to the mail after the last turn."""
    return AgentAnswer(PASSED_ON, session_id, is_ended=True, is_handed_off=True)


def make_plan(
    record: MailboxRecord, origin: Origin, mail: IncomingMail, session: MailSession, text: str, answer: AgentAnswer, now: datetime
) -> tuple[Plan, MailSession]:
    """What will be sent, and the conversation after it. Raises DependencyError when the agent said nothing and did not end."""
    reply_text = answer.text.strip() or (PASSED_ON if answer.is_handed_off else "")
    if not reply_text and not answer.is_ended:
        raise DependencyError("the agent gave an empty answer", vendor="agent-runtime", phase="stream")
    reason: Literal["max_turns", "agent"] | None = None
    if answer.is_handed_off:
        reason = "max_turns" if is_used_up(session, record) else "agent"
    after = MailSession(
        session_id=answer.session_id,
        address=session.address,
        name=session.name,
        subject=session.subject,
        turns=session.turns + 1,
        state="handed_off" if reason else "ended" if answer.is_ended else "open",
        lines=(
            *session.lines,
            TranscriptLine(role="user", text=text),
            *([TranscriptLine(role="assistant", text=reply_text)] if reply_text else []),
        ),
    )
    plan = Plan(
        message_id=mail.message_id,
        folder=origin.folder,
        uid=origin.uid,
        uid_validity=origin.uid_validity,
        made_at=now,
        session_id=answer.session_id,
        turn=after.turns,
        address=mail.address,
        subject=mail.subject,
        customer_text=text,
        reply_text=reply_text,
        reply=_reply(record, mail, after, reply_text, now) if reply_text else None,
        transcript=_transcript(record, after, reason, now) if reason and record.forward_to else None,
        handoff_reason=reason,
    )
    return plan, after


def _domain(record: MailboxRecord) -> str:
    return record.address.rpartition("@")[2]


def _reply(record: MailboxRecord, mail: IncomingMail, session: MailSession, text: str, now: datetime) -> OutgoingMail:
    message_id = own_message_id(session.session_id, str(session.turns), _domain(record))
    draft = ReplyDraft(
        message_id=message_id,
        sender=record.address,
        recipient=mail.address,
        recipient_name=mail.name,
        subject=mail.subject,
        in_reply_to=mail.message_id,
        references=references_for_reply(mail.references or mail.in_reply_to, mail.message_id),
        text=text,
        signature_html=record.signature_html,
        sent_at=now,
    )
    return OutgoingMail(
        message_id=message_id, sender=record.address, recipient=mail.address, source=build_reply(draft).decode("ascii", "surrogateescape")
    )


def _transcript(record: MailboxRecord, session: MailSession, reason: str, now: datetime) -> OutgoingMail:
    message_id = own_message_id(session.session_id, f"f{session.turns}", _domain(record))
    recipient = record.forward_to or ""
    source = build_transcript(message_id, record.address, recipient, session.address, session.subject, transcript_text(session, reason), now)
    return OutgoingMail(message_id=message_id, sender=record.address, recipient=recipient, source=source.decode("ascii", "surrogateescape"))
