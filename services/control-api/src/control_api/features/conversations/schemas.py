"""Bodies of e-mail conversations (rule M11)."""

from datetime import datetime
from typing import Literal

from control_api.features.calls.schemas import ToolRunView
from control_api.web.schema import Reply


class ConversationView(Reply):
    """One thread."""

    session_id: str
    agent_id: str
    subject_line: str
    address: str
    status: str
    handoff_reason: str | None
    forwarded_to: str | None
    started_at: datetime
    last_event_at: datetime


class MailTurn(Reply):
    """A mail read or answered."""

    turn: int
    role: Literal["user", "assistant"]
    text: str
    subject_line: str
    address: str
    message_id: str
    occurred_at: datetime


class ConversationDetail(ConversationView):
    """With its mails and the tools that ran for them."""

    transcript: list[MailTurn]
    tool_runs: list[ToolRunView]


class ConversationList(Reply):
    """Newest first."""

    conversations: list[ConversationView]
    next_cursor: str | None
