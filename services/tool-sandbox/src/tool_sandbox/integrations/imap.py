"""A mailbox that is read as well as sent from. Tools only send; reading is email-poller's, here the login is tried (rules M1, I4)."""

import asyncio
import imaplib
import socket
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, Literal

from callstage_kit.egress_policy import Address, EgressPolicy, EgressRefused, checked_addresses
from callstage_kit.tasks import all_of, in_thread

from tool_sandbox.backends.port import BackendError
from tool_sandbox.integrations.port import Mail
from tool_sandbox.integrations.smtp import SmtpAccount

_VENDOR: Final = "imap"


@dataclass(frozen=True, slots=True)
class ImapLogin:
    """Where and as whom."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    password: str


class ReadMailbox:
    """Sends as `sending` does; `check` logs in to both servers and reports each."""

    def __init__(self, login: ImapLogin, sending: SmtpAccount, policy: EgressPolicy, *, timeout_s: float) -> None:
        self._login = login
        self._sending = sending
        self._policy = policy
        self._timeout_s = timeout_s

    async def send(self, mail: Mail) -> str:
        """See the port."""
        return await self._sending.send(mail)

    async def check(self) -> str:
        """Both servers. Raises BackendError with the words of each when one of them refuses."""
        problems = await all_of(_problem(self._read()), _problem(self._sending.check()))
        if any(problems):
            read, sent = (problem.rstrip(".") if problem else "works" for problem in problems)
            raise BackendError(f"Reading (IMAP): {read}. Sending (SMTP): {sent}.", kind="authentication", vendor=_VENDOR)
        return f"reads at {self._login.host}, sends by {self._sending.host}"

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                addresses = await checked_addresses(self._policy, self._login.host, self._login.port)
                await in_thread(_log_in, self._login, addresses[0], self._timeout_s)
        except EgressRefused as err:
            raise BackendError(err.message, kind="not_configured", vendor=_VENDOR) from err
        except TimeoutError as err:
            raise BackendError("the mail server did not answer in time", kind="unavailable", vendor=_VENDOR) from err
        except imaplib.IMAP4.error as err:
            raise BackendError(_words(err), kind="authentication", vendor=_VENDOR) from err
        except (OSError, ssl.SSLError, UnicodeError, EOFError) as err:
            raise BackendError(_words(err), kind="unavailable", vendor=_VENDOR) from err


class _Dialogue(imaplib.IMAP4):
    """imaplib connects to a name; this one to the address that was checked."""

    def __init__(self, login: ImapLogin, address: Address, timeout_s: float) -> None:
        self._where = login, address
        super().__init__(login.host, login.port, timeout_s)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        login, address = self._where
        line = socket.create_connection((str(address), login.port), timeout)
        return ssl.create_default_context().wrap_socket(line, server_hostname=login.host) if login.security == "tls" else line


def _log_in(login: ImapLogin, address: Address, timeout_s: float) -> None:
    dialogue = _Dialogue(login, address, timeout_s)
    try:
        if login.security == "starttls":
            dialogue.starttls(ssl.create_default_context())
        dialogue.login(login.username, login.password)
    finally:
        dialogue.shutdown()


async def _problem(trying: Awaitable[object]) -> str:
    """What was wrong; "" when nothing."""
    try:
        await trying
    except BackendError as err:
        return err.message
    return ""


def _words(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        # Its own text would quote from the password.
        return "a name or password has characters that this server cannot take"
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(error)
    return " ".join(text.split())[:300] or type(error).__name__
