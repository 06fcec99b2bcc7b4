"""Proves E4: what vouches for a visitor, how old it may be, and that it opens one session only."""

import hashlib
import hmac
from typing import Any, cast

import pytest
from callstage_domain.errors import DependencyError
from media_gateway.calls.embed_identity import Identity, UsedHashes, is_vouched_for

SECRET, NOW = "embs_secret", 1_746_700_800


def signed(email: str = "ada@example.com", ts: int = NOW, secret: str = SECRET) -> dict[str, Any]:
    digest = hmac.new(secret.encode(), f"{email}|{ts}".encode(), hashlib.sha256).hexdigest()
    return {"user_email": email, "user_hash": digest, "user_ts": ts}


@pytest.mark.parametrize(
    ("age_s", "is_valid"),
    [(0, True), (120, True), (121, False), (-30, True), (-31, False)],
)
def test_age_and_clock_skew(age_s: int, is_valid: bool) -> None:
    identity = Identity.of(signed())
    assert identity is not None
    assert is_vouched_for(identity, [SECRET], NOW + age_s) is is_valid


def test_the_hash_covers_address_moment_and_key() -> None:
    good = signed()
    for changed in ({"user_email": "eve@example.com"}, {"user_ts": NOW + 1}, {"user_hash": "0" * 64}, signed(secret="other")):
        identity = Identity.of({**good, **changed})
        assert identity is not None
        assert not is_vouched_for(identity, [SECRET], NOW)


def test_either_secret_vouches_during_an_overlap() -> None:
    identity = Identity.of(signed())
    assert identity is not None
    assert is_vouched_for(identity, ["newer", SECRET], NOW)
    assert is_vouched_for(identity, [SECRET, "older"], NOW)
    assert not is_vouched_for(identity, ["newer", "older"], NOW)
    assert not is_vouched_for(identity, [SECRET, "older"], NOW + 121)


def test_text_and_number_are_the_same_moment_and_case_does_not_matter() -> None:
    body = signed("José@Example.com")
    identity = Identity.of({**body, "user_ts": str(NOW), "user_hash": body["user_hash"].upper()})
    assert identity is not None
    assert is_vouched_for(identity, [SECRET], NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"user_email": ""},
        {"user_email": None},
        {"user_email": "x" * 400},
        {"user_hash": "abc"},
        {"user_hash": 7},
        {"user_ts": True},
        {"user_ts": "-5"},
        {"user_ts": "²"},
        {"user_ts": 1.5},
        {"user_ts": "9" * 30},
    ],
)
def test_what_cannot_be_right_is_nobody(changed: dict[str, Any]) -> None:
    assert Identity.of({**signed(), **changed}) is None


class _Away:
    async def put_if_absent(self, key: str, text: str, *, ttl_s: int) -> str | None:
        raise DependencyError("away", vendor="redis")


async def test_a_hash_is_used_once_even_without_redis() -> None:
    now_s = [0.0]
    hashes = UsedHashes(cast(Any, _Away()), lambda: now_s[0])
    assert await hashes.take("t", "h")
    assert not await hashes.take("t", "h")
    assert await hashes.take("other", "h")
    now_s[0] = 500.0
    assert await hashes.take("t", "h")
