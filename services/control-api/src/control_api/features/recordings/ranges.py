"""`Range: bytes=…` of one range (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """`end` is the first byte that does not belong to it."""

    start: int
    end: int


class NotSatisfiable(Exception):
    """The range begins behind the end (416)."""


def wanted_range(header: str | None, size: int) -> ByteRange | None:
    """None: the whole file, also for a header that we do not understand or that names several ranges. Raises NotSatisfiable."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        if not length or not size:
            raise NotSatisfiable
        return ByteRange(max(0, size - length), size)
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise NotSatisfiable
    return ByteRange(start, end)
