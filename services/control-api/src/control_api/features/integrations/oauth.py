"""Accounts connected by consent: OAuth 2.0 authorisation code with PKCE (RFC 6749, RFC 7636)."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

import httpx2
import orjson
from callstage_contracts.buckets import IntegrationProvider
from callstage_domain.errors import CallerError, DependencyError, Forbidden, Unauthorized
from callstage_kit.crypto import SecretBox, TokenSigner

from control_api.access.caller import Caller
from control_api.db.agent_tables import IntegrationRow
from control_api.features.integrations.schemas import OAuthStart
from control_api.features.integrations.service import IntegrationService, checked
from control_api.settings import ControlApiSettings

STATE_TTL_S: Final = 900
CALLBACK_PATH: Final = "/v1/integrations/oauth/callback"
_PURPOSE: Final = "oauth"
_TIMEOUT_S: Final = 10.0
_SCOPES: Final = {
    "gmail": "https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/gmail.metadata",
    "google": "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.readonly",
    "microsoft": "offline_access https://graph.microsoft.com/Calendars.ReadWrite",
}


@dataclass(frozen=True, slots=True)
class _App:
    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str
    extra: dict[str, str]


class OAuthService:
    """The state that travels through the vendor is signed, short-lived, and of one user; the verifier in it is sealed."""

    def __init__(self, integrations: IntegrationService, signer: TokenSigner, box: SecretBox, settings: ControlApiSettings) -> None:
        self._integrations = integrations
        self._signer = signer
        self._box = box
        self._settings = settings

    def start(self, caller: Caller, body: OAuthStart) -> str:
        """The address at which the account's owner gives the consent. Raises CallerError when the operator has registered no client."""
        app = self._app(body.provider)
        settings = checked(body.provider, body.settings)
        verifier = secrets.token_urlsafe(48)
        claims = {
            "tenant": caller.tenant_id,
            "caller": caller.id,
            "provider": body.provider,
            "name": body.name,
            "settings": settings,
            "verifier": self._box.seal(verifier, f"{caller.tenant_id}/oauth"),
        }
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": _SCOPES[body.provider],
            "state": self._signer.sign(_PURPOSE, claims, ttl_s=STATE_TTL_S),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **app.extra,
        }
        return f"{app.authorize_url}?{urlencode(query)}"

    async def finish(self, caller: Caller, *, code: str, state: str, error: str) -> IntegrationRow:
        """Raises CallstageError with words for the person at the browser.

        The one who comes back must be signed in to the tenant that asked: a link sent to somebody else connects nothing of theirs.
        """
        if error:
            raise CallerError(f"the account was not connected: {error[:200]}", code="consent_refused")
        try:
            claims = self._signer.verify(_PURPOSE, state)
        except Unauthorized as err:
            raise CallerError("this link has expired or was changed; begin again", code="oauth_state") from err
        if claims.get("tenant") != caller.tenant_id or claims.get("caller") != caller.id:
            raise Forbidden("somebody else has begun this; sign in as that user, or begin again")
        provider = cast(IntegrationProvider, claims["provider"])
        verifier = self._box.open(str(claims["verifier"]), f"{caller.tenant_id}/oauth")
        token = await self._refresh_token(self._app(provider), code, verifier)
        return await self._integrations.add(caller, provider, str(claims["name"]), dict(claims["settings"]), token)

    async def _refresh_token(self, app: _App, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "code_verifier": verifier,
        }
        try:
            async with httpx2.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client:
                reply = await client.post(app.token_url, data=form)
            answer: Any = orjson.loads(reply.content)
        except (httpx2.HTTPError, ValueError) as err:
            raise DependencyError("the vendor does not answer; try again", vendor="oauth", code="oauth_unreachable") from err
        if reply.status_code != 200 or not isinstance(answer, dict):
            words = answer.get("error_description") or answer.get("error") if isinstance(answer, dict) else ""
            raise CallerError(f"the vendor refused: {words or reply.status_code}"[:300], code="oauth_refused")
        token = answer.get("refresh_token")
        if not isinstance(token, str) or not token:
            raise CallerError(
                "the vendor gave no lasting access; remove Callstage from the account's connected apps and begin again", code="oauth_refused"
            )
        return token

    def _app(self, provider: str) -> _App:
        settings = self._settings
        if provider == "microsoft":
            secret = settings.microsoft_client_secret.get_secret_value()
            app = _App(
                settings.microsoft_authorize_url, settings.microsoft_token_url, settings.microsoft_client_id, secret, {"prompt": "select_account"}
            )
            variable = "MICROSOFT_CLIENT_ID"
        else:
            extra = {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "false"}
            secret = settings.google_client_secret.get_secret_value()
            app = _App(settings.google_authorize_url, settings.google_token_url, settings.google_client_id, secret, extra)
            variable = "GOOGLE_CLIENT_ID"
        if not app.client_id:
            raise CallerError(f"the operator has not registered this installation with the vendor ({variable})", code="oauth_not_configured")
        return app

    @property
    def _redirect_uri(self) -> str:
        return self._settings.public_url.rstrip("/") + CALLBACK_PATH
