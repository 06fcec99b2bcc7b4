"""Proves M5: a mail finds its conversation by headers, then by our token; only the same customer goes on with it."""

import pytest
from email_poller.conversation.records import MailSession
from email_poller.conversation.threading import place, thread_keys
from email_poller.mime.incoming import read_mail
from email_poller.mime.message_ids import find_message_ids, is_own_message_id, own_message_id, token_in
from hypothesis import given, settings
from hypothesis import strategies as st

OURS = own_message_id("ses_1", "2", "shop.example")
MAIL = read_mail(f"From: Anna@b.c\nMessage-ID: <m3@b.c>\nIn-Reply-To: {OURS}\nReferences: <m1@b.c> <m2@b.c>\n {OURS}\n\nx".encode())


def test_keys_best_first() -> None:
    assert thread_keys(MAIL) == ("<m3@b.c>", OURS, "<m2@b.c>", "<m1@b.c>", f"token/{token_in(OURS)}")


def test_token_hides_the_session() -> None:
    assert "ses_1" not in OURS
    assert token_in(OURS) == token_in(own_message_id("ses_1", "f9", "elsewhere.example"))
    assert token_in(OURS) != token_in(own_message_id("ses_2", "2", "shop.example"))
    assert is_own_message_id(OURS, "SHOP.example")
    assert not is_own_message_id(OURS, "b.c")


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        (None, "new"),
        (MailSession(session_id="s", address="anna@b.c"), "next"),
        (MailSession(session_id="s", address="eve@b.c"), "stranger"),
        (MailSession(session_id="s", address="eve@b.c", state="ended"), "stranger"),
        (MailSession(session_id="s", address="anna@b.c", state="handed_off"), "people"),
        (MailSession(session_id="s", address="anna@b.c", state="ended"), "new"),
    ],
)
def test_place(session: MailSession | None, kind: str) -> None:
    assert place(MAIL, session).kind == kind


@settings(deadline=None)
@given(st.text(max_size=2000))
def test_message_ids_of_any_header(header: str) -> None:
    for message_id in find_message_ids(header):
        assert message_id.startswith("<")
        assert message_id.endswith(">")
        assert message_id.isascii()
        assert not set(message_id) & set(" \r\n\t")


def test_long_threads_stay_bounded() -> None:
    references = " ".join(f"<{i}@b.c>" for i in range(500))
    keys = thread_keys(read_mail(f"From: a@b.c\nMessage-ID: <m@b.c>\nReferences: {references}\n\nx".encode()))
    assert len(keys) <= 40
    assert keys[:2] == ("<m@b.c>", "<499@b.c>")
