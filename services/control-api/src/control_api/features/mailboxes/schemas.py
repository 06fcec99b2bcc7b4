"""Bodies of mailboxes."""

from datetime import datetime
from typing import Annotated, Literal

from callstage_contracts.buckets import MailFilters
from pydantic import Field, StringConstraints

from control_api.compile.draft import MailText
from control_api.web.schema import Body, Reply

Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,255}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Security = Literal["tls", "starttls", "none"]


class MailboxSettings(Body):
    """Rules M1, M3."""

    address: MailText
    imap_host: Host
    imap_port: Port = 993
    imap_security: Security = "tls"
    smtp_host: Host
    smtp_port: Port = 587
    smtp_security: Security = "starttls"
    username: Annotated[str, StringConstraints(min_length=1, max_length=320)]
    max_turns: Annotated[int, Field(ge=1, le=1000)] = 10
    forward_to: MailText | None = None
    fetch_last_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 3
    signature_html: Annotated[str, StringConstraints(max_length=50_000)] | None = None
    filters: MailFilters = MailFilters()


class MailboxPut(MailboxSettings):
    """`password` can be left out when one is stored already for the same servers and user."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None


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
