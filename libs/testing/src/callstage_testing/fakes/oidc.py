"""An OpenID Connect provider on the real wire: discovery, a sign-in page, codes with PKCE, signed ID tokens, userinfo, keys.

Strict about what a client owes it (registered redirect address, its secret, S256, a code once), and sloppy where a test says so.
It signs with `cryptography` alone, so that it shares no code with what checks its tokens.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from html import escape
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<title>Test provider</title></head><body><h1>Test provider</h1>
<form method="post" action="/authorize?{query}"><label>E-mail <input name="email" type="email"></label>
<button name="answer" value="allow">Continue</button> <button name="answer" value="deny">Cancel</button></form></body></html>"""
_TTL_S = 300


class SigningKey:
    """An RSA key with a name."""

    def __init__(self) -> None:
        self.kid = secrets.token_hex(4)
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public(self) -> dict[str, str]:
        """As a JWK (RFC 7518, 6.3.1)."""
        numbers = self._key.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": _number(numbers.n), "e": _number(numbers.e)}

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT with RS256."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.kid}
        text = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"
        return f"{text}.{_b64(self._key.sign(text.encode(), padding.PKCS1v15(), SHA256()))}"


class FakeOidc(FakeServer):
    """Anybody signs in by typing an e-mail address. `accounts`: address → claims beyond the usual (`sub`, `email`, `email_verified`)."""

    def __init__(self, *, client_id: str = "callstage", client_secret: str = "oidc-secret", port: int = 0) -> None:
        super().__init__(port=port)
        self.client_id = client_id
        self.client_secret = client_secret
        self.key = SigningKey()
        self.accounts: dict[str, dict[str, Any]] = {}
        self.spoiled: dict[str, Any] = {}
        """Claims that every ID token has instead of the right ones."""
        self.auth_methods = ["client_secret_basic", "client_secret_post"]
        self.takes_codes_again = False
        self.hides_email = False
        """The address is told by the userinfo endpoint alone."""
        self._grants: dict[str, dict[str, str]] = {}
        self._people: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/.well-known/openid-configuration", self._discovery),
            web.get("/authorize", self._page),
            web.post("/authorize", self._decide),
            web.post("/token", self._token),
            web.get("/userinfo", self._user_info),
            web.get("/jwks", self._jwks),
        ]

    def error_body(self, status: int, message: str) -> Any:
        return {"error": "invalid_token" if status == 401 else "server_error", "error_description": message}

    def rotate(self) -> None:
        """A new key; the one before is withdrawn at once."""
        self.key = SigningKey()

    async def _discovery(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.base_url,
                **{f"{name}_endpoint": f"{self.base_url}/{path}" for name, path in _ENDPOINTS.items()},
                "jwks_uri": f"{self.base_url}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": self.auth_methods,
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _jwks(self, _: web.Request) -> web.Response:
        # A key type of the future beside ours: clients pass over what they do not know.
        return web.json_response({"keys": [{"kty": "AKP", "kid": "future", "alg": "ML-DSA-44"}, self.key.public()]})

    async def _page(self, request: web.Request) -> web.Response:
        wrong = self._wrong(dict(request.query))
        if wrong:
            return web.Response(status=400, text=f"invalid_request: {wrong}")
        return web.Response(text=_PAGE.format(query=escape(request.query_string)), content_type="text/html")

    async def _decide(self, request: web.Request) -> web.Response:
        asked, form = dict(request.query), await request.post()
        wrong = self._wrong(asked)
        if wrong:
            return web.Response(status=400, text=f"invalid_request: {wrong}")
        answer = {"state": asked["state"], "iss": self.base_url}
        if form.get("answer") == "deny":
            return _redirect(asked["redirect_uri"], {"error": "access_denied", **answer})
        code = secrets.token_urlsafe(16)
        self._grants[code] = {**asked, "email": str(form.get("email", ""))}
        return _redirect(asked["redirect_uri"], {"code": code, **answer})

    def _wrong(self, asked: dict[str, str]) -> str:
        wanted = {"client_id": self.client_id, "response_type": "code", "code_challenge_method": "S256"}
        missing = {"redirect_uri", "state", "nonce", "code_challenge", "scope"} - asked.keys()
        wrong = [name for name, value in wanted.items() if asked.get(name) != value] + sorted(missing)
        return ", ".join(wrong) or ("" if "openid" in asked["scope"].split() else "scope")

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not self._is_client(self.exchange_of(request), form):
            return web.json_response({"error": "invalid_client"}, status=401)
        code = form.get("code", "")
        grant = self._grants.get(code) if self.takes_codes_again else self._grants.pop(code, None)
        challenge = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if grant is None or grant["redirect_uri"] != form.get("redirect_uri") or grant["code_challenge"] != challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        person = self._person(grant["email"])
        token, moment = secrets.token_urlsafe(16), int(time.time())
        self._people[token] = person
        told = {name: value for name, value in person.items() if name == "sub" or not self.hides_email}
        claims = {"iss": self.base_url, "aud": self.client_id, "iat": moment, "exp": moment + _TTL_S, "nonce": grant["nonce"], **told, **self.spoiled}
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": _TTL_S, "id_token": self.key.sign(claims)})

    def _person(self, email: str) -> dict[str, Any]:
        usual = {"sub": hashlib.sha256(email.lower().encode()).hexdigest()[:16], "email": email, "email_verified": True}
        return {**usual, **self.accounts.get(email, {})}

    def _is_client(self, exchange: Exchange, form: dict[str, str]) -> bool:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        by_header = exchange.headers.get("authorization") == f"Basic {pair}"
        by_form = (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)
        return ("client_secret_basic" in self.auth_methods and by_header) or ("client_secret_post" in self.auth_methods and by_form)

    async def _user_info(self, request: web.Request) -> web.Response:
        person = self._people.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return self.refuse(401, "no such token") if person is None else web.json_response(person)


_ENDPOINTS = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}


def _redirect(address: str, query: dict[str, str]) -> web.Response:
    return web.Response(status=302, headers={"Location": f"{address}?{urlencode(query)}"})


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))
