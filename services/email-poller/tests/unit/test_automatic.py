"""Proves M4: automatic mail, bounces and our own mail are never answered."""

import pytest
from email_poller.mime.automatic import automatic_reason
from email_poller.mime.incoming import read_mail
from email_poller.mime.message_ids import own_message_id

OWN = "shop@shop.example"


def reason(head: str) -> str | None:
    return automatic_reason(read_mail(head.encode() + b"\n\nhello"), OWN)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('From: a@b.c\nAuto-Submitted: auto-replied; owner-email="x@y.z"', "auto_submitted"),
        ("From: a@b.c\nAuto-Submitted: auto-generated (rejected)", "auto_submitted"),
        ("From: a@b.c\nPrecedence: Bulk", "bulk"),
        ("From: a@b.c\nList-Id: <news.b.c>", "header_list-id"),
        ("From: a@b.c\nX-Auto-Response-Suppress: DR, OOF, AutoReply", "response_suppressed"),
        ("From: a@b.c\nReturn-Path: <>", "bounce"),
        ("From: a@b.c\nContent-Type: multipart/report; report-type=delivery-status; boundary=x", "bounce"),
        ("From: Mail Delivery <MAILER-DAEMON@mx.b.c>", "bounce"),
        ("From: postmaster@b.c", "bounce"),
        ("From: No-Reply@b.c", "no_reply"),
        ("From: donotreply+12@b.c", "no_reply"),
        ("From: bounces+1-2@b.c", "no_reply"),
        ("From: Shop@Shop.Example", "own"),
        (f"From: alias@b.c\nMessage-ID: {own_message_id('ses_x', '1', 'shop.example')}", "own"),
        ("Subject: nobody", "no_sender"),
        ("From: undisclosed", "no_sender"),
    ],
)
def test_automatic(head: str, expected: str) -> None:
    assert reason(head) == expected


@pytest.mark.parametrize(
    "head",
    [
        "From: anna@b.c",
        "From: anna@b.c\nAuto-Submitted: no",
        "From: noreplyanna@b.c".replace("noreply", "nora"),
        "From: a@b.c\nX-Auto-Response-Suppress: DR, RN",
        "From: a@b.c\nPrecedence: first-class",
        f"From: a@b.c\nMessage-ID: {own_message_id('ses_x', '1', 'other.example')}",
        "From: bouncehouse@b.c",
    ],
)
def test_people(head: str) -> None:
    assert reason(head) is None
