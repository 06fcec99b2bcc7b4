"""One look into a mailbox: finish what was begun, then answer what is new (rules M3, M4)."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from callstage_contracts.buckets import MailboxRecord
from callstage_kit.egress_policy import EgressPolicy
from callstage_kit.tasks import in_thread
from redis.asyncio import Redis

from email_poller.conversation.answering import Origin
from email_poller.conversation.delivery import Delivery
from email_poller.conversation.handler import MailHandler
from email_poller.conversation.ports import Agent, MailRefused, Publish
from email_poller.conversation.store import MailStore
from email_poller.imap.fetched import Candidate
from email_poller.imap.folders import ImapFolders, open_folders
from email_poller.mailboxes.reach import check_reach
from email_poller.mime.automatic import automatic_reason
from email_poller.mime.filters import passes
from email_poller.mime.incoming import IncomingMail, UnreadableMail, read_mail
from email_poller.settings import EmailPollerSettings
from email_poller.smtp.outbox import SmtpOutbox

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LookTools:
    """What every look needs, shared by all mailboxes of the process."""

    settings: EmailPollerSettings
    redis: Redis
    agent: Agent
    publish: Publish
    executor: Executor
    egress: EgressPolicy
    now: Callable[[], datetime]


async def look(tools: LookTools, record: MailboxRecord, password: str, deployment: int, may_go_on: Callable[[], bool]) -> None:
    """Raises DependencyError when the mailbox, its SMTP server or Redis fails, EgressRefused when a server is not to be reached.

    `may_go_on` is asked before each mail.
    """
    settings = tools.settings
    await check_reach(tools.egress, record.imap_host, record.imap_port, timeout_s=settings.mail_timeout_s)
    await check_reach(tools.egress, record.smtp_host, record.smtp_port, timeout_s=settings.mail_timeout_s)
    store = MailStore(tools.redis, record.tenant_id, record.agent_id)
    async with open_folders(record, password, tools.executor, settings.mail_timeout_s) as folders:
        outbox = SmtpOutbox(record, password, timeout_s=settings.mail_timeout_s)
        delivery = Delivery(record, store, folders, outbox, tools.publish, now=tools.now)
        handler = MailHandler(record, deployment, store, tools.agent, delivery, tools.publish, max_attempts=settings.max_attempts, now=tools.now)
        await delivery.recover()
        answered = 0
        for candidate in await folders.unread_since(tools.now() - timedelta(hours=record.fetch_last_hours)):
            if answered >= settings.mails_per_poll or not may_go_on():
                return
            answered += await _take(candidate, record, folders, handler, settings.max_mail_bytes)


async def _take(candidate: Candidate, record: MailboxRecord, folders: ImapFolders, handler: MailHandler, max_bytes: int) -> int:
    """1 when the mail was for us, else 0. Judged by its header block, so that a mail that is not for us is never loaded."""
    head = await _read(candidate.head, record)
    if head is None or not passes(head, record.filters) or not await handler.is_new(head.message_id):
        return 0
    reason = automatic_reason(head, record.address)
    if reason is not None:
        await handler.ignore(head.message_id, reason)
        return 0
    source = await folders.source(candidate.uid, max_bytes)
    mail = await _read(source, record) if source is not None else None
    if mail is None or mail.message_id != head.message_id:
        return 0
    try:
        await handler.handle(mail, Origin(folders.folder, candidate.uid, folders.uid_validity))
    except MailRefused as err:
        _log.warning("reply_refused", agent_id=record.agent_id, retryable=err.retryable, error=err.message)
    return 1


async def _read(source: bytes, record: MailboxRecord) -> IncomingMail | None:
    try:
        return await in_thread(read_mail, source)
    except UnreadableMail:
        _log.warning("mail_unreadable", agent_id=record.agent_id)
        return None
