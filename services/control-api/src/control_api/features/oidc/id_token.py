"""What an ID token must hold before it is believed (OpenID Connect Core 1.0, 3.1.3.7). Pure: keys and the time come in as arguments."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from callstage_domain.errors import CallerError
from callstage_kit.crypto import same
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, InvalidKeyIdError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures of a key that only the provider has. Never `none`, and never HMAC: its key would be our own client secret."""
SKEW_S: Final = 60
"""How far the provider's clock may be off."""
MAX_AGE_S: Final = 600
"""The token came a moment ago, in answer to our request."""
_MAX_KEYS: Final = 64
_MAX_SUBJECT: Final = 255
"""OpenID Connect Core 1.0, 2: `sub`."""
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_MICROSOFT: Final = frozenset({"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say. `now`: seconds since 1970."""

    issuer: str
    client_id: str
    nonce: str
    now: int


class IdTokenRefused(CallerError):
    """The token is not what the provider owes us; the message says which part, for the operator's log."""

    code = "id_token_refused"


class UnknownKey(IdTokenRefused):
    """No key that we hold made this signature; the provider may have changed its keys."""


class _Algorithms(JWSRegistry):
    # Some providers send their certificates along.
    max_header_length = 8 << 10

    def __init__(self) -> None:
        # Unknown header parameters are ignored unless `crit` names them (RFC 7515, 4).
        super().__init__(algorithms=ALGORITHMS, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(f"{str(name)[:20]} is not allowed")
        # EdDSA is the name before RFC 9864; providers mean Ed25519 by it.
        return self.algorithms["Ed25519" if name == "EdDSA" else name]


def key_set(document: bytes) -> KeySet:
    """The public keys of a JWKS; those that we cannot use are passed over (RFC 7517, 5). Raises ValueError for what is no JWKS."""
    body: Any = json.loads(document)
    listed: Any = cast("dict[str, Any]", body).get("keys") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no list of keys")
    keys: list[Any] = []
    for data in cast("list[Any]", listed)[:_MAX_KEYS]:
        try:
            if data["kty"] in _KEY_TYPES and data.get("use", "sig") == "sig":
                keys.append(JWKRegistry.import_key(data))
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return KeySet(keys)


def checked_claims(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims. Raises UnknownKey, IdTokenRefused."""
    try:
        claims = jwt.decode(token, keys, registry=_Algorithms()).claims
        jwt.JWTClaimsRegistry(
            now=expected.now,
            leeway=SKEW_S,
            iss={"essential": True, "value": expected.issuer},
            aud={"essential": True, "value": expected.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
    except (InvalidKeyIdError, BadSignatureError) as err:
        raise UnknownKey(f"signature: {err}") from err
    except ClaimError as err:
        raise IdTokenRefused(f"{err.claim}: {err.description}"[:200]) from err
    except (JoseError, ValueError, TypeError, KeyError) as err:
        raise IdTokenRefused(f"{type(err).__name__}: {err}"[:200]) from err
    client_id, audience, party = expected.client_id, claims["aud"], claims.get("azp")
    # A token for several parties names the one that asked for it.
    if (party is not None and party != client_id) or (party is None and audience not in (client_id, [client_id])):
        raise IdTokenRefused("azp: the token was made for another client")
    if expected.now - claims["iat"] > MAX_AGE_S + SKEW_S:
        raise IdTokenRefused("iat: the token is too old")
    given = claims.get("nonce")
    if not isinstance(given, str) or not given.isascii() or not same(given, expected.nonce):
        raise IdTokenRefused("nonce: the token answers another request")
    if not 0 < len(claims["sub"]) <= _MAX_SUBJECT or not claims["sub"].isprintable():
        raise IdTokenRefused(f"sub: 1 to {_MAX_SUBJECT} characters")
    return claims


def verified_email(claims: Mapping[str, Any], issuer: str) -> str | None:
    """The address as our users have it, when the provider says that it belongs to this person; None otherwise."""
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True
    if claims.get("email_verified") is None and urlsplit(issuer).hostname in _MICROSOFT:
        # Entra ID says it in an optional claim of its own: the owner of the address's domain is verified.
        is_verified = claims.get("xms_edov") in (True, 1, "1", "true")
    if not is_verified or not isinstance(email, str):
        return None
    email = email.strip()
    # Lower case makes ASCII of a few other letters (the Kelvin sign): such an address would become somebody else's.
    return email.lower() if email.isascii() else email
