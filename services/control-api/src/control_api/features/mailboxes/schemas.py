"""Bodies of mailboxes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from control_api.compile.draft import MailText
from control_api.compile.urls import HostText
from control_api.web.schema import Body, Reply

Port = Annotated[int, Field(ge=1, le=65535)]
Security = Literal["tls", "starttls", "none"]
OneLine = Annotated[str, StringConstraints(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Goes into commands of IMAP and SMTP, where a line end would begin another command."""
Lines = Annotated[list[OneLine], Field(max_length=100)]


class Filters(Body):
    """Rule M3: a mail that does not pass stays unread and untouched."""

    folder: OneLine = "INBOX"
    from_domains: Lines = Field(default_factory=list[str])
    from_addresses: Lines = Field(default_factory=list[str])
    to_addresses: Lines = Field(default_factory=list[str])
    subject_contains: Lines = Field(default_factory=list[str])
    subject_excludes: Lines = Field(default_factory=list[str])


class MailboxSettings(Body):
    """Rules M1, M3."""

    address: MailText
    imap_host: HostText
    imap_port: Port = 993
    imap_security: Security = "tls"
    smtp_host: HostText
    smtp_port: Port = 587
    smtp_security: Security = "starttls"
    username: OneLine
    max_turns: Annotated[int, Field(ge=1, le=1000)] = 10
    forward_to: MailText | None = None
    fetch_last_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 3
    signature_html: Annotated[str, StringConstraints(max_length=50_000)] | None = None
    filters: Filters = Field(default_factory=Filters)


class MailboxPut(MailboxSettings):
    """`password` can be left out when one is stored already for the same servers and user."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


class MailboxReply(MailboxSettings):
    """Without the password."""

    agent_id: str
    integration_id: str
    has_password: bool = True
    last_error: str | None
    last_error_at: datetime | None
    updated_at: datetime


class MailboxOf(Reply):
    """The mailbox of an agent."""

    mailbox: MailboxReply
