"""The workers of this process follow what is deployed (rule M2)."""

import asyncio
import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from callstage_contracts.buckets import ActiveDeployment, MailboxRecord, TenantRecord
from callstage_kit.nats.kv_mirror import KvMirror
from callstage_kit.tasks import TaskScope, cancel, settle

from email_poller.mailboxes.lease import MailboxLease
from email_poller.mailboxes.look import LookTools
from email_poller.mailboxes.worker import MailboxWorker

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What control-api says; see `callstage_contracts.buckets`."""

    mailboxes: KvMirror[MailboxRecord]
    active: KvMirror[ActiveDeployment]
    tenants: KvMirror[TenantRecord]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A mailbox to be polled, and the deployment that answers it."""

    record: MailboxRecord
    deployment: int


def assignments(mailboxes: dict[str, MailboxRecord], active: dict[str, ActiveDeployment], tenants: dict[str, TenantRecord]) -> dict[str, Assignment]:
    """Mailboxes of deployed agents of tenants that are not suspended, by their key."""
    wanted: dict[str, Assignment] = {}
    for key, record in mailboxes.items():
        deployment = active[key].deployment if key in active else 0
        tenant = tenants.get(record.tenant_id)
        if deployment > 0 and (tenant is None or tenant.is_active):
            wanted[key] = Assignment(record, deployment)
    return wanted


@dataclass(frozen=True, slots=True)
class _Running:
    assignment: Assignment
    worker: MailboxWorker
    task: asyncio.Task[None]


class MailboxFleet:
    """Starts, restarts and stops workers while entered: on every change of the configuration, and every `sweep_interval_s`."""

    def __init__(self, tools: LookTools, configuration: Configuration) -> None:
        self._tools = tools
        self._configuration = configuration
        self._changed = asyncio.Event()
        self._scope = TaskScope("mailbox_fleet")
        self._slots = asyncio.Semaphore(tools.settings.concurrent_mailboxes)
        self._running: dict[str, _Running] = {}
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for mirror in (self._configuration.mailboxes, self._configuration.active, self._configuration.tenants):
            mirror.on_change(lambda _key, _value: self._changed.set())
        self._following = self._scope.start(self._follow(), name="follow")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()

    @property
    def size(self) -> int:
        """How many mailboxes this process works on."""
        return len(self._running)

    async def drain(self) -> None:
        """Begin nothing new; returns when the mails at hand are answered."""
        await cancel(self._following)
        for running in self._running.values():
            running.worker.stop()
        await settle(running.task for running in self._running.values())

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            self._reconcile()
            try:
                async with asyncio.timeout(self._tools.settings.sweep_interval_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _reconcile(self) -> None:
        wanted = assignments(
            dict(self._configuration.mailboxes.items()), dict(self._configuration.active.items()), dict(self._configuration.tenants.items())
        )
        before = list(self._running.values())
        for key, running in list(self._running.items()):
            if running.task.done() or wanted.get(key) != running.assignment:
                # It finishes the mail at hand; the lease keeps its successor waiting until then.
                running.worker.stop()
                del self._running[key]
        for key, assignment in wanted.items():
            if key not in self._running:
                self._running[key] = self._start(key, assignment)
        if list(self._running.values()) != before:
            _log.info("mailboxes_assigned", count=len(self._running))

    def _start(self, key: str, assignment: Assignment) -> _Running:
        settings = self._tools.settings
        owner = f"{settings.instance}/{secrets.token_hex(8)}"
        lease = MailboxLease(self._tools.redis, key, owner, ttl_s=settings.mailbox_lease_s)
        worker = MailboxWorker(self._tools, assignment.record, assignment.deployment, lease, self._slots)
        return _Running(assignment, worker, self._scope.start(worker.run(), name=f"mailbox.{key}"))
