"""Proves E4 RE3: which shared secrets are valid after a rotation."""

from datetime import UTC, datetime, timedelta

import pytest
from callstage_domain.rotation import secrets_in_use

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("previous", "until", "valid"),
    [
        (None, None, ("new",)),
        ("old", NOW + timedelta(seconds=1), ("new", "old")),
        ("old", NOW, ("new",)),
        ("old", NOW - timedelta(seconds=1), ("new",)),
        ("old", None, ("new",)),
        (None, NOW + timedelta(seconds=1), ("new",)),
    ],
)
def test_the_one_before_is_valid_until_its_overlap_is_over(previous: str | None, until: datetime | None, valid: tuple[str, ...]) -> None:
    assert secrets_in_use("new", previous, until, NOW) == valid
