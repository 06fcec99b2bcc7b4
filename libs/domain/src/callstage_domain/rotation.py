"""Shared secrets that are replaced with an overlap, so that both sides need not change at the same moment."""

from datetime import datetime


def secrets_in_use(newest: str, previous: str | None, previous_expires_at: datetime | None, now: datetime) -> tuple[str, ...]:
    """The newest, and the one before it while `now` is before `previous_expires_at`."""
    if previous is None or previous_expires_at is None or now >= previous_expires_at:
        return (newest,)
    return (newest, previous)
