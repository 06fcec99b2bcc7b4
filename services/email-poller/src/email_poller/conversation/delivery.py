"""A stored plan becomes mails that are out, exactly once (rule M9)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from callstage_contracts.buckets import MailboxRecord
from callstage_domain.errors import DependencyError
from callstage_kit.telemetry.metrics import EMAILS_TOTAL

from email_poller.conversation.announcing import events_of
from email_poller.conversation.ports import MailFolders, MailRefused, Outbox, Publish
from email_poller.conversation.progress import MailStatus, Step, after_verify, next_step
from email_poller.conversation.records import Plan
from email_poller.conversation.store import MailStore

_log = structlog.get_logger(__name__)
_GIVE_UP_AFTER = timedelta(hours=24)
"""A customer's server that says "later" for longer than this will not take the mail; mail servers themselves give up after days."""


class Delivery:
    """Carries plans of one mailbox to DONE. Any step may be the last one of this process; the next process goes on from the stored state."""

    def __init__(
        self, record: MailboxRecord, store: MailStore, folders: MailFolders, outbox: Outbox, publish: Publish, *, now: Callable[[], datetime]
    ) -> None:
        self._record = record
        self._store = store
        self._folders = folders
        self._outbox = outbox
        self._publish = publish
        self._now = now

    async def recover(self) -> None:
        """Finish what another process, or an earlier look into the mailbox, left unfinished."""
        for message_id in await self._store.pending():
            status = await self._store.status(message_id)
            if status is None or next_step(status, is_recovery=True) in (Step.ASK, Step.NOTHING):
                await self._store.forget_pending(message_id)
            else:
                await self._retry(await self._store.plan(message_id), status)

    async def _retry(self, plan: Plan, status: MailStatus) -> None:
        try:
            await self.finish(plan, status, is_recovery=True)
        except MailRefused as err:
            _log.warning("reply_refused", agent_id=self._record.agent_id, session_id=plan.session_id, retryable=err.retryable, error=err.message)

    async def finish(self, plan: Plan, status: MailStatus, *, is_recovery: bool = False) -> None:
        """From `status` to the end. Raises DependencyError when a server fails; the state then says where to go on."""
        match next_step(status, is_recovery=is_recovery):
            case Step.VERIFY:
                await self._verify(plan, status)
            case Step.SEND:
                await self._send(plan)
            case Step.FILE:
                await self._file(plan)
            case Step.ASK | Step.NOTHING:
                return

    async def _verify(self, plan: Plan, status: MailStatus) -> None:
        found = plan.reply is not None and await self._folders.is_in_sent(plan.reply.message_id)
        verdict = after_verify(status, is_in_sent_folder=found)
        if verdict is status:
            return await self._send(plan)
        if verdict is MailStatus.DONE:
            _log.warning("reply_presumed_sent", agent_id=self._record.agent_id, session_id=plan.session_id)
            return await self._close(plan, status)
        if await self._store.advance(plan.message_id, status, verdict):
            await self.finish(plan, verdict)
        return None

    async def _send(self, plan: Plan) -> None:
        if plan.reply is None:
            if await self._store.advance(plan.message_id, MailStatus.REPLIED, MailStatus.SENT):
                await self._file(plan)
            return

        async def take() -> bool:
            return await self._store.advance(plan.message_id, MailStatus.REPLIED, MailStatus.SENDING)

        try:
            was_sent = await self._outbox.send(plan.reply, before_body=take)
        except DependencyError as err:
            await self._not_sent(plan, err)
            raise
        if was_sent and await self._store.advance(plan.message_id, MailStatus.SENDING, MailStatus.SENT):
            await self._file(plan)

    async def _not_sent(self, plan: Plan, error: DependencyError) -> None:
        """The server said no, or broke off while we were watching: the mail may be tried again, unless it is refused for good."""
        is_final = isinstance(error, MailRefused) and (not error.retryable or self._now() - plan.made_at > _GIVE_UP_AFTER)
        was_sending = await self._store.advance(plan.message_id, MailStatus.SENDING, MailStatus.FAILED if is_final else MailStatus.REPLIED)
        if is_final and (was_sending or await self._store.advance(plan.message_id, MailStatus.REPLIED, MailStatus.FAILED)):
            EMAILS_TOTAL.labels("failed").inc()

    async def _file(self, plan: Plan) -> None:
        if plan.transcript is not None and await self._store.claim_once(plan.message_id, "transcript_sent"):
            await self._forward(plan)
        if plan.reply is not None and not await self._folders.is_in_sent(plan.reply.message_id):
            await self._folders.file_sent(plan.reply.source.encode("ascii", "surrogateescape"))
        if (plan.folder, plan.uid_validity) == (self._folders.folder, self._folders.uid_validity):
            await self._folders.mark_seen(plan.uid)
        await self._close(plan, MailStatus.SENT)

    async def _forward(self, plan: Plan) -> None:
        """The transcript for the team. When it cannot be sent the event and the log still tell; the customer's side goes on."""
        assert plan.transcript is not None

        async def always() -> bool:
            return True

        try:
            await self._outbox.send(plan.transcript, before_body=always)
        except DependencyError as err:
            _log.error("transcript_not_forwarded", agent_id=self._record.agent_id, session_id=plan.session_id, error=err.message)

    async def _close(self, plan: Plan, status: MailStatus) -> None:
        # Told before it is noted: a repeated event is stored once, a forgotten one never.
        for event in events_of(plan, self._record):
            self._publish(event)
        if await self._store.advance(plan.message_id, status, MailStatus.DONE):
            EMAILS_TOTAL.labels("handed_off" if plan.handoff_reason else "answered").inc()
