"""One attempt to sign in, kept in a cookie of the browser that began it (RFC 9700, 2.1; RFC 7636). Pure but for randomness."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from callstage_domain.errors import Unauthorized
from callstage_kit.crypto import TokenSigner, same

COOKIE: Final = "callstage_oidc"
TTL_S: Final = 600
"""Long enough for a second factor; short enough that a forgotten tab opens nothing."""
_PURPOSE: Final = "oidc"
_OWN_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,1500}")
"""Printable ASCII without a backslash: browsers drop tabs and line ends, and read `\\` as `/`."""
_SCOPE: Final = "openid email"


@dataclass(frozen=True, slots=True)
class Attempt:
    """`state` comes back in the address, `nonce` in the ID token, `verifier` goes to the token endpoint, `next` is where the person wanted to."""

    state: str
    nonce: str
    verifier: str
    next: str

    @classmethod
    def begun(cls, next_path: str) -> "Attempt":
        """A fresh one."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), same_site_path(next_path))

    @classmethod
    def of_cookie(cls, signer: TokenSigner, cookie: str, state: str) -> "Attempt | None":
        """None when the browser has not begun it, it is over, or the answer belongs to another."""
        try:
            claims = signer.verify(_PURPOSE, cookie)
        except Unauthorized:
            return None
        attempt = cls(*(str(claims.get(name, "")) for name in ("state", "nonce", "verifier", "next")))
        return attempt if attempt.state and same(attempt.state, state) else None

    def cookie(self, signer: TokenSigner) -> str:
        """The cookie's value: signed, and good for `TTL_S`."""
        claims = {"state": self.state, "nonce": self.nonce, "verifier": self.verifier, "next": self.next}
        return signer.sign(_PURPOSE, claims, ttl_s=TTL_S)

    def address(self, endpoint: str, *, client_id: str, redirect_uri: str) -> str:
        """Where the browser goes (OpenID Connect Core 1.0, 3.1.2.1)."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": _SCOPE,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"


def same_site_path(path: str) -> str:
    """`path` when it is a page of this site, `/` otherwise: an address of another one would make us a stepping stone."""
    return path if _OWN_PATH.fullmatch(path) and not re.match(r"/(sign-in|v1|api)\b", path) else "/"
