"""The OpenID Connect provider over HTTP: discovery, keys, tokens. Every request goes through the egress policy, bounded in time and size."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Self
from urllib.parse import quote_plus, urlencode, urlsplit

from callstage_domain.errors import CallerError, DependencyError
from callstage_kit.egress import EgressClient, EgressResponse
from callstage_kit.egress_policy import EgressRefused
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from control_api.features.oidc.id_token import key_set
from control_api.features.oidc.kept import Kept

_TIMEOUT_S: Final = 5.0
_MAX_BYTES: Final = 256 << 10
_DOCUMENT_KEPT_S: Final = 3600.0
_KEYS_KEPT_S: Final = 900.0
"""A key that the provider withdrew is believed for no longer than this."""


class ProviderDocument(BaseModel):
    """What we use of the discovery document (OpenID Connect Discovery 1.0, 3)."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False

    @model_validator(mode="after")
    def _as_safe_as_the_issuer(self) -> Self:
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            address = urlsplit(getattr(self, name) or self.issuer)
            if address.scheme not in ("https", urlsplit(self.issuer).scheme) or not address.netloc:
                raise ValueError(f"{name} is no https address")
        return self


class CodeRefused(CallerError):
    """The provider takes the code no more: it was used, or is too old."""

    code = "code_refused"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was exchanged for; neither is ever stored."""

    id_token: str
    access_token: str
    received_at: float
    """On the clock of `Provider.keys`."""


class Provider:
    """One provider, found by its issuer. Raises DependencyError whenever it does not answer as the standard says."""

    def __init__(self, http: EgressClient, *, issuer: str, client_id: str, client_secret: str) -> None:
        self._http = http
        self.issuer = issuer
        self.client_id = client_id
        self._client_secret = client_secret
        self._document = Kept(self._discover, for_s=_DOCUMENT_KEPT_S)
        self._keys = Kept(self._fetch_keys, for_s=_KEYS_KEPT_S)

    async def document(self) -> ProviderDocument:
        """Where its endpoints are."""
        return await self._document.get()

    async def keys(self, *, since: float = float("-inf")) -> KeySet:
        """The keys that sign ID tokens; with `since`, fetched after that moment."""
        return await self._keys.get(since=since)

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """Tokens for a code (RFC 6749, 4.1.3; RFC 7636, 4.5). Raises CodeRefused, too."""
        document = await self.document()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        methods = document.token_endpoint_auth_methods_supported
        if self._client_secret and ("client_secret_basic" in methods and "client_secret_post" not in methods):
            # RFC 6749, 2.3.1: both are form-encoded first.
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self._client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self.client_id
            if self._client_secret:
                form["client_secret"] = self._client_secret
        reply = await self._send("POST", document.token_endpoint, headers, urlencode(form).encode())
        answer = _json(reply, "the token endpoint")
        if reply.status != 200:
            error = str(answer.get("error"))[:60]
            if error == "invalid_grant":
                raise CodeRefused("the provider refused the code")
            raise _bad(f"the token endpoint answered {reply.status} {error}")
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise _bad("the token endpoint gave no id_token")
        return Tokens(id_token, access_token if isinstance(access_token, str) else "", monotonic())

    async def user_info(self, access_token: str, subject: str) -> Mapping[str, Any]:
        """Claims that are not in the ID token (OpenID Connect Core 1.0, 5.3); empty when the provider has no such endpoint."""
        endpoint = (await self.document()).userinfo_endpoint
        if not endpoint or not access_token:
            return {}
        reply = await self._send("GET", endpoint, {"Authorization": f"Bearer {access_token}", "Accept": "application/json"})
        claims = _json(reply, "the userinfo endpoint")
        if reply.status != 200 or claims.get("sub") != subject:
            raise _bad(f"the userinfo endpoint answered {reply.status}, or about somebody else")
        return claims

    async def _discover(self) -> ProviderDocument:
        reply = await self._send("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration", {"Accept": "application/json"})
        if reply.status != 200:
            raise _bad(f"the discovery document answered {reply.status}")
        try:
            document = ProviderDocument.model_validate_json(reply.body)
        except ValidationError as err:
            first = err.errors(include_input=False, include_url=False)[0]
            raise _bad(f"the discovery document: {'.'.join(map(str, first['loc']))} {first['msg']}") from err
        if document.issuer != self.issuer:
            raise _bad(f"the discovery document is of '{document.issuer[:200]}', CALLSTAGE_OIDC_ISSUER says '{self.issuer}'")
        return document

    async def _fetch_keys(self) -> KeySet:
        reply = await self._send("GET", (await self.document()).jwks_uri, {"Accept": "application/json"})
        if reply.status != 200:
            raise _bad(f"the keys answered {reply.status}")
        try:
            return key_set(reply.body)
        except (ValueError, RecursionError) as err:
            raise _bad("the keys are no JWKS") from err

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> EgressResponse:
        try:
            return await self._http.send(method, url, headers=headers, body=body, timeout_s=_TIMEOUT_S, max_response_bytes=_MAX_BYTES)
        except EgressRefused as err:
            raise _bad(f"{err.message} (CALLSTAGE_EGRESS_ALLOW)") from err


def _json(reply: EgressResponse, what: str) -> dict[str, Any]:
    try:
        answer: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise _bad(f"{what} answered {reply.status} without a JSON object")
    return answer  # pyright: ignore[reportUnknownVariableType]


def _bad(message: str) -> DependencyError:
    return DependencyError(message, vendor="oidc", phase="stream", code="oidc_answer", retryable=False)
