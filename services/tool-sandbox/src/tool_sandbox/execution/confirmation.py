"""Did a write happen whose answer never came? The backend is asked; nothing is ever sent again (rule T8).

A record that was created is known by who made it, since when, and by its values; a change by the values that stand there now. What cannot be
told stays unknown. See docs/decisions/0011.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import isclose
from typing import Any, Final, cast

from tool_sandbox.backends.port import Backend

_LOOKS_AFTER_S: Final = (0.0, 0.5, 1.0)
"""The request may still be worked on when its sender is gone."""
_TAG: Final = re.compile(r"<[^<>]*>")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_FILLED_IN: Final = frozenset({"", "/", "new", "false"})
"""Values in whose place a backend puts its own, such as the next number of a sequence."""
_NEWEST: Final = 50


class Confirmation:
    """One run on one backend. `since`: when the run began."""

    def __init__(self, backend: Backend, since: datetime) -> None:
        self._backend = backend
        self._since = since
        self._known: dict[str, set[Any]] = {}

    def made(self, model: str, record: Any) -> None:
        """This run knows that record: it is the answer to no other create."""
        self._known.setdefault(model, set()).update(record if isinstance(record, list) else [record])

    async def created(self, model: str, vals: Any) -> Any:
        """The id of the one record that such a create made; None: it cannot be told."""
        if not isinstance(vals, dict):
            return None
        values = cast("dict[str, Any]", vals)
        for pause_s in _LOOKS_AFTER_S:
            await asyncio.sleep(pause_s)
            rows = await self._backend.made_since(model, self._since, list(values), _NEWEST)
            if rows is None:
                return None
            known = self._known.get(model, set())
            found = [row for row in rows if _key(row) not in known and matches(values, row)]
            if len(found) > 1:
                return None
            if found:
                self.made(model, _key(found[0]))
                return _key(found[0])
        return None

    async def changed(self, model: str, ids: Sequence[Any], vals: Mapping[str, Any]) -> bool:
        """True when all those records hold these values."""
        if not ids or any(isinstance(value, (list, dict)) for value in vals.values()):
            return False
        return await self._looked(lambda rows: len(rows) == len(set(ids)) and all(_holds(vals, row) for row in rows), model, ids, list(vals))

    async def gone(self, model: str, ids: Sequence[Any]) -> bool:
        """True when none of those records is there."""
        return bool(ids) and await self._looked(lambda rows: not rows, model, ids, [])

    async def _looked(self, is_so: Callable[[list[dict[str, Any]]], bool], model: str, ids: Sequence[Any], fields: list[str]) -> bool:
        key = "name" if self._backend.vendor == "erpnext" else "id"
        for pause_s in _LOOKS_AFTER_S:
            await asyncio.sleep(pause_s)
            rows: Any = await self._backend.search_read(model, [[key, "in", list(ids)]], [key, *fields], len(ids), {})
            if isinstance(rows, list) and is_so(cast("list[dict[str, Any]]", rows)):
                return True
        return False


def matches(vals: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """True when the record holds these values, as far as a backend keeps values as they are given; something must be comparable."""
    compared = [_same(value, row[name]) for name, value in vals.items() if name in row and not _is_filled_in(value)]
    return any(compared) and all(compared)


def _holds(vals: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """True when every one of these values stands there."""
    return bool(vals) and all(name in row and _same(value, row[name]) for name, value in vals.items())


def _key(row: Mapping[str, Any]) -> Any:
    return row.get("id", row.get("name"))


def _is_filled_in(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, str) and value.strip().lower() in _FILLED_IN)


def _same(given: Any, kept: Any) -> bool:
    if isinstance(given, list):
        return _same_many(cast("list[Any]", given), kept)
    if isinstance(kept, list) and len(cast("list[Any]", kept)) == 2 and isinstance(given, (int, str)):
        # A reference is read as [id, name].
        kept = cast("list[Any]", kept)[0]
    if isinstance(given, bool) or isinstance(kept, bool):
        return bool(given) == bool(kept)
    if isinstance(given, (int, float)) and isinstance(kept, (int, float)):
        return isclose(given, kept, rel_tol=1e-6, abs_tol=0.01)
    return _bare(given) == _bare(kept) or (isinstance(given, str) and bool(_DATE.fullmatch(given)) and str(kept).startswith(given))


def _same_many(commands: list[Any], kept: Any) -> bool:
    """Lines of a record: as many as were given."""
    if not isinstance(kept, list):
        return False
    count = 0
    for command in commands:
        parts = cast("list[Any]", command) if isinstance(command, list) else [4]
        count += len(cast("list[Any]", parts[2])) if parts[0] == 6 and len(parts) > 2 else 1
    return count == len(cast("list[Any]", kept))


def _bare(value: Any) -> str:
    """Of a text what survives cleaning of HTML and formatting of numbers."""
    return "".join(letter for letter in _TAG.sub(" ", str(value or "")).casefold() if letter.isalnum())
