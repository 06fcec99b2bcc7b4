"""E-mail over SMTP submission. The connection goes to an address that the egress policy has checked (rule T7)."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Final, Literal

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException, SMTPResponseException
from callstage_kit.egress_policy import EgressPolicy, EgressRefused, checked_addresses

from tool_sandbox.backends.port import BackendError, BackendErrorKind
from tool_sandbox.integrations.mail_message import composed
from tool_sandbox.integrations.port import Mail

_VENDOR: Final = "smtp"
_PERMANENT: Final = 500


@dataclass(frozen=True, slots=True)
class SmtpLogin:
    """Where and as whom."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    password: str
    sender: str
    sender_name: str


class SmtpAccount:
    """A connection per mail."""

    def __init__(self, login: SmtpLogin, policy: EgressPolicy, *, timeout_s: float) -> None:
        self._login = login
        self._policy = policy
        self._timeout_s = timeout_s

    @property
    def host(self) -> str:
        """The server."""
        return self._login.host

    async def send(self, mail: Mail) -> str:
        """See the port. Whatever breaks after the body has begun to go out may have been sent."""
        message = composed(mail, self._login.sender, self._login.sender_name)
        body_begun = False
        try:
            async with asyncio.timeout(self._timeout_s):
                client = await self._connected()
                try:
                    await client.mail(self._login.sender)
                    await client.rcpt(mail.to)
                    body_begun = True
                    await client.data(message.as_bytes())
                finally:
                    client.close()
        except SMTPResponseException as err:
            raise BackendError(_words(err), kind=_kind(err), vendor=_VENDOR) from err
        except (SMTPException, OSError, ssl.SSLError, TimeoutError) as err:
            raise BackendError(_words(err), kind="unavailable", vendor=_VENDOR, is_ambiguous=body_begun) from err
        return str(message["Message-ID"])

    async def check(self) -> str:
        """See the port."""
        try:
            async with asyncio.timeout(self._timeout_s):
                client = await self._connected()
                client.close()
        except SMTPResponseException as err:
            raise BackendError(_words(err), kind=_kind(err), vendor=_VENDOR) from err
        except (SMTPException, OSError, ssl.SSLError, TimeoutError) as err:
            raise BackendError(_words(err), kind="unavailable", vendor=_VENDOR) from err
        return self._login.host

    async def _connected(self) -> SMTP:
        login = self._login
        try:
            addresses = await checked_addresses(self._policy, login.host, login.port)
        except EgressRefused as err:
            raise BackendError(err.message, kind="not_configured", vendor=_VENDOR) from err
        address = addresses[0]
        line = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        line.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(line, (str(address), login.port))
        except BaseException:
            line.close()
            raise
        client = SMTP(
            hostname=login.host,
            port=None,
            sock=line,
            use_tls=login.security == "tls",
            start_tls=login.security == "starttls",
            timeout=self._timeout_s,
            tls_context=None if login.security == "none" else ssl.create_default_context(),
        )
        await client.connect()
        if login.username:
            try:
                await client.login(login.username, login.password)
            except BaseException:
                client.close()
                raise
        return client


def _kind(error: SMTPResponseException) -> BackendErrorKind:
    if isinstance(error, SMTPAuthenticationError):
        return "authentication"
    return "validation" if error.code >= _PERMANENT else "unavailable"


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the mail server did not answer in time"
    return " ".join(str(error).split())[:300] or type(error).__name__
