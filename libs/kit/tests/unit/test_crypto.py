"""Proves AC5 (envelope encryption with key rotation), C4 (signed tickets), AC2 (hashed keys)."""

import base64

import pytest
from callstage_domain.errors import InvariantBroken, Unauthorized
from callstage_kit.crypto import SecretBox, TokenSigner, hmac_sha256_hex, new_secret, parse_master_keys, same, sha256_hex
from hypothesis import given
from hypothesis import strategies as st

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@given(st.text(), st.text())
def test_a_sealed_secret_opens_only_for_its_record(secret: str, record: str) -> None:
    box = SecretBox.from_setting(NEW)
    sealed = box.seal(secret, record)
    assert box.open(sealed, record) == secret
    with pytest.raises(InvariantBroken):
        box.open(sealed, record + "x")


def test_two_seals_of_one_secret_differ_and_hide_it() -> None:
    box = SecretBox.from_setting(NEW)
    first, second = box.seal("hunter2", "a"), box.seal("hunter2", "a")
    assert first != second
    assert "hunter2" not in first


def test_keys_rotate() -> None:
    sealed = SecretBox.from_setting(OLD).seal("s", "a")
    both = SecretBox.from_setting(f"{NEW},{OLD}")
    assert both.open(sealed, "a") == "s"
    assert SecretBox.from_setting(NEW).open(both.reseal(sealed, "a"), "a") == "s"
    with pytest.raises(InvariantBroken):
        SecretBox.from_setting(NEW).open(sealed, "a")


@pytest.mark.parametrize("broken", ["", "v1.new", "v1.new.a.b", "v1.gone.a.b", "nonsense"])
def test_a_broken_seal_is_a_clear_error(broken: str) -> None:
    with pytest.raises(InvariantBroken, match="cannot be opened"):
        SecretBox.from_setting(NEW).open(broken, "a")


@pytest.mark.parametrize("setting", ["", "nokey", "a:" + base64.b64encode(b"short").decode()])
def test_bad_master_keys_name_the_entry(setting: str) -> None:
    with pytest.raises(ValueError, match="CALLSTAGE_MASTER_KEYS"):
        parse_master_keys(setting)


def test_tokens_hold_for_one_purpose_and_a_time() -> None:
    signer = TokenSigner.from_setting(NEW)
    token = signer.sign("ticket", {"call_id": "c"}, ttl_s=60)
    assert signer.verify("ticket", token)["call_id"] == "c"
    for purpose, bad in (("resume", token), ("ticket", token[:-2] + "AA"), ("ticket", ""), ("ticket", "a.b.c"), ("ticket", "é.é")):
        with pytest.raises(Unauthorized):
            signer.verify(purpose, bad)
    with pytest.raises(Unauthorized, match="expired"):
        signer.verify("ticket", signer.sign("ticket", {}, ttl_s=-10))


def test_tokens_survive_a_key_rotation() -> None:
    token = TokenSigner.from_setting(OLD).sign("ticket", {}, ttl_s=60)
    assert "exp" in TokenSigner.from_setting(f"{NEW},{OLD}").verify("ticket", token)


def test_hashes_and_secrets() -> None:
    assert sha256_hex("abc").startswith("ba7816bf")
    assert hmac_sha256_hex("key", b"The quick brown fox jumps over the lazy dog").startswith("f7bc83f4")
    key = new_secret("vx_")
    assert key.startswith("vx_")
    assert len(key) > 30
    assert new_secret("vx_") != key
    assert same("a", "a")
    assert not same("a", "ä")
