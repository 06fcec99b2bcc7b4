"""A mail server for tests: SMTP that keeps what it is given, IMAP that serves what was put in."""

from __future__ import annotations

import asyncio
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from callstage_testing.fakes.imap import ImapSession
from callstage_testing.fakes.mailbox import Folder, StoredMessage

_STREAM_LIMIT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SentMail:
    """A message that the SMTP side accepted."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    user: str | None
    at: float = field(default_factory=time.monotonic)


class FakeMail:
    """`users` may log in on both sides. With `deliver=True` accepted mail also lands in INBOX, as for a mailbox that writes to itself.

    `reject[address]` is the SMTP reply for that recipient (`"550 5.1.1 no such user"`).
    """

    def __init__(self, users: dict[str, str] | None = None, *, deliver: bool = False, smtp_port: int = 0, imap_port: int = 0) -> None:
        self.users = users or {"agent@example.com": "secret"}
        self.folders: dict[str, Folder] = {name: Folder(name) for name in ("INBOX", "Sent", "Trash")}
        self.sent: list[SentMail] = []
        self.reject: dict[str, str] = {}
        self._deliver = deliver
        self._ports = (smtp_port, imap_port)
        self._arrived = asyncio.Condition()
        self._servers: list[asyncio.Server] = []
        self._smtp_sessions: set[_SmtpSession] = set()
        self._imap_tasks: set[asyncio.Task[Any]] = set()
        self.imap_logins_refused = False

    @property
    def smtp_port(self) -> int:
        return int(self._servers[0].sockets[0].getsockname()[1])

    @property
    def imap_port(self) -> int:
        return int(self._servers[1].sockets[0].getsockname()[1])

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    def put(
        self, message: EmailMessage | bytes, *, folder: str = "INBOX", flags: set[str] | None = None, received: datetime | None = None
    ) -> StoredMessage:
        """Have a message arrive by IMAP; clients in IDLE are told."""
        raw = message if isinstance(message, bytes) else message.as_bytes()
        return self.folders[folder].add(raw, flags, received)

    async def wait_for_mail(self, count: int = 1, timeout_s: float = 20.0) -> list[SentMail]:
        """Until `count` messages were accepted by SMTP. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s), self._arrived:
            await self._arrived.wait_for(lambda: len(self.sent) >= count)
        return list(self.sent)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(self._new_smtp, "127.0.0.1", self._ports[0])
        imap = await asyncio.start_server(self._serve_imap, "127.0.0.1", self._ports[1], limit=_STREAM_LIMIT_BYTES)
        self._servers = [smtp, imap]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in self._servers:
            server.close()
        for session in list(self._smtp_sessions):
            session.hang_up()
        tasks = list(self._imap_tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    def _new_smtp(self) -> _SmtpSession:
        with warnings.catch_warnings():
            # Logging in without TLS is what a loopback test does.
            warnings.simplefilter("ignore")
            return _SmtpSession(self, self._smtp_sessions)

    async def _serve_imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._imap_tasks.add(task)
        try:
            users = {} if self.imap_logins_refused else self.users
            with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                await ImapSession(reader, writer, users, self.folders).serve()
        finally:
            writer.close()
            if task is not None:
                self._imap_tasks.discard(task)

    # Names below are aiosmtpd's handler protocol.
    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:  # noqa: N802
        refusal = self.reject.get(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        user = session.auth_data.decode() if session.auth_data else None
        mail = SentMail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content, user)
        async with self._arrived:
            self.sent.append(mail)
            self._arrived.notify_all()
        if self._deliver:
            self.put(mail.raw)
        return "250 2.0.0 queued"


class _SmtpSession(SMTP):
    def __init__(self, mail: FakeMail, sessions: set[_SmtpSession]) -> None:
        self._mail = mail
        self._sessions = sessions
        super().__init__(
            mail, hostname="fake.example.com", auth_required=True, auth_require_tls=False, authenticator=self._check_login, enable_SMTPUTF8=True
        )

    def _check_login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword) and self._mail.users.get(data.login.decode()) == data.password.decode():
            return AuthResult(success=True, auth_data=data.login)
        return AuthResult(success=False, handled=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        if self.transport is not None:
            # uvloop's transports are not subclasses of asyncio's.
            cast(asyncio.Transport, self.transport).abort()
