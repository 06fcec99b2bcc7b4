"""Words that we write ourselves: what a customer is told on a handover, and what the team gets (rule M8)."""

from email_poller.conversation.records import MailSession

PASSED_ON = "Thank you for your message. I have passed our conversation on to the team; somebody will get back to you."
_REASONS = {"max_turns": "The conversation reached its maximum number of turns.", "agent": "The assistant passed the conversation on to a person."}


def transcript_text(session: MailSession, reason: str) -> str:
    """The whole conversation, oldest mail first."""
    who = f"{session.name} <{session.address}>" if session.name else session.address
    head = f"{_REASONS.get(reason, reason)}\nCustomer: {who}\nSubject: {session.subject}\n"
    lines = (f"--- {'Assistant' if line.role == 'assistant' else 'Customer'}\n{line.text}\n" for line in session.lines)
    return "\n".join((head, *lines))
