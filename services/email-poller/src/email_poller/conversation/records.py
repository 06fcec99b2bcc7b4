"""What is remembered of conversations and of mails on their way. Stored as JSON in Redis."""

from datetime import datetime
from typing import Literal

from callstage_domain.agent import Frozen


class TranscriptLine(Frozen):
    """One mail of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class MailSession(Frozen):
    """A conversation with one customer. `turns` counts the customer's mails that were answered by the agent."""

    session_id: str
    address: str
    name: str = ""
    subject: str = ""
    turns: int = 0
    state: Literal["open", "ended", "handed_off"] = "open"
    lines: tuple[TranscriptLine, ...] = ()


class OutgoingMail(Frozen):
    """A mail built once and kept until it is out. `source` is the message itself, 7-bit."""

    message_id: str
    sender: str
    recipient: str
    source: str


class Plan(Frozen):
    """Everything that is to happen for one customer mail, written before any of it does."""

    message_id: str
    """Of the customer's mail."""
    folder: str
    uid: str
    uid_validity: int
    """UIDs of a folder are worth something only together with it (RFC 3501 §2.3.1.1)."""
    made_at: datetime
    session_id: str
    turn: int
    address: str
    subject: str
    customer_text: str
    reply_text: str
    reply: OutgoingMail | None
    """None: the agent ended the conversation without a word."""
    transcript: OutgoingMail | None = None
    handoff_reason: Literal["max_turns", "agent"] | None = None
