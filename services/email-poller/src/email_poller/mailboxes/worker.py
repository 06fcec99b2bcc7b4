"""Looks into one mailbox again and again; a failing one waits longer each time and says so (rules M2, M9)."""

import asyncio
import random
from collections.abc import Iterator

import structlog
from callstage_contracts.buckets import MailboxRecord, integration_aad
from callstage_contracts.events import MailboxFailed
from callstage_domain.errors import CallstageError, DependencyError
from callstage_kit.retry import backoff_s

from email_poller.mailboxes.lease import MailboxLease
from email_poller.mailboxes.look import LookTools, look

_log = structlog.get_logger(__name__)


class MailboxWorker:
    """Of one mailbox in one process. `slots` bounds how many of them are busy at once."""

    def __init__(self, tools: LookTools, record: MailboxRecord, deployment: int, lease: MailboxLease, slots: asyncio.Semaphore) -> None:
        self._tools = tools
        self._record = record
        self._deployment = deployment
        self._lease = lease
        self._slots = slots
        self._stopping = asyncio.Event()
        self._waits: Iterator[float] | None = None
        self._told: str | None = None

    def stop(self) -> None:
        """Finish the mail at hand and end."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop` or cancellation."""
        try:
            while not self._stopping.is_set():
                wait_s = await self._round()
                try:
                    async with asyncio.timeout(wait_s):
                        await self._stopping.wait()
                except TimeoutError:
                    continue
        finally:
            # A successor with a new password must not wait for the back-off of the old one.
            await self._lease.keep_until_due(0)

    async def _round(self) -> float:
        """One look, if the mailbox is to be had. Returns the seconds to the next one."""
        loop = asyncio.get_running_loop()
        async with self._slots, self._lease.hold() as is_ours:
            interval_s = self._tools.settings.poll_interval_s
            if not is_ours:
                # Somebody else has it. Ask again a little apart from the others, so that the replicas share the mailboxes.
                return interval_s * random.uniform(0.5, 1.0)
            started = loop.time()
            wait_s = await self._look()
            wait_s = max(0.05, wait_s - (loop.time() - started))
        # The mailbox is free again right before our own next round.
        await self._lease.keep_until_due(wait_s * 0.95)
        return wait_s

    async def _look(self) -> float:
        settings = self._tools.settings
        try:
            password = settings.secret_box.open(self._record.password_sealed, integration_aad(self._record.tenant_id, self._record.integration_id))
            await look(self._tools, self._record, password, self._deployment, self._may_go_on)
        except DependencyError as err:
            return settings.poll_interval_s if err.vendor == "redis" else self._failed(err.message)
        except CallstageError as err:
            return self._failed(err.message)
        except Exception:
            # A defect met by one mail must not end the polling of this mailbox until the next restart.
            _log.exception("mailbox_look_broke", agent_id=self._record.agent_id)
            return self._failed("internal error")
        if self._told is not None:
            _log.info("mailbox_recovered", agent_id=self._record.agent_id)
        self._waits = self._told = None
        return settings.poll_interval_s

    def _may_go_on(self) -> bool:
        return self._lease.is_held and not self._stopping.is_set()

    def _failed(self, message: str) -> float:
        settings = self._tools.settings
        if self._waits is None:
            self._waits = backoff_s(settings.poll_interval_s, limit_s=max(settings.poll_interval_s, settings.mailbox_backoff_limit_s))
        wait_s = next(self._waits)
        _log.warning("mailbox_failed", agent_id=self._record.agent_id, error=message, retry_in_s=round(wait_s, 1))
        if message != self._told:
            self._told = message
            record = self._record
            self._tools.publish(
                MailboxFailed(tenant_id=record.tenant_id, agent_id=record.agent_id, integration_id=record.integration_id, message=message)
            )
        return wait_s
