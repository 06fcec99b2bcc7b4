"""Proves AC1: an ID token is believed only when the provider made it, now, for us, in answer to this attempt; an attempt belongs to one browser."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from callstage_domain.errors import DependencyError
from callstage_kit.crypto import TokenSigner
from control_api.features.oidc.attempt import Attempt, same_site_path
from control_api.features.oidc.id_token import Expected, IdTokenRefused, UnknownKey, checked_claims, key_set, verified_email
from control_api.features.oidc.kept import Kept
from control_api.settings import SignInSettings
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from pydantic import ValidationError

NOW = 1_800_000_000
ISSUER = "https://login.example.com/realms/main"
EXPECTED = Expected(ISSUER, "callstage", "n-1", NOW)
RIGHT: dict[str, Any] = {"iss": ISSUER, "aud": "callstage", "sub": "u-1", "nonce": "n-1", "iat": NOW - 5, "exp": NOW + 300}
RSA, EC, ED = RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")
KEYS = KeySet([RSA, EC, ED])
PUBLISHED = key_set(json.dumps(KEYS.as_dict(private=False)).encode())


def _token(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", header: dict[str, Any] | None = None) -> str:
    """Signed by hand: the library would not make the wrong ones."""
    parts = [json.dumps(part).encode() for part in ({"alg": alg, "kid": key.kid, **(header or {})}, claims)]
    text = ".".join(_b64(part) for part in parts)
    return f"{text}.{_b64(JWSRegistry.algorithms[alg].sign(text.encode(), key))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _refused(token: str, keys: KeySet = PUBLISHED) -> str:
    with pytest.raises(IdTokenRefused) as refused:
        checked_claims(token, keys, EXPECTED)
    return refused.value.message


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")])
def test_what_providers_sign_with_is_taken(key: Any, alg: str) -> None:
    assert checked_claims(_token(RIGHT, key, alg, {"x-of-the-vendor": "1"}), PUBLISHED, EXPECTED)["sub"] == "u-1"


@pytest.mark.parametrize("alg", ["HS256", "HS512"])
def test_a_signature_with_a_shared_key_is_refused(alg: str) -> None:
    """The old trick: the public key, or the client secret, as an HMAC key."""
    header, payload = _b64(json.dumps({"alg": alg, "kid": RSA.kid}).encode()), _b64(json.dumps(RIGHT).encode())
    for material in (RSA.as_pem(private=False), b"the client secret that is long enough"):
        made = hmac.new(material, f"{header}.{payload}".encode(), {"HS256": "sha256", "HS512": "sha512"}[alg]).digest()
        assert "not allowed" in _refused(f"{header}.{payload}.{_b64(made)}")


def test_other_algorithms_and_none_are_refused() -> None:
    for alg in ("RS384", "RS512"):
        assert "not allowed" in _refused(_token(RIGHT, RSA, alg))
    header, payload = (_b64(json.dumps(part).encode()) for part in ({"alg": "none"}, RIGHT))
    for alg_none in (f"{header}.{payload}.", f"{header}.{payload}.AAAA"):
        assert "not allowed" in _refused(alg_none)


def test_a_signature_of_somebody_else_is_refused() -> None:
    stranger = RSAKey.generate_key(2048, auto_kid=True)
    with pytest.raises(UnknownKey):
        checked_claims(_token(RIGHT, stranger), PUBLISHED, EXPECTED)
    with pytest.raises(UnknownKey):
        checked_claims(_token(RIGHT, stranger, header={"kid": RSA.kid}), PUBLISHED, EXPECTED)
    embedded = _token(RIGHT, stranger, header={"jwk": stranger.as_dict(private=False), "jku": "https://evil.example/jwks"})
    with pytest.raises(UnknownKey):
        checked_claims(embedded, PUBLISHED, EXPECTED)
    assert "of-tomorrow" in _refused(_token(RIGHT, header={"crit": ["of-tomorrow"], "of-tomorrow": 1}))


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"iss": "https://login.example.com/realms/other"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another"]}, "aud"),
        ({"aud": ["callstage", "another"]}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"aud": ["callstage", "another"], "azp": "another"}, "azp"),
        ({"exp": NOW - 61}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "2099-01-01"}, "exp"),
        ({"iat": NOW + 61}, "iat"),
        ({"iat": NOW - 700}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": NOW + 61}, "nbf"),
        ({"nonce": "n-2"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ["n-1"]}, "nonce"),
        ({"nonce": "\ud800"}, "nonce"),
        ({"sub": ""}, "sub"),
        ({"sub": None}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"sub": "a\0b"}, "sub"),
    ],
)
def test_each_wrong_claim_is_refused(claims: dict[str, Any], named: str) -> None:
    wrong = {name: value for name, value in {**RIGHT, **claims}.items() if value is not None}
    assert named in _refused(_token(wrong))


@pytest.mark.parametrize("claims", [{"exp": NOW - 30}, {"iat": NOW + 30}, {"aud": ["callstage"]}, {"aud": ["callstage", "x"], "azp": "callstage"}])
def test_a_clock_that_is_a_little_off_and_several_audiences_are_fine(claims: dict[str, Any]) -> None:
    assert checked_claims(_token({**RIGHT, **claims}), PUBLISHED, EXPECTED)


@given(st.one_of(st.text(max_size=300), st.binary(max_size=200).map(lambda data: base64.urlsafe_b64encode(data).decode() + ".e30.AA")))
def test_rubbish_is_refused_and_nothing_else(token: str) -> None:
    _refused(token)


def test_keys_that_cannot_be_used_are_passed_over() -> None:
    good = RSA.as_dict(private=False)
    listed: list[Any] = [
        {"kty": "AKP", "alg": "ML-DSA-44"},
        {"kty": "RSA"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {**EC.as_dict(private=False), "use": "enc"},
        7,
        None,
        {"kty": []},
        good,
    ]
    keys = key_set(json.dumps({"keys": listed}).encode())
    assert [key.kid for key in keys] == [RSA.kid]
    for broken in (b"", b"[]", b"{}", b'{"keys": {}}', b'"keys"'):
        with pytest.raises(ValueError):  # noqa: PT011  # json has words of its own
            key_set(broken)


@pytest.mark.parametrize(
    ("claims", "issuer", "wanted"),
    [
        ({"email": "Ann@Example.com", "email_verified": True}, ISSUER, "ann@example.com"),
        ({"email": "ann@example.com", "email_verified": False}, ISSUER, None),
        ({"email": "ann@example.com", "email_verified": "true"}, ISSUER, None),
        ({"email": "ann@example.com"}, ISSUER, None),
        ({"email": ["ann@example.com"], "email_verified": True}, ISSUER, None),
        ({"email_verified": True}, ISSUER, None),
        ({"email": "mi\u212ae@example.com", "email_verified": True}, ISSUER, "mi\u212ae@example.com"),
        ({"email": "ann@example.com", "xms_edov": True}, ISSUER, None),
        ({"email": "ann@example.com", "xms_edov": "1"}, "https://login.microsoftonline.com/t/v2.0", "ann@example.com"),
        ({"email": "ann@example.com", "xms_edov": False}, "https://login.microsoftonline.com/t/v2.0", None),
        ({"email": "ann@example.com"}, "https://login.microsoftonline.com/t/v2.0", None),
        ({"email": "ann@example.com", "email_verified": False, "xms_edov": True}, "https://login.microsoftonline.com/t/v2.0", None),
    ],
)
def test_an_address_counts_when_the_provider_vouches_for_it(claims: dict[str, Any], issuer: str, wanted: str | None) -> None:
    """The Kelvin sign in lower case is a `k`: another person's address."""
    assert verified_email(claims, issuer) == wanted


def test_an_attempt_belongs_to_its_cookie_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    signer, attempt = TokenSigner({"k": bytes(32)}), Attempt.begun("/calls?q=1")
    cookie = attempt.cookie(signer)
    assert Attempt.of_cookie(signer, cookie, attempt.state) == attempt
    assert Attempt.of_cookie(signer, cookie, Attempt.begun("/").state) is None
    assert Attempt.of_cookie(signer, cookie, "") is None
    assert Attempt.of_cookie(signer, cookie[:-2] + "AA", attempt.state) is None
    assert Attempt.of_cookie(signer, signer.sign("session", {"state": attempt.state}, ttl_s=60), attempt.state) is None
    assert Attempt.of_cookie(TokenSigner({"k": bytes(31) + b"x"}), cookie, attempt.state) is None
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert Attempt.of_cookie(signer, cookie, attempt.state) is None


def test_the_provider_sees_the_challenge_and_never_the_verifier() -> None:
    attempt = Attempt.begun("/")
    address = attempt.address("https://login.example.com/authorize?tenant=1", client_id="c", redirect_uri="https://us.example/v1/auth/oidc/callback")
    query = parse_qs(urlsplit(address).query)
    assert query["tenant"] == ["1"]
    assert (query["code_challenge_method"], query["scope"], query["response_type"]) == (["S256"], ["openid email"], ["code"])
    assert attempt.verifier not in address
    assert len(attempt.verifier) >= 43


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/calls?q=1&x=%20#a", "/calls?q=1&x=%20#a"),
        ("/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("/sign-in?next=/calls", "/"),
        ("/v1/auth/oidc/start", "/"),
        ("/" + "x" * 2000, "/"),
    ],
)
def test_the_way_on_stays_on_this_site(path: str, wanted: str) -> None:
    assert same_site_path(path) == wanted


async def test_a_kept_value_is_fetched_again_when_it_must_be_and_a_failing_source_is_left_alone() -> None:
    moment, fetched, fails = [0.0], [0], [False]

    async def fetch() -> int:
        fetched[0] += 1
        if fails[0]:
            raise DependencyError("it is away", vendor="oidc")
        return fetched[0]

    kept = Kept(fetch, for_s=60, clock=lambda: moment[0])
    assert [await kept.get(), await kept.get()] == [1, 1]
    moment[0] = 10
    assert [await kept.get(since=0), await kept.get(since=5), await kept.get(since=5)] == [1, 2, 2]
    moment[0], fails[0] = 100, True
    for _ in range(5):
        with pytest.raises(DependencyError, match="away"):
            await kept.get()
    assert fetched[0] == 3, "asked once, told five times"
    moment[0], fails[0] = 104, False
    assert await kept.get() == 4


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., SignInSettings]:
    def make(**values: Any) -> SignInSettings:
        return SignInSettings.model_validate(values)

    return make


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"oidc_issuer": ISSUER}, "CLIENT_ID"),
        ({"oidc_client_id": "c"}, "CALLSTAGE_OIDC_ISSUER"),
        ({"oidc_issuer": "login.example.com", "oidc_client_id": "c"}, "CALLSTAGE_OIDC_ISSUER"),
        ({"oidc_issuer": "http://login.example.com", "oidc_client_id": "c"}, "https"),
        ({"oidc_issuer": ISSUER + "?x=1", "oidc_client_id": "c"}, "CALLSTAGE_OIDC_ISSUER"),
    ],
)
def test_half_a_provider_stops_the_start(settings: Callable[..., SignInSettings], values: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        settings(**values)
    assert settings().oidc_issuer == ""
    assert settings(oidc_issuer=ISSUER, oidc_client_id="c").oidc_label == "single sign-on"
