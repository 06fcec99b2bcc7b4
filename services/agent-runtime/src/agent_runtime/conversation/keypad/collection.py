"""One number that the caller types: which keys belong to it, and when it is over. Keys and the time go in; no clock, no tasks (rule B3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from callstage_domain.builtin_tools import MAX_DIGITS
from callstage_domain.errors import ModelFacingError

LIMIT_MS: Final = 120_000.0
"""Longest a number may take, whatever the caller does: below the longest that a reply may be in the making."""


class CollectionStatus(StrEnum):
    """How it ended."""

    COMPLETE = "complete"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be typed."""

    min_digits: int = 1
    max_digits: int = MAX_DIGITS
    finish_on: str = "#"
    timeout_ms: float = 10_000.0
    inter_digit_timeout_ms: float = 4000.0
    is_sensitive: bool = False

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        """From the tool's arguments, which fit its schema. Raises ModelFacingError when they contradict each other."""
        length = arguments.get("length")
        fewest = int(length or arguments.get("min_digits") or 1)
        most = int(length or arguments.get("max_digits") or max(MAX_DIGITS, fewest))
        if fewest > most:
            raise ModelFacingError("min_digits is larger than max_digits. Correct the arguments.", code="invalid_arguments")
        return cls(
            min_digits=fewest,
            max_digits=most,
            finish_on=str(arguments.get("finish_on", "#")),
            timeout_ms=float(arguments.get("timeout_s", 10)) * 1000,
            inter_digit_timeout_ms=float(arguments.get("inter_digit_timeout_s", 4)) * 1000,
            is_sensitive=bool(arguments.get("is_sensitive", False)),
        )


class Collection:
    """Times are milliseconds on any steady clock. Over when `status` is set."""

    def __init__(self, wanted: Wanted, now_ms: float) -> None:
        self._wanted = wanted
        self._ends_at_ms = now_ms + LIMIT_MS
        self._due_ms = now_ms + wanted.timeout_ms
        self.digits = ""
        self.status: CollectionStatus | None = None

    @property
    def due_ms(self) -> float:
        """When to `tick`."""
        return min(self._due_ms, self._ends_at_ms)

    def listen_from(self, now_ms: float) -> None:
        """The agent has just been heard to the end, or still speaks: the wait for the first key begins (again)."""
        if not self.digits:
            self._due_ms = max(self._due_ms, now_ms + self._wanted.timeout_ms)

    def pressed(self, key: str, now_ms: float) -> None:
        """A key of the caller."""
        if self.status is not None:
            return
        wanted = self._wanted
        if key == wanted.finish_on:
            is_enough = len(self.digits) >= wanted.min_digits
            self.status = CollectionStatus.COMPLETE if is_enough else CollectionStatus.TIMEOUT
            return
        self.digits += key
        self._due_ms = now_ms + wanted.inter_digit_timeout_ms
        if len(self.digits) >= wanted.max_digits:
            self.status = CollectionStatus.COMPLETE

    def interrupted(self) -> None:
        """The caller says something instead, or the call is over."""
        self.status = self.status or CollectionStatus.INTERRUPTED

    def tick(self, now_ms: float) -> None:
        """The time is now."""
        if self.status is None and now_ms >= self.due_ms:
            is_enough = bool(self.digits) and len(self.digits) >= self._wanted.min_digits
            self.status = CollectionStatus.COMPLETE if is_enough else CollectionStatus.TIMEOUT
