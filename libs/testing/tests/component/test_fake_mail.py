"""Proves that the fake mail server works with imap_tools, imaplib's IDLE and aiosmtplib."""

import asyncio
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest
from callstage_testing.fakes import FakeMail
from imap_tools import AND, H, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import MailboxLoginError


def letter(subject: str, sender: str = "ann@customer.example", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "agent@example.com", subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(f"About {subject}\nwith an umlaut: ü\n")
    return message


def read_all(mail_port: int) -> list[str]:
    with MailBoxUnencrypted("127.0.0.1", mail_port).login("agent@example.com", "secret") as box:
        found = [f"{m.uid}:{m.subject}" for m in box.fetch(AND(seen=False), mark_seen=False)]
        assert [m.subject for m in box.fetch(AND(from_="bob@"), mark_seen=False, bulk=True)] == ["two"]
        assert [m.subject for m in box.fetch(AND(header=H("Message-ID", "<m3@x>")), mark_seen=False)] == ["three"]
        assert [m.subject for m in box.fetch(AND(date_gte=date(2026, 11, 5)), mark_seen=False)] == ["two", "three"]
        [first] = box.fetch(AND(uid="1"), mark_seen=False)
        assert "umlaut: ü" in first.text
        assert MailMessageFlags.SEEN not in first.flags
        assert first.date_str == ""
        box.flag(["1"], [MailMessageFlags.SEEN], True)
        assert [m.uid for m in box.fetch(AND(seen=False), mark_seen=False)] == ["2", "3"]
        box.append(letter("draft").as_bytes(), "Sent", dt=datetime(2026, 11, 2, tzinfo=UTC), flag_set=[MailMessageFlags.SEEN])
        assert {folder.name for folder in box.folder.list()} == {"INBOX", "Sent", "Trash"}
        assert box.folder.status("Sent")["MESSAGES"] == 1
        box.move(["2"], "Trash")
        assert box.uids() == ["1", "3"]
    return found


async def test_imap_tools_reads_searches_flags_and_moves() -> None:
    async with FakeMail() as mail:
        mail.put(letter("one"), received=datetime(2026, 11, 1, 12, tzinfo=UTC))
        mail.put(letter("two", "bob@other.example"), received=datetime(2026, 11, 5, 12, tzinfo=UTC))
        mail.put(letter("three", Message_ID="<m3@x>"), received=datetime(2026, 11, 9, 12, tzinfo=UTC))
        assert await asyncio.to_thread(read_all, mail.imap_port) == ["1:one", "2:two", "3:three"]
        assert mail.inbox.messages[0].flags == {"\\Seen"}
        [copy] = mail.folders["Sent"].messages
        assert copy.received == datetime(2026, 11, 2, tzinfo=UTC)
        assert b"About draft" in copy.raw


async def test_idle_announces_new_mail() -> None:
    async with FakeMail() as mail:
        idling = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait_for_mail() -> list[bytes]:
            with MailBoxUnencrypted("127.0.0.1", mail.imap_port).login("agent@example.com", "secret") as box, box.idle as idle:
                loop.call_soon_threadsafe(idling.set)
                return idle.poll(timeout=5)

        waiting = asyncio.ensure_future(asyncio.to_thread(wait_for_mail))
        await idling.wait()
        mail.put(letter("fresh"))
        assert b"* 1 EXISTS" in await waiting


async def test_wrong_password_is_refused() -> None:
    async with FakeMail() as mail:

        def log_in() -> None:
            box = MailBoxUnencrypted("127.0.0.1", mail.imap_port)
            try:
                box.login("agent@example.com", "wrong")
            finally:
                box.client.shutdown()

        with pytest.raises(MailboxLoginError):
            await asyncio.to_thread(log_in)


async def test_smtp_takes_mail_after_authentication_and_refuses_listed_recipients() -> None:
    async with FakeMail(deliver=True) as mail:
        mail.reject["gone@x.example"] = "550 5.1.1 no such user"
        where: dict[str, Any] = {"hostname": "127.0.0.1", "port": mail.smtp_port, "start_tls": False, "username": "agent@example.com"}
        await aiosmtplib.send(letter("sent"), password="secret", **where)
        [sent] = await mail.wait_for_mail()
        assert sent.user == "agent@example.com"
        assert sent.recipients == ("agent@example.com",)
        assert len(mail.inbox.messages) == 1
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await aiosmtplib.send(letter("lost"), recipients=["gone@x.example"], password="secret", **where)
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await aiosmtplib.send(letter("no"), password="wrong", **where)
