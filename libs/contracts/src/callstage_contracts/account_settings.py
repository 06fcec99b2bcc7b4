"""Settings of the accounts that tools send with (rule I3): what control-api takes and tool-sandbox goes by. No secret is among them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
SenderName = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
LoginName = Annotated[str, StringConstraints(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Goes into commands of SMTP, where a line end would begin another command."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GmailSettings(_Settings):
    """`sender` is the account that gives its consent."""

    sender: MailAddress
    sender_name: SenderName = ""


MailSecurity = Literal["tls", "starttls", "none"]


class SmtpSettings(GmailSettings):
    """A mailbox to send from; with `imap_host` one that an agent can read, too (rule M1). User and password are those of both servers."""

    smtp_host: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_security: MailSecurity = "starttls"
    imap_host: Annotated[str, StringConstraints(max_length=253)] = ""
    imap_port: Annotated[int, Field(ge=1, le=65535)] = 993
    imap_security: MailSecurity = "tls"
    username: LoginName


class TwilioSettings(_Settings):
    """A WhatsApp sender."""

    account_sid: Annotated[str, StringConstraints(pattern=r"^AC[0-9a-fA-F]{32}$")]
    sender: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{4,14}$")]
