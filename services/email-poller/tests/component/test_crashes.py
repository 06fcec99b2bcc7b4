"""Proves M9: exactly one reply, wherever the process dies. Every exchange with Redis, IMAP and SMTP is a place to die, before and after it."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from callstage_kit.grpc.channel import open_channel
from callstage_kit.redis.connection import connect_redis
from callstage_testing.fakes.mail import FakeMail
from email_poller.conversation.answering import Origin
from email_poller.conversation.delivery import Delivery
from email_poller.conversation.handler import MailHandler
from email_poller.conversation.progress import MailStatus
from email_poller.conversation.runtime_agent import RuntimeAgent
from email_poller.conversation.store import MailStore
from email_poller.imap.folders import open_folders
from email_poller.mime.incoming import read_mail
from email_poller.smtp.outbox import SmtpOutbox


class Died(BaseException):
    """The process is gone: nothing may catch it."""


class Mortal:
    """Counts the calls through the proxies made by `of`; dies at the chosen one."""

    def __init__(self, dies_at: int, *, after: bool) -> None:
        self.calls: list[str] = []
        self._dies_at = dies_at
        self._after = after

    def of(self, target: Any) -> Any:
        mortal = self

        class Proxy:
            def __getattr__(self, name: str) -> Any:
                value: Any = getattr(target, name)
                return mortal.around(name, value) if callable(value) else value

        return Proxy()

    def around(self, name: str, function: Any) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **options: Any) -> Any:
            self.calls.append(name)
            is_last = len(self.calls) == self._dies_at
            if is_last and not self._after:
                raise Died
            result = await function(*arguments, **options)
            if is_last:
                raise Died
            return result

        return call


async def run(stand: Any, record: Any, mail: FakeMail, mortal: Mortal, events: list[Any]) -> None:
    """One look, as `mailboxes.look` does it, over mortal adapters."""
    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="asyncio_test"))
        redis = await stack.enter_async_context(connect_redis(stand.settings.redis_url))
        channel = await stack.enter_async_context(open_channel(stand.settings.runtime_target))
        folders = await stack.enter_async_context(open_folders(record, "secret", executor, 3))
        store = mortal.of(MailStore(redis, record.tenant_id, record.agent_id))
        outbox = mortal.of(SmtpOutbox(record, "secret", timeout_s=3))

        def now() -> datetime:
            return datetime.now(UTC)

        delivery = Delivery(record, store, mortal.of(folders), outbox, events.append, now=now)
        agent = mortal.of(RuntimeAgent(channel, timeout_s=3))
        handler = MailHandler(record, 1, store, agent, delivery, events.append, max_attempts=5, now=now)
        await delivery.recover()
        for candidate in await folders.unread_since(datetime(2020, 1, 1, tzinfo=UTC)):
            head = read_mail(candidate.head)
            if await handler.is_new(head.message_id):
                source = await folders.source(candidate.uid, 1 << 20)
                assert source is not None
                await handler.handle(read_mail(source), Origin(folders.folder, candidate.uid, folders.uid_validity))


async def count_steps(stand: Any, tag: str) -> int:
    mortal = Mortal(0, after=False)
    stand.put("count", f"<count-{tag}@b.c>", sender="count@b.c")
    await run(stand, stand.record("count"), stand.mail, mortal, [])
    return len(mortal.calls)


# gRPC's own wake-up socket lives as long as the tracebacks of the deaths.
@pytest.mark.leaks_allowed("sockets")
@pytest.mark.parametrize("after", [False, True])
async def test_exactly_one_reply_wherever_it_dies(stand: Any, after: bool) -> None:
    steps = await count_steps(stand, str(after))
    assert steps > 10
    unclear: list[int] = []
    for step in range(1, steps + 1):
        stand.mail.sent.clear()
        stand.mail.inbox.messages.clear()
        message = stand.put("hello", f"<crash-{step}@b.c>")
        record, mortal, events = stand.record(f"agent{step}"), Mortal(step, after=after), []
        with pytest.raises(Died):
            await run(stand, record, stand.mail, mortal, events)
        died_in = mortal.calls[-1]
        await run(stand, record, stand.mail, Mortal(0, after=False), events)
        await run(stand, record, stand.mail, Mortal(0, after=False), events)
        # The body may have been handed over: never twice, and people see the mail because it stays unread.
        if "\\Seen" not in message.flags:
            unclear.append(step)
            assert len(stand.mail.sent) <= 1, died_in
        else:
            assert len(stand.mail.sent) == 1, died_in
            assert len(stand.mail.folders["Sent"].messages) >= 1, died_in
        assert len({event.id for event in events if event.type == "email.turn"}) == 2, died_in
        assert len(stand.runtime.replies) == step + 1, died_in
    # Only between handing over the body and hearing the server's answer, seen from either side of the calls there.
    assert len(unclear) <= 2


@pytest.mark.leaks_allowed("sockets")
async def test_copy_in_sent_proves_the_reply(stand: Any) -> None:
    """Servers such as Gmail file what passes their SMTP themselves: then even the unclear moment is settled."""
    message = stand.put("hello", "<proved@b.c>")
    record, events = stand.record("proved"), []
    mortal = Mortal(0, after=False)
    original = mortal.around

    def around(name: str, function: Any) -> Any:
        async def send_and_die(*arguments: Any, **options: Any) -> Any:
            await function(*arguments, **options)
            stand.mail.put(stand.mail.sent[-1].raw, folder="Sent")
            raise Died

        return send_and_die if name == "send" else original(name, function)

    mortal.around = around  # type: ignore[method-assign]
    with pytest.raises(Died):
        await run(stand, record, stand.mail, mortal, events)
    await run(stand, record, stand.mail, Mortal(0, after=False), events)
    assert len(stand.mail.sent) == 1
    assert "\\Seen" in message.flags
    assert len(stand.mail.folders["Sent"].messages) == 1


async def test_two_pollers_with_one_lease_lost(stand: Any) -> None:
    """The compare-and-set is the last guard when a lease was lost unnoticed."""
    async with connect_redis(stand.settings.redis_url) as redis:
        first, second = MailStore(redis, stand.tenant_id, "a1"), MailStore(redis, stand.tenant_id, "a1")
        await first.begin("<cas@b.c>", "ses_1")
        assert await second.begin("<cas@b.c>", "ses_2") == "ses_1"
        assert await first.advance("<cas@b.c>", MailStatus.SEEN, MailStatus.REPLIED)
        assert not await second.advance("<cas@b.c>", MailStatus.SEEN, MailStatus.REPLIED)
        assert await second.advance("<cas@b.c>", MailStatus.REPLIED, MailStatus.SENDING)
        assert not await first.advance("<cas@b.c>", MailStatus.REPLIED, MailStatus.SENDING)
