"""One unread mail that passed the filters: to which conversation it belongs, and its answer."""

from collections.abc import Callable
from datetime import datetime

import structlog
from callstage_contracts.buckets import MailboxRecord
from callstage_contracts.events import EmailHandedOff
from callstage_domain.errors import DependencyError
from callstage_domain.ids import new_session_id
from callstage_kit.tasks import in_thread
from callstage_kit.telemetry.metrics import EMAILS_TOTAL

from email_poller.conversation.answering import Origin, agent_turn, handed_off_by_limit, is_used_up, make_plan
from email_poller.conversation.delivery import Delivery
from email_poller.conversation.ports import AGENT_AWAY, Agent, Publish
from email_poller.conversation.progress import MailStatus
from email_poller.conversation.records import MailSession
from email_poller.conversation.store import MailStore
from email_poller.conversation.threading import place, thread_keys
from email_poller.mime.incoming import IncomingMail
from email_poller.mime.turn_text import turn_text

_log = structlog.get_logger(__name__)


class MailHandler:
    """Of one mailbox, for one look into it."""

    def __init__(
        self,
        record: MailboxRecord,
        deployment: int,
        store: MailStore,
        agent: Agent,
        delivery: Delivery,
        publish: Publish,
        *,
        max_attempts: int,
        now: Callable[[], datetime],
    ) -> None:
        self._record = record
        self._deployment = deployment
        self._store = store
        self._agent = agent
        self._delivery = delivery
        self._publish = publish
        self._max_attempts = max_attempts
        self._now = now

    async def is_new(self, message_id: str) -> bool:
        """False for a mail that was answered or laid aside, or whose answer is on its way."""
        return await self._store.status(message_id) in (None, MailStatus.SEEN)

    async def ignore(self, message_id: str, reason: str) -> None:
        """Never look at this mail again; it stays unread and untouched."""
        await self._store.begin(message_id, "")
        if await self._store.advance(message_id, MailStatus.SEEN, MailStatus.IGNORED):
            EMAILS_TOTAL.labels("ignored").inc()
            _log.info("mail_ignored", agent_id=self._record.agent_id, reason=reason)

    async def handle(self, mail: IncomingMail, origin: Origin) -> None:
        """Answer the mail. Raises DependencyError when a mail server or Redis fails; a failing agent is logged, and asked again later."""
        placement = place(mail, await self._store.session_of(thread_keys(mail)))
        if placement.kind in ("stranger", "people"):
            return await self.ignore(mail.message_id, placement.kind)
        known = placement.session if placement.kind == "next" else None
        session_id = await self._store.begin(mail.message_id, known.session_id if known else new_session_id())
        session = known or MailSession(session_id=session_id, address=mail.address, name=mail.name, subject=mail.subject)
        text = await in_thread(turn_text, mail)
        try:
            answer = (
                handed_off_by_limit(session.session_id)
                if is_used_up(session, self._record)
                else await self._agent.answer(agent_turn(self._record, self._deployment, session.session_id, mail, text))
            )
            plan, after = make_plan(self._record, origin, mail, session, text, answer, self._now())
        except DependencyError as err:
            return await self._agent_failed(mail, session, err)
        if await self._store.commit(plan, after):
            await self._delivery.finish(plan, MailStatus.REPLIED)
        return None

    async def _agent_failed(self, mail: IncomingMail, session: MailSession, error: DependencyError) -> None:
        if error.vendor == "redis":
            raise error
        _log.warning("agent_did_not_answer", agent_id=self._record.agent_id, session_id=session.session_id, error=error.message)
        if error.code == AGENT_AWAY:
            return
        failures = await self._store.count_failure(mail.message_id)
        EMAILS_TOTAL.labels("failed").inc()
        if error.retryable and failures < self._max_attempts:
            return
        if await self._store.advance(mail.message_id, MailStatus.SEEN, MailStatus.FAILED):
            self._publish(
                EmailHandedOff(tenant_id=self._record.tenant_id, agent_id=self._record.agent_id, session_id=session.session_id, reason="agent_failed")
            )
