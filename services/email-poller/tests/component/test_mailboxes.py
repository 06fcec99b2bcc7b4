"""Proves M2 M3 M4 M5 M7 M8 M9 T7: the poller against real servers, from mailbox record to reply."""

import asyncio
import email
import email.policy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import grpc
import pytest
from callstage_contracts.events import EmailHandedOff, EmailTurn, MailboxFailed
from callstage_testing.fakes.mail import SentMail

SECONDS = 8


async def until(condition: Callable[[], bool]) -> None:
    """Waits for something that no event announces, such as a flag on the fake server."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


def parsed(mail: SentMail) -> EmailMessage:
    message = email.message_from_bytes(mail.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_mail_is_answered_once_and_the_follow_up_goes_on(stand: Any) -> None:
    first = stand.put("I want pizza", "<m1@customer.example>")
    await stand.put_mailbox()
    async with stand.events() as next_of:
        await stand.start()
        [sent] = await stand.mail.wait_for_mail(1, SECONDS)
        reply = parsed(sent)
        assert (reply["From"], reply["To"], reply["Subject"]) == ("agent@example.com", "Anna <anna@customer.example>", "Re: Order")
        assert (reply["In-Reply-To"], reply["References"]) == ("<m1@customer.example>", "<m1@customer.example>")
        assert reply.get_content().strip() == "You said: I want pizza"
        await until(lambda: "\\Seen" in first.flags)
        asked = stand.runtime.requests[0]
        assert (asked.turn_id, asked.context.channel, asked.context.deployment) == ("<m1@customer.example>", "email", 1)
        assert json.loads(asked.variables_json) == {"email": "anna@customer.example", "name": "Anna", "subject": "Order"}
        stand.put(
            "Two\n\nOn Mon, Shop <agent@example.com> wrote:\n> You said", "<m2@customer.example>", reply_to=reply["Message-ID"], subject="Re: Order"
        )
        await stand.mail.wait_for_mail(2, SECONDS)
        assert [request.text for request in stand.runtime.requests] == ["I want pizza", "Two"]
        assert len({request.context.session_id for request in stand.runtime.requests}) == 1
        events = [await next_of("email.turn") for _ in range(4)]
        assert [(event.role, event.turn) for event in events if isinstance(event, EmailTurn)] == [
            ("user", 1),
            ("assistant", 1),
            ("user", 2),
            ("assistant", 2),
        ]
    await until(lambda: len(stand.mail.folders["Sent"].messages) == 2)
    assert len(stand.mail.sent) == 2


async def test_what_is_not_for_us_stays_untouched(stand: Any) -> None:
    untouched = [
        stand.put("auto", "<x1@b.c>", Auto_Submitted="auto-replied"),
        stand.put("own", "<x2@b.c>", sender="agent@example.com"),
        stand.put("filtered", "<x3@b.c>", subject="Out of office"),
        stand.mail.put(b"From: a@b.c\nMessage-ID: <x4@b.c>\nSubject: old\n\nold", received=datetime.now(UTC) - timedelta(hours=5)),
    ]
    answered = stand.put("hello", "<x5@b.c>")
    await stand.put_mailbox(filters={"subject_excludes": ("out of office",)})
    await stand.start()
    await until(lambda: "\\Seen" in answered.flags)
    assert [request.text for request in stand.runtime.requests] == ["hello"]
    assert len(stand.mail.sent) == 1
    assert [message.flags for message in untouched] == [set(), set(), set(), set()]


async def test_somebody_else_in_the_thread_is_ignored(stand: Any) -> None:
    stand.put("hello", "<s1@b.c>")
    await stand.put_mailbox()
    await stand.start()
    [sent] = await stand.mail.wait_for_mail(1, SECONDS)
    stranger = stand.put("cancel everything", "<s2@evil.example>", sender="eve@evil.example", reply_to=parsed(sent)["Message-ID"])
    stand.put("next", "<s3@b.c>", reply_to=parsed(sent)["Message-ID"])
    await stand.mail.wait_for_mail(2, SECONDS)
    assert [request.text for request in stand.runtime.requests] == ["hello", "next"]
    assert stranger.flags == set()


async def test_thread_is_found_by_token_alone(stand: Any) -> None:
    stand.put("hello", "<k1@b.c>")
    await stand.put_mailbox()
    await stand.start()
    [sent] = await stand.mail.wait_for_mail(1, SECONDS)
    rewritten = parsed(sent)["Message-ID"].replace(".1@example.com", ".1@relay.example")
    stand.put("again", "<k2@b.c>", reply_to=rewritten)
    await stand.mail.wait_for_mail(2, SECONDS)
    assert len({request.context.session_id for request in stand.runtime.requests}) == 1


async def test_max_turns_hands_over(stand: Any) -> None:
    stand.put("one", "<h1@b.c>")
    await stand.put_mailbox(max_turns=1, forward_to="team@example.com", signature_html="<b>Shop</b>")
    async with stand.events() as next_of:
        await stand.start()
        [sent] = await stand.mail.wait_for_mail(1, SECONDS)
        stand.put("two", "<h2@b.c>", reply_to=parsed(sent)["Message-ID"])
        mails = await stand.mail.wait_for_mail(3, SECONDS)
        assert [mail.recipients for mail in mails] == [("anna@customer.example",), ("anna@customer.example",), ("team@example.com",)]
        told = parsed(mails[1]).get_body(("plain",))
        assert told is not None
        assert "passed our conversation on to the team" in told.get_content()
        transcript = parsed(mails[2])
        assert transcript["Reply-To"] == "anna@customer.example"
        assert [word in transcript.get_content() for word in ("one", "You said: **one**", "two")] == [True] * 3
        event = await next_of("email.handoff")
        assert isinstance(event, EmailHandedOff)
        assert (event.reason, event.forwarded_to) == ("max_turns", "team@example.com")
    closed = stand.put("three", "<h3@b.c>", reply_to=parsed(mails[1])["Message-ID"])
    answered = stand.put("fresh", "<h4@b.c>")
    await until(lambda: "\\Seen" in answered.flags)
    assert closed.flags == set()
    assert [request.text for request in stand.runtime.requests] == ["one", "fresh"]


async def test_agent_hands_over_to_a_human(stand: Any) -> None:
    stand.put("a human please", "<g1@b.c>")
    await stand.put_mailbox(forward_to="team@example.com")
    async with stand.events() as next_of:
        await stand.start()
        mails = await stand.mail.wait_for_mail(2, SECONDS)
        event = await next_of("email.handoff")
        assert isinstance(event, EmailHandedOff)
        assert event.reason == "agent"
    assert mails[1].recipients == ("team@example.com",)


async def test_wrong_password_shows_and_others_go_on(stand: Any) -> None:
    await stand.put_mailbox("a2", password="wrong")
    answered = stand.put("hello", "<p1@b.c>")
    async with stand.events() as next_of:
        await stand.start()
        event = await next_of("email.mailbox_failed")
        assert isinstance(event, MailboxFailed)
        assert (event.agent_id, event.integration_id) == ("a2", "i1")
        assert "AUTHENTICATIONFAILED" in event.message
        assert "wrong" not in event.message
        await stand.put_mailbox("a1")
        await until(lambda: "\\Seen" in answered.flags)
    await stand.put_mailbox("a1", deployment=0)
    await stand.put_mailbox("a2", password="secret")
    later = stand.put("corrected", "<p2@b.c>")
    await until(lambda: "\\Seen" in later.flags)
    assert [request.context.agent_id for request in stand.runtime.requests] == ["a1", "a2"]


async def test_undeployed_agent_is_left_alone_until_deployed(stand: Any) -> None:
    await stand.put_mailbox("a2", deployment=0)
    await stand.put_mailbox("a1", filters={"subject_contains": ("one",)})
    waiting = stand.put("hello", "<d1@b.c>", subject="two")
    first = stand.put("hello", "<d2@b.c>", subject="one")
    await stand.start()
    await until(lambda: "\\Seen" in first.flags)
    assert waiting.flags == set()
    await stand.put_mailbox("a2", deployment=3, filters={"subject_contains": ("two",)})
    await until(lambda: "\\Seen" in waiting.flags)
    assert [(request.context.agent_id, request.context.deployment) for request in stand.runtime.requests] == [("a1", 1), ("a2", 3)]


async def test_replicas_share_and_answer_once(stand: Any) -> None:
    for _ in range(3):
        await stand.start()
    mails = [stand.put(f"mail {i}", f"<r{i}@b.c>") for i in range(6)]
    await stand.put_mailbox()
    await until(lambda: all("\\Seen" in mail.flags for mail in mails))
    assert sorted(request.text for request in stand.runtime.requests) == [f"mail {i}" for i in range(6)]
    assert len(stand.mail.sent) == 6


async def test_another_replica_goes_on_after_one_stops(stand: Any) -> None:
    stop = await stand.start()
    await stand.put_mailbox()
    first = stand.put("one", "<o1@b.c>")
    await until(lambda: "\\Seen" in first.flags)
    await stand.start()
    await stop()
    second = stand.put("two", "<o2@b.c>")
    await until(lambda: "\\Seen" in second.flags)
    assert len(stand.mail.sent) == 2


async def test_failing_agent_is_asked_again_then_left_to_people(stand: Any) -> None:
    stand.runtime.fail_with = grpc.StatusCode.INTERNAL
    waiting = stand.put("hello", "<f1@b.c>")
    await stand.put_mailbox()
    async with stand.events() as next_of:
        await stand.start()
        event = await next_of("email.handoff")
        assert isinstance(event, EmailHandedOff)
        assert event.reason == "agent_failed"
    assert len(stand.runtime.requests) == 3
    assert len({(request.turn_id, request.context.session_id) for request in stand.runtime.requests}) == 1
    stand.runtime.fail_with = None
    answered = stand.put("hello again", "<f2@b.c>")
    await until(lambda: "\\Seen" in answered.flags)
    assert waiting.flags == set()
    assert len(stand.mail.sent) == 1


async def test_an_outage_of_the_agent_is_waited_out(stand: Any) -> None:
    stand.runtime.fail_with = grpc.StatusCode.RESOURCE_EXHAUSTED
    waiting = stand.put("hello", "<w1@b.c>")
    await stand.put_mailbox()
    await stand.start()
    await until(lambda: len(stand.runtime.requests) > stand.settings.max_attempts + 1)
    stand.runtime.fail_with = None
    await until(lambda: "\\Seen" in waiting.flags)
    assert len(stand.mail.sent) == 1


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "0x7f.2"])
async def test_internal_mail_servers_are_not_reached(stand: Any, host: str) -> None:
    await stand.put_mailbox(imap_host=host)
    async with stand.events() as next_of:
        await stand.start()
        event = await next_of("email.mailbox_failed")
        assert isinstance(event, MailboxFailed)
        assert "may not reach" in event.message


async def test_refused_recipient_does_not_hold_up_others(stand: Any) -> None:
    stand.mail.reject["later@customer.example"] = "451 4.7.1 try again later"
    stand.mail.reject["gone@customer.example"] = "550 5.1.1 no such user"
    stand.put("greylisted", "<q1@b.c>", sender="later@customer.example")
    gone = stand.put("gone", "<q2@b.c>", sender="gone@customer.example")
    answered = stand.put("hello", "<q3@b.c>")
    await stand.put_mailbox()
    await stand.start()
    await until(lambda: "\\Seen" in answered.flags)
    del stand.mail.reject["later@customer.example"]
    mails = await stand.mail.wait_for_mail(2, SECONDS)
    assert [mail.recipients for mail in mails] == [("anna@customer.example",), ("later@customer.example",)]
    assert len(stand.runtime.requests) == 3
    assert gone.flags == set()
