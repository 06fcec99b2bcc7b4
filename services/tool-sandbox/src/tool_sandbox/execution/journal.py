"""The host calls of one run, written down before and after, and answered from the record when the run is repeated (rule T8).

A write is on record before it starts and again when it has its answer. Reads may be repeated, so their answers are only put on record
together with the next write, which may depend on them: a run without writes costs no round trip.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

import orjson


class LeaseLost(Exception):
    """Another process has taken the run over; this one must stop."""


class OutcomeUnknown(Exception):
    """A write was started earlier and nobody knows whether it happened: it must not be repeated."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One host call. `is_finished` False: it was started. `error` is (kind, message) of a backend error."""

    name: str
    digest: str
    is_write: bool
    is_finished: bool = False
    result: Any = None
    error: tuple[str, str] | None = None

    def to_json(self) -> bytes:
        """For the hash field of the call."""
        return orjson.dumps([self.name, self.digest, self.is_write, self.is_finished, self.result, self.error])

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Inverse of `to_json`."""
        name, digest, is_write, is_finished, result, error = orjson.loads(data)
        return cls(name, digest, is_write, is_finished, result, None if error is None else (error[0], error[1]))


class JournalStore(Protocol):
    """Where entries are kept."""

    async def write(self, entries: Mapping[int, JournalEntry]) -> bool:
        """False: the store is away. Raises LeaseLost."""
        ...


class Journal:
    """`store` None: nothing is kept (Redis is away)."""

    def __init__(self, store: JournalStore | None, *, started_at: datetime | None = None, entries: Mapping[int, JournalEntry] | None = None) -> None:
        self.store = store
        self.started_at = started_at or datetime.now(UTC)
        """Start of the first attempt: a repeated run sees the same clock."""
        self.is_protected = store is not None
        self._earlier = dict(entries or {})
        self._unsaved: dict[int, JournalEntry] = {}
        self.answered: dict[int, JournalEntry] = {}
        """The calls of this attempt that have their answers."""

    def was_cut_off(self, sequence: int, name: str, arguments: bytes) -> bool:
        """True when an earlier attempt started this very call and its answer never came. It counts as never started from here on."""
        earlier = self._earlier.get(sequence)
        if earlier is None or earlier.is_finished or (earlier.name, earlier.digest) != (name, _digest(arguments)):
            return False
        del self._earlier[sequence]
        return True

    async def before(self, sequence: int, name: str, arguments: bytes, *, is_write: bool) -> JournalEntry:
        """Call number `sequence` is about to start. A finished entry is the answer: do not call.

        Raises OutcomeUnknown when it, or a write that the repeated run does not make any more, may have happened; LeaseLost.
        """
        entry = JournalEntry(name, _digest(arguments), is_write)
        earlier = self._earlier.pop(sequence, None)
        if earlier is not None:
            if (earlier.name, earlier.digest) == (entry.name, entry.digest):
                if earlier.is_finished:
                    self.answered[sequence] = earlier
                    return earlier
                raise OutcomeUnknown
            self._forget_from(sequence, earlier)
        if is_write:
            await self._save({**self._unsaved, sequence: entry})
            self._unsaved = {}
        return entry

    async def after(self, sequence: int, entry: JournalEntry, *, result: Any = None, error: tuple[str, str] | None = None) -> None:
        """The call has its answer. Raises LeaseLost."""
        finished = JournalEntry(entry.name, entry.digest, entry.is_write, True, result, error)
        self.answered[sequence] = finished
        if entry.is_write:
            await self._save({sequence: finished})
        elif self.is_protected:
            self._unsaved[sequence] = finished

    @property
    def has_open_writes(self) -> bool:
        """True when an earlier attempt started a write that has no answer and that was not reached again."""
        return any(entry.is_write and not entry.is_finished for entry in self._earlier.values())

    def _forget_from(self, sequence: int, earlier: JournalEntry) -> None:
        """The repeated run took another path: harmless as long as it only leaves reads behind."""
        left = [earlier, *(entry for number, entry in self._earlier.items() if number > sequence)]
        if any(entry.is_write for entry in left):
            raise OutcomeUnknown
        self._earlier = {number: entry for number, entry in self._earlier.items() if number < sequence}

    async def _save(self, entries: Mapping[int, JournalEntry]) -> None:
        if self.store is not None and self.is_protected:
            self.is_protected = await self.store.write(entries)


def _digest(arguments: bytes) -> str:
    return hashlib.sha256(arguments).hexdigest()[:16]
