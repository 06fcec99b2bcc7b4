"""An open IMAP mailbox. imap-tools blocks, so every exchange runs in a thread and under a deadline."""

import asyncio
import imaplib
import ssl
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from callstage_contracts.buckets import MailboxRecord
from callstage_domain.errors import DependencyError
from imap_tools.consts import MailMessageFlags
from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.query import AND, H

from email_poller.imap.fetched import Candidate, read_candidates, read_literal

T = TypeVar("T")
_FAILURES = (ImapToolsError, imaplib.IMAP4.error, OSError, ssl.SSLError, UnicodeError, EOFError)
_SENT_NAMES = ("sent", "sent items", "sent messages", "sent mail", "[gmail]/sent mail", "inbox.sent", "inbox/sent", "gesendet", "gesendete elemente")
_HEADERS_AT_ONCE = 50
_MAX_UNREAD = 500
_HEADER_QUERY = "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER])"


class ImapFolders:
    """One logged-in connection, used by one look into a mailbox. Not for concurrent use."""

    def __init__(self, box: BaseMailBox, record: MailboxRecord, uid_validity: int, executor: Executor, timeout_s: float) -> None:
        self._box = box
        self._record = record
        self._uid_validity = uid_validity
        self._executor = executor
        self._timeout_s = timeout_s
        self._sent_folder: str | None = None
        self._knows_sent = False

    @property
    def folder(self) -> str:
        """The folder that is watched."""
        return self._record.filters.folder

    @property
    def uid_validity(self) -> int:
        """Of that folder."""
        return self._uid_validity

    async def unread_since(self, since: datetime) -> list[Candidate]:
        """Unread mails that arrived after `since` (aware), oldest first, at most the newest 500."""
        return await self._run(self._unread_since, since)

    async def source(self, uid: str, max_bytes: int) -> bytes | None:
        """A whole mail, or its beginning when it is longer; unread as before. None when it is gone."""
        return await self._run(self._source, uid, max_bytes)

    async def is_in_sent(self, message_id: str) -> bool:
        """Whether the Sent folder holds this message; False when the server has no such folder."""
        return await self._run(self._is_in_sent, message_id)

    async def file_sent(self, source: bytes) -> None:
        """Put a copy into the Sent folder, when there is one."""
        await self._run(self._file_sent, source)

    async def mark_seen(self, uid: str) -> None:
        """Set `\\Seen`."""
        await self._run(self._mark_seen, uid)

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await run_blocking(self._executor, self._timeout_s, work, *arguments)

    def _unread_since(self, since: datetime) -> list[Candidate]:
        # SINCE compares dates without time zone; the day before is asked for, the exact time is compared here.
        uids = self._box.uids(AND(seen=False, date_gte=(since - timedelta(days=1)).date()), charset=None)[-_MAX_UNREAD:]
        found: list[Candidate] = []
        for start in range(0, len(uids), _HEADERS_AT_ONCE):
            _, data = self._box.client.uid("fetch", ",".join(uids[start : start + _HEADERS_AT_ONCE]), _HEADER_QUERY)
            found += read_candidates(data)
        return sorted((mail for mail in found if mail.received_at >= since), key=lambda mail: mail.received_at)

    def _source(self, uid: str, max_bytes: int) -> bytes | None:
        _, data = self._box.client.uid("fetch", uid, f"(BODY.PEEK[]<0.{max_bytes}>)")
        return read_literal(data)

    def _is_in_sent(self, message_id: str) -> bool:
        sent = self._find_sent()
        if sent is None:
            return False
        self._box.folder.set(sent)
        try:
            return bool(self._box.uids(AND(header=H("Message-ID", message_id)), charset=None))
        finally:
            self._box.folder.set(self.folder)

    def _file_sent(self, source: bytes) -> None:
        sent = self._find_sent()
        if sent is not None:
            self._box.append(source, sent, flag_set=[MailMessageFlags.SEEN])

    def _find_sent(self) -> str | None:
        """By its special use (RFC 6154), otherwise by one of the usual names."""
        if not self._knows_sent:
            folders = self._box.folder.list()
            marked = (folder.name for folder in folders if "\\sent" in {flag.lower() for flag in folder.flags})
            named = (folder.name for name in _SENT_NAMES for folder in folders if folder.name.lower() == name)
            self._sent_folder = next(marked, None) or next(named, None)
            self._knows_sent = True
        return self._sent_folder

    def _mark_seen(self, uid: str) -> None:
        self._box.flag(uid, MailMessageFlags.SEEN, True)


@asynccontextmanager
async def open_folders(record: MailboxRecord, password: str, executor: Executor, timeout_s: float) -> AsyncGenerator[ImapFolders]:
    """Logged in, with the watched folder selected, while entered. Raises DependencyError with the server's own words."""
    opened = executor.submit(_log_in, record, password, timeout_s)
    try:
        box, uid_validity = await _result(opened, timeout_s)
    except BaseException:
        opened.add_done_callback(_close_abandoned)
        raise
    try:
        yield ImapFolders(box, record, uid_validity, executor, timeout_s)
        with suppress(DependencyError):
            await run_blocking(executor, timeout_s, box.logout)
    finally:
        # After an exception a thread may still be reading: closing the socket ends that, too.
        _close(box)


def _close_abandoned(opened: Future[tuple[BaseMailBox, int]]) -> None:
    """Nobody waits any more for this login; its connection must not stay open."""
    if not opened.cancelled() and opened.exception() is None:
        _close(opened.result()[0])


def _close(box: BaseMailBox) -> None:
    with suppress(Exception):
        box.client.shutdown()


def _log_in(record: MailboxRecord, password: str, timeout_s: float) -> tuple[BaseMailBox, int]:
    box = _connect(record, timeout_s)
    try:
        box.login(record.username, password, initial_folder=record.filters.folder)
        status = box.folder.status(record.filters.folder, ["UIDVALIDITY"])
    except BaseException:
        _close(box)
        raise
    return box, int(status["UIDVALIDITY"])


def _connect(record: MailboxRecord, timeout_s: float) -> BaseMailBox:
    match record.imap_security:
        case "tls":
            return MailBox(record.imap_host, record.imap_port, timeout=timeout_s, ssl_context=ssl.create_default_context())
        case "starttls":
            return MailBoxStartTls(record.imap_host, record.imap_port, timeout=timeout_s, ssl_context=ssl.create_default_context())
        case "none":
            return MailBoxUnencrypted(record.imap_host, record.imap_port, timeout=timeout_s)


async def run_blocking(executor: Executor, timeout_s: float, work: Callable[..., T], *arguments: Any) -> T:
    """Run an IMAP exchange in a thread. The socket's own deadline frees the thread when ours is over first."""
    return await _result(executor.submit(work, *arguments), timeout_s)


async def _result(future: Future[T], timeout_s: float) -> T:
    try:
        async with asyncio.timeout(timeout_s * 2):
            return await asyncio.wrap_future(future)
    except TimeoutError as err:
        raise DependencyError("IMAP: no answer in time", vendor="imap") from err
    except _FAILURES as err:
        raise DependencyError(f"IMAP: {_words(err)}", vendor="imap") from err


def _words(error: BaseException) -> str:
    if isinstance(error, UnicodeError):
        # Its own text would quote from the password.
        return "a name or password has characters that this server cannot take"
    return " ".join(str(error).split())[:300] or type(error).__name__
