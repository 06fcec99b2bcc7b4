"""Proves M2: FETCH answers of different servers are read; broken ones are left out."""

from datetime import UTC, datetime

from email_poller.imap.fetched import read_candidates, read_literal
from hypothesis import given, settings
from hypothesis import strategies as st

DOVECOT = [
    (b'1 (UID 7 RFC822.SIZE 120 INTERNALDATE "02-Mar-2026 10:00:00 +0100" BODY[HEADER] {14}', b"From: a@b.c\r\n\r\n"),
    b")",
    (b"2 (BODY[HEADER] {4}", b"\r\n\r\n"),
    b' UID 8 RFC822.SIZE 5 INTERNALDATE " 2-Mar-2026 10:00:01 +0000")',
]


def test_attributes_on_either_side() -> None:
    first, second = read_candidates(DOVECOT)
    assert (first.uid, first.size_bytes, first.head) == ("7", 120, b"From: a@b.c\r\n\r\n")
    assert first.received_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert second.uid == "8"


def test_expunged_and_broken_answers() -> None:
    assert read_candidates([None, b"3 (UID 9)", (b"4 (UID 10 BODY[HEADER] {0}", b"")]) == []
    assert read_candidates([(b'4 (UID 10 INTERNALDATE "99-Foo-2026 1:1:1 +0000" BODY[HEADER] {0}', b"")]) == []
    assert read_literal([None]) is None
    assert read_literal([(b"1 (BODY[]<0> {2}", b"hi"), b")"]) == b"hi"


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.binary(max_size=60), st.tuples(st.binary(max_size=120), st.binary(max_size=20)))))
def test_never_raises(data: list[object]) -> None:
    assert all(candidate.uid.isdigit() for candidate in read_candidates(data))
