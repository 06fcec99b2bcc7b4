"""Proves M3: which mails the agent may touch."""

import pytest
from callstage_contracts.buckets import MailFilters
from email_poller.mime.filters import passes
from email_poller.mime.incoming import read_mail

MAIL = read_mail(b"From: Anna <Anna@Acme.com>\nTo: orders@shop.example\nCc: b@c.d\nSubject: =?utf-8?q?Gro=C3=9Fe_Order_4?=\n\nx")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (MailFilters(), True),
        (MailFilters(from_domains=("acme.com",)), True),
        (MailFilters(from_domains=("@ACME.com ",)), True),
        (MailFilters(from_domains=("evilacme.com", "mail.acme.com")), False),
        (MailFilters(from_addresses=("anna@acme.com",)), True),
        (MailFilters(from_addresses=("bob@acme.com",)), False),
        (MailFilters(from_domains=("acme.com",), from_addresses=("bob@acme.com",)), False),
        (MailFilters(to_addresses=("orders@shop.example", "x@y.z")), True),
        (MailFilters(to_addresses=("B@c.d",)), True),
        (MailFilters(to_addresses=("support@shop.example",)), False),
        (MailFilters(subject_contains=("quote", "order")), True),
        (MailFilters(subject_contains=("grosse",)), True),
        (MailFilters(subject_contains=("invoice",)), False),
        (MailFilters(subject_excludes=("ORDER",)), False),
        (MailFilters(subject_contains=("order",), subject_excludes=("große",)), False),
        (MailFilters(subject_excludes=("", " ")), True),
    ],
)
def test_passes(filters: MailFilters, expected: bool) -> None:
    assert passes(MAIL, filters) is expected
