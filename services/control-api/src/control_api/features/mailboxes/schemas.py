"""Bodies of mailboxes."""

from datetime import datetime
from typing import Annotated

from callstage_contracts.account_settings import MailSecurity
from callstage_kit.signature import clean_signature, refused_logos
from pydantic import AfterValidator, Field, StringConstraints

from control_api.compile.draft import MailText
from control_api.compile.urls import HostText
from control_api.web.schema import Body, Reply

Port = Annotated[int, Field(ge=1, le=65535)]
OneLine = Annotated[str, StringConstraints(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Goes into commands of IMAP and SMTP, where a line end would begin another command."""
Lines = Annotated[list[OneLine], Field(max_length=100)]


def _signature(html: str) -> str:
    refused = refused_logos(html)
    if refused:
        raise ValueError(
            f"a logo needs a public address that begins with https://, not '{refused[0][:60]}'; put it on your web site and name it from there"
        )
    return clean_signature(html)


SignatureHtml = Annotated[str, StringConstraints(max_length=50_000), AfterValidator(_signature)]
"""Stored clean: scripts and unknown formatting are taken out, a logo that no mail would show is refused."""


class Filters(Body):
    """Rule M3: a mail that does not pass stays unread and untouched."""

    folder: OneLine = "INBOX"
    from_domains: Lines = Field(default_factory=list[str])
    from_addresses: Lines = Field(default_factory=list[str])
    to_addresses: Lines = Field(default_factory=list[str])
    subject_contains: Lines = Field(default_factory=list[str])
    subject_excludes: Lines = Field(default_factory=list[str])


class MailboxRules(Body):
    """How the agent works in it (rule M3)."""

    max_turns: Annotated[int, Field(ge=1, le=1000)] = 10
    forward_to: MailText | None = None
    fetch_last_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 3
    signature_html: str | None = None
    filters: Filters = Field(default_factory=Filters)


class MailboxPut(MailboxRules):
    """The login is either `integration_id`, a connected mailbox of the tenant, or address, servers, user and password of its own (rule M1).

    `password` can be left out when one is stored already for the same servers and user.
    """

    integration_id: OneLine | None = None
    address: MailText | None = None
    imap_host: HostText | None = None
    imap_port: Port = 993
    imap_security: MailSecurity = "tls"
    smtp_host: HostText | None = None
    smtp_port: Port = 587
    smtp_security: MailSecurity = "starttls"
    username: OneLine | None = None
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    signature_html: SignatureHtml | None = None


class MailboxReply(MailboxRules):
    """Without the password. With `is_attached`, the login is the connected account `integration_id` and follows its changes."""

    agent_id: str
    integration_id: str
    is_attached: bool
    address: str
    imap_host: str
    imap_port: int
    imap_security: MailSecurity
    smtp_host: str
    smtp_port: int
    smtp_security: MailSecurity
    username: str
    has_password: bool = True
    last_error: str | None
    last_error_at: datetime | None
    updated_at: datetime


class MailboxOf(Reply):
    """The mailbox of an agent."""

    mailbox: MailboxReply
