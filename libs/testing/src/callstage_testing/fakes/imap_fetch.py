"""The FETCH response line of one message."""

from __future__ import annotations

import re

from callstage_testing.fakes.mailbox import StoredMessage

_SECTION = re.compile(r"^BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)\.(?P<length>\d+)>)?$", re.IGNORECASE)


def fetch_line(number: int, message: StoredMessage, items: list[str], *, with_uid: bool) -> bytes:
    """`* n FETCH (…)` without its line end. Reading a body other than by PEEK sets `\\Seen`. Raises `ValueError` for an unknown item."""
    parts: list[bytes] = []
    names = [item.upper() for item in items]
    if "ALL" in names or "FAST" in names:
        items = ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]
    if with_uid and "UID" not in names:
        parts.append(b"UID %d" % message.uid)
    parts += [_item(message, item) for item in items]
    return b"* %d FETCH (" % number + b" ".join(parts) + b")"


def _item(message: StoredMessage, item: str) -> bytes:
    name = item.upper()
    if name == "UID":
        return b"UID %d" % message.uid
    if name == "FLAGS":
        return f"FLAGS ({' '.join(sorted(message.flags))})".encode()
    if name == "INTERNALDATE":
        return message.received.strftime('INTERNALDATE "%d-%b-%Y %H:%M:%S %z"').encode()
    if name == "RFC822.SIZE":
        return b"RFC822.SIZE %d" % len(message.raw)
    if name == "RFC822":
        message.flags.add("\\Seen")
        return _literal("RFC822", message.raw)
    if name == "RFC822.HEADER":
        return _literal("RFC822.HEADER", _head(message))
    match = _SECTION.match(item)
    if match is None:
        raise ValueError(f"unknown fetch item {item}")
    if not match["peek"]:
        message.flags.add("\\Seen")
    data = _section(message, match["section"])
    label = f"BODY[{match['section']}]"
    if match["start"] is not None:
        start = int(match["start"])
        data, label = data[start : start + int(match["length"])], f"{label}<{start}>"
    return _literal(label, data)


def _section(message: StoredMessage, section: str) -> bytes:
    name = section.upper()
    if name == "":
        return message.raw
    if name == "HEADER":
        return _head(message)
    if name == "TEXT":
        return message.raw.partition(b"\r\n\r\n")[2]
    if name.startswith("HEADER.FIELDS"):
        wanted = {word.strip('()"').lower() for word in section.split()[1:]}
        lines = [f"{key}: {value}\r\n" for key, value in message.parsed.items() if key.lower() in wanted]
        return "".join(lines).encode() + b"\r\n"
    raise ValueError(f"unknown section {section}")


def _head(message: StoredMessage) -> bytes:
    return message.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _literal(label: str, data: bytes) -> bytes:
    return f"{label} {{{len(data)}}}\r\n".encode() + data
