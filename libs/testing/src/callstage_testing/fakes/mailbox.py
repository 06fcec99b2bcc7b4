"""Folders and messages of the fake mail server, and IMAP's SEARCH over them. No sockets here."""

from __future__ import annotations

import email
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cached_property


@dataclass
class StoredMessage:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set[str])
    received: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def parsed(self) -> Message:
        return email.message_from_bytes(self.raw)

    def header(self, name: str) -> str:
        return str(self.parsed.get(name, ""))


class Folder:
    """Messages in order of arrival; UIDs only grow. `on_change` is called after an arrival, for IDLE."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.uid_validity = 1
        self.messages: list[StoredMessage] = []
        self.on_change: list[Callable[[], None]] = []
        self._uids = itertools.count(1)
        self.next_uid = 1

    def add(self, raw: bytes, flags: set[str] | None = None, received: datetime | None = None) -> StoredMessage:
        message = StoredMessage(next(self._uids), _crlf(raw), set(flags or ()), received or datetime.now(UTC))
        self.next_uid = message.uid + 1
        self.messages.append(message)
        for notify in list(self.on_change):
            notify()
        return message

    def expunge(self) -> list[int]:
        """Remove what is flagged `\\Deleted`; returns the sequence numbers as IMAP announces them, one removal after the other."""
        gone: list[int] = []
        index = 0
        while index < len(self.messages):
            if "\\Deleted" in self.messages[index].flags:
                del self.messages[index]
                gone.append(index + 1)
            else:
                index += 1
        return gone


class SearchProblem(Exception):
    """A SEARCH key that is not understood."""


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def in_set(number: int, text: str, top: int) -> bool:
    """Whether a sequence set such as `1:3,7,9:*` contains `number`; `*` stands for `top`."""
    for part in text.split(","):
        first, _, last = part.partition(":")
        low = top if first == "*" else int(first)
        high = low if not last else (top if last == "*" else int(last))
        if min(low, high) <= number <= max(low, high):
            return True
    return False


_FLAG_KEYS = {"SEEN": "\\Seen", "ANSWERED": "\\Answered", "DELETED": "\\Deleted", "FLAGGED": "\\Flagged", "DRAFT": "\\Draft"}
_HEADER_KEYS = ("FROM", "TO", "CC", "BCC", "SUBJECT")
_DATE_KEYS = ("SINCE", "BEFORE", "ON", "SENTSINCE", "SENTBEFORE", "SENTON")

Term = str | list["Term"]


def search(folder: Folder, terms: list[Term]) -> list[tuple[int, StoredMessage]]:
    """(sequence number, message) of those that satisfy all `terms` (RFC 3501 §6.4.4). Raises `SearchProblem`."""
    return [(number, message) for number, message in enumerate(folder.messages, 1) if _all(folder, number, message, list(terms))]


def _all(folder: Folder, number: int, message: StoredMessage, terms: list[Term]) -> bool:
    result = True
    while terms:
        # Every key is evaluated, so that a bad one is found whatever the message.
        result = _key(folder, number, message, terms) and result
    return result


def _word(terms: list[Term]) -> str:
    if not terms or isinstance(terms[0], list):
        raise SearchProblem("missing argument")
    return str(terms.pop(0))


def _key(folder: Folder, number: int, message: StoredMessage, terms: list[Term]) -> bool:
    term = terms.pop(0)
    if isinstance(term, list):
        return _all(folder, number, message, list(term))
    key = term.upper()
    if key in ("ALL", "OLD"):
        return True
    if key == "NOT":
        return not _key(folder, number, message, terms)
    if key == "OR":
        first, second = _key(folder, number, message, terms), _key(folder, number, message, terms)
        return first or second
    if key in ("NEW", "RECENT"):
        return "\\Seen" not in message.flags
    if key in _FLAG_KEYS:
        return _FLAG_KEYS[key] in message.flags
    if key.startswith("UN") and key[2:] in _FLAG_KEYS:
        return _FLAG_KEYS[key[2:]] not in message.flags
    if key in ("KEYWORD", "UNKEYWORD"):
        return (_word(terms) in message.flags) == (key == "KEYWORD")
    if key == "UID":
        return in_set(message.uid, _word(terms), folder.next_uid - 1)
    if key in _DATE_KEYS:
        return _date_matches(key, message, datetime.strptime(_word(terms), "%d-%b-%Y").date())
    if key in ("LARGER", "SMALLER"):
        size = int(_word(terms))
        return len(message.raw) > size if key == "LARGER" else len(message.raw) < size
    return _text_matches(folder, number, message, key, terms)


def _text_matches(folder: Folder, number: int, message: StoredMessage, key: str, terms: list[Term]) -> bool:
    if key in _HEADER_KEYS:
        return _word(terms).lower() in message.header(key).lower()
    if key == "HEADER":
        name, wanted = _word(terms), _word(terms)
        return name in message.parsed and wanted.lower() in message.header(name).lower()
    if key in ("BODY", "TEXT"):
        text = message.raw if key == "TEXT" else message.raw.partition(b"\r\n\r\n")[2]
        return _word(terms).lower().encode() in text.lower()
    if key[0].isdigit() or key[0] == "*":
        return in_set(number, key, len(folder.messages))
    raise SearchProblem(f"unknown search key {key}")


def _date_matches(key: str, message: StoredMessage, wanted: date) -> bool:
    moment = message.received
    if key.startswith("SENT"):
        key = key.removeprefix("SENT")
        try:
            moment = parsedate_to_datetime(message.header("Date"))
        except ValueError:
            return False
    day = moment.date()
    return {"SINCE": day >= wanted, "BEFORE": day < wanted, "ON": day == wanted}[key]
