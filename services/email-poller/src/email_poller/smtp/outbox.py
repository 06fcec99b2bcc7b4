"""The mailbox's SMTP server. The dialogue is driven step by step, so that the state can be written right before the body."""

import ssl
from collections.abc import Awaitable, Callable
from typing import NoReturn

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPDataError, SMTPException, SMTPRecipientRefused, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from callstage_contracts.buckets import MailboxRecord
from callstage_domain.errors import DependencyError

from email_poller.conversation.ports import MailRefused
from email_poller.conversation.records import OutgoingMail

_FAILURES = (SMTPException, OSError, ssl.SSLError, UnicodeError, ValueError)
_PERMANENT = 500


class SmtpOutbox:
    """A connection per mail: a few mails an hour do not keep one busy."""

    def __init__(self, record: MailboxRecord, password: str, *, timeout_s: float) -> None:
        self._record = record
        self._password = password
        self._timeout_s = timeout_s

    async def send(self, mail: OutgoingMail, *, before_body: Callable[[], Awaitable[bool]]) -> bool:
        """`before_body` runs when the server has taken sender and recipient; False gives up. Returns whether the mail was sent.

        Raises MailRefused, or DependencyError when the server as a whole fails.
        """
        client = self._client()
        try:
            await client.connect()
            await client.login(self._record.username, self._password)
            await client.mail(mail.sender)
            await client.rcpt(mail.recipient)
            if not await before_body():
                return False
            await client.data(mail.source.encode("ascii", "surrogateescape"))
        except _FAILURES as err:
            _raise_mapped(err)
        finally:
            client.close()
        return True

    def _client(self) -> SMTP:
        security = self._record.smtp_security
        return SMTP(
            hostname=self._record.smtp_host,
            port=self._record.smtp_port,
            use_tls=security == "tls",
            start_tls=security == "starttls",
            timeout=self._timeout_s,
            tls_context=None if security == "none" else ssl.create_default_context(),
        )


def _raise_mapped(error: Exception) -> NoReturn:
    words = " ".join(str(error).split())[:300] or type(error).__name__
    if isinstance(error, UnicodeError):
        # Its own text would quote from the password.
        words = "a name, address or password has characters that this server cannot take"
    about_mail = (SMTPRecipientRefused, SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)
    if isinstance(error, about_mail):
        is_permanent = isinstance(error, SMTPResponseException) and error.code >= _PERMANENT
        raise MailRefused(f"SMTP: {words}", vendor="smtp", phase="commit", retryable=not is_permanent) from error
    raise DependencyError(f"SMTP: {words}", vendor="smtp") from error
