"""Proves M6 M9: mails are read whatever they look like; the turn is what the customer said in this mail."""

import time
from pathlib import Path

import pytest
from email_poller.mime.incoming import IncomingMail, UnreadableMail, read_mail
from email_poller.mime.turn_text import latest_reply, turn_text
from hypothesis import given, settings
from hypothesis import strategies as st

MAILS = Path(__file__).parent / "mails"


def test_html_mail_with_attachment() -> None:
    mail = read_mail((MAILS / "html_order.eml").read_bytes())
    assert mail.address == "anna@customer.example"
    assert mail.name == "Anna Müller"
    assert mail.subject == "Bestellung über drei Pizzen"
    assert mail.message_id == "<CAF1=order@mail.customer.example>"
    assert mail.recipients == ("shop@shop.example", "sales@shop.example", "boss@customer.example")
    assert turn_text(mail) == "Hallo,\n\ndrei Pizzen bitte.\nDanke!\n\n[Attachments: adresse.pdf (52 bytes)]"


def test_follow_up_is_cut_to_the_answer() -> None:
    mail = read_mail((MAILS / "gmail_follow_up.eml").read_bytes())
    assert mail.in_reply_to == ("<cs.0123456789abcdef0123.1@shop.example>",)
    assert mail.references == ("<first@mail.customer.example>", "<cs.0123456789abcdef0123.1@shop.example>")
    assert turn_text(mail) == "Two large ones, please."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ja, bitte.\n\nAm 3. Mai 2026 um 10:00 schrieb Shop <a@b.de>:\n> Hallo\n> Noch was?\n", "Ja, bitte."),
        ("Sí, dos.\n\nEl lun, 5 ene 2026 a las 9:00, Shop (<a@b.com>) escribió:\n\n> ¿Cuántas?\n", "Sí, dos."),
        ("Oui.\n\nLe lun. 5 janv. 2026 à 09:00, Shop <a@b.fr> a écrit :\n\n> Combien ?\n", "Oui."),
        ("Yes.\n\nFrom: Shop <a@b.com>\nSent: Monday, 5 January 2026 09:00\nTo: Anna\nSubject: Order\n\nHow many?\n", "Yes."),
        ("Yes.\n\n________________________________\nFrom: Shop\nHow many?", "Yes."),
        ("> How many?\nTwo.\n> Which size?\nLarge.\n", "Two.\nLarge."),
        ("On Monday Shop <a@b.com> wrote:\n> How many?\n\nTwo, below your question.\n", "Two, below your question."),
        ("Line one\n\n\n\n\nLine two", "Line one\n\nLine two"),
        ("Two.\n--\nAnna", "Two."),
        ("-- \nAnna", "--\nAnna"),
        ("", ""),
    ],
)
def test_latest_reply(text: str, said: str) -> None:
    assert latest_reply(text) == said


def test_mail_without_words_gives_its_subject() -> None:
    assert turn_text(read_mail(b"From: a@b.c\nSubject: Call me back\n\n")) == "Call me back"


def test_missing_message_id_is_stable() -> None:
    raw = b"From: a@b.c\nSubject: x\n\nhello"
    assert read_mail(raw).message_id == read_mail(raw).message_id
    assert read_mail(raw).message_id.endswith("@missing.invalid>")


def test_header_injection_is_flattened() -> None:
    mail = read_mail(b"From: =?utf-8?q?Evil=0ABcc=3A_x=40y?= <a@b.c>\nSubject: =?utf-8?q?Hi=0D=0ABcc=3A_x=40y?=\n\nx")
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert "\n" not in mail.name


@pytest.mark.parametrize(
    "hostile", ["\n" * 20_000, ">" * 20_000, "On " * 7_000, "> \n" * 7_000, "From: a\n" * 2_500, "On x wrote: " * 1_500, ":\n" * 10_000, "a:" * 9_000]
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    started = time.thread_time()
    latest_reply(hostile)
    assert time.thread_time() - started < 2


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_mail_or_refused(raw: bytes) -> None:
    for source in (raw, b"From: " + raw, b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + raw, b"Subject: =?" + raw):
        try:
            mail = read_mail(source)
        except UnreadableMail:
            continue
        assert isinstance(mail, IncomingMail)
        assert mail.message_id.startswith("<")
        assert isinstance(turn_text(mail), str)
