"""Proves M7 M8: replies as mail clients want them. Golden files hold whole mails."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from email_poller.mime.message_ids import references_for_reply
from email_poller.mime.outgoing import ReplyDraft, build_reply, build_transcript, reply_subject
from email_poller.mime.plain_text import strip_markdown
from hypothesis import given, settings
from hypothesis import strategies as st

MAILS = Path(__file__).parent / "mails"
DRAFT = ReplyDraft(
    message_id="<cs.0123456789abcdef0123.1@shop.example>",
    sender="shop@shop.example",
    recipient="anna@customer.example",
    recipient_name="Anna Müller",
    subject="Bestellung über drei Pizzen",
    in_reply_to="<CAF1=order@mail.customer.example>",
    references=("<older@mail.customer.example>", "<CAF1=order@mail.customer.example>"),
    text="Hello **Anna**,\n\nwhich size?\n\n- *small*\n- large & hot\n\nSee [our menu](https://shop.example/menu).",
    signature_html=None,
    sent_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
)
SIGNATURE = '<p style="color:#333;position:fixed"><b>The Shop</b><br><img src="https://shop.example/logo.png" width="900" onerror="x()"></p>'


@pytest.mark.parametrize(
    ("name", "built"),
    [
        ("reply_plain", build_reply(DRAFT)),
        ("reply_signed", build_reply(replace(DRAFT, signature_html=SIGNATURE))),
        (
            "transcript",
            build_transcript(
                "<cs.0123456789abcdef0123.f10@shop.example>", DRAFT.sender, "team@shop.example", DRAFT.recipient, DRAFT.subject, "Hi\n", DRAFT.sent_at
            ),
        ),
    ],
)
def test_golden(name: str, built: bytes) -> None:
    assert built.replace(b"\r\n", b"\n").decode() == (MAILS / f"{name}.golden.eml").read_text()


def test_reply_is_read_back() -> None:
    message = email.message_from_bytes(build_reply(replace(DRAFT, signature_html=SIGNATURE)), policy=email.policy.default)
    assert message["Subject"] == "Re: Bestellung über drei Pizzen"
    assert message["In-Reply-To"] == DRAFT.in_reply_to
    assert str(message["References"]).split() == list(DRAFT.references)
    assert message["Auto-Submitted"] == "auto-replied"
    html = message.get_body(("html",))
    assert html is not None
    content = html.get_content()
    assert 'style="max-height:60px"' in content
    assert "large &amp; hot" in content
    assert "onerror" not in content


def test_long_ids_are_not_encoded() -> None:
    long_id = f"<{'a' * 300}@mail.example>"
    built = build_reply(replace(DRAFT, in_reply_to=long_id, references=(long_id,) * 3))
    assert f"In-Reply-To: {long_id}".encode() in built
    assert b"=?" not in built.partition(b"References:")[2].partition(b"Auto-Submitted")[0]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Order", "Re: Order"),
        ("Re: Order", "Re: Order"),
        ("RE:Order", "RE:Order"),
        ("AW: Order", "AW: Order"),
        ("Re[2]: x", "Re[2]: x"),
        ("", "Re:"),
        ("Red", "Re: Red"),
    ],
)
def test_subject(subject: str, expected: str) -> None:
    assert reply_subject(subject) == expected


def test_references_stay_bounded() -> None:
    chain = tuple(f"<{i}@x>" for i in range(50))
    result = list(references_for_reply(chain, "<new@x>"))
    assert len(result) <= 21
    assert result[:1] + result[-2:] == ["<0@x>", "<49@x>", "<new@x>"]
    assert references_for_reply(("<a@x>", "<b@x>"), "<a@x>") == ("<b@x>", "<a@x>")


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Title\n\nHello **you** and `code`", "Title\n\nHello you and code"),
        ("1. one\n2. two\n   - deep\n\nend", "1. one\n2. two\n  - deep\n\nend"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("[x](https://a.b) <https://c.d> [m@n.o](mailto:m@n.o)", "x (https://a.b) https://c.d m@n.o"),
        ("```\nkeep  this\n```", "keep  this"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("~~old~~ new\\\nline", "old new\nline"),
        ("a <b>tag</b>", "a <b>tag</b>"),
        ("", ""),
    ],
)
def test_strip_markdown(markdown: str, plain: str) -> None:
    assert strip_markdown(markdown) == plain


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_makes_a_mail(text: str) -> None:
    built = build_reply(replace(DRAFT, text=text, subject=text, recipient_name=text, signature_html=f"<p>{text}</p>"))
    head = built.partition(b"\r\n\r\n")[0]
    assert head.count(b"\r\nTo:") == 1
    assert b"\r\nBcc:" not in head
    assert email.message_from_bytes(built)["Message-ID"] == DRAFT.message_id
