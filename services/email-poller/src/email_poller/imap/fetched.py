"""What a FETCH answer says, as imaplib hands it over. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_RECEIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Candidate:
    """An unread mail of which only the header block is known. `received_at` is the server's time of arrival."""

    uid: str
    size_bytes: int
    received_at: datetime
    head: bytes


def read_candidates(data: Iterable[object]) -> list[Candidate]:
    """From `(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER])`. Answers that lack a part (a mail expunged meanwhile) are left out.

    imaplib gives a tuple (text before the literal, literal) per message, then a bytes item with the text behind it; servers
    put the attributes on either side.
    """
    items = list(data)
    found = (_candidate(item, items[i + 1] if i + 1 < len(items) else b"") for i, item in enumerate(items) if isinstance(item, tuple))
    return [candidate for candidate in found if candidate is not None]


def _candidate(item: Sequence[object], following: object) -> Candidate | None:
    before, head = item[0], item[1]
    if not isinstance(before, bytes) or not isinstance(head, bytes):
        return None
    text = before + b" " + following if isinstance(following, bytes) else before
    uid, size, received = _UID.search(text), _SIZE.search(text), _RECEIVED.search(text)
    if uid is None or received is None:
        return None
    try:
        received_at = datetime.strptime(received[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
    return Candidate(uid[1].decode(), int(size[1]) if size else 0, received_at, head)


def read_literal(data: Iterable[object]) -> bytes | None:
    """The one literal of a FETCH answer, None when the mail is gone."""
    return next((item[1] for item in data if isinstance(item, tuple) and isinstance(item[1], bytes)), None)
