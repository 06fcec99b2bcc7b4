"""Access tokens from refresh tokens, kept until shortly before they end (RFC 6749 section 6)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tool_sandbox.backends.port import BackendError
from tool_sandbox.integrations.json_api import JsonApi

T = TypeVar("T")
_EARLY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """What the operator registered with the vendor."""

    token_url: str
    client_id: str
    client_secret: str


class AccessToken:
    """Of one connected account."""

    def __init__(self, api: JsonApi, app: OAuthApp, refresh_token: str) -> None:
        self._api = api
        self._app = app
        self._refresh_token = refresh_token
        self._token = ""
        self._until_s = 0.0
        self._refreshing = asyncio.Lock()

    async def used(self, call: Callable[[dict[str, str]], Awaitable[T]]) -> T:
        """`call(headers)` with a fresh token; once more with a newer one when the vendor refuses it (it was revoked early). Raises BackendError."""
        token = await self._fresh()
        try:
            return await call({"authorization": f"Bearer {token}"})
        except BackendError as err:
            if err.kind != "authentication":
                raise
        return await call({"authorization": f"Bearer {await self._fresh(unless=token)}"})

    async def _fresh(self, *, unless: str = "") -> str:
        async with self._refreshing:
            if self._token in ("", unless) or time.monotonic() >= self._until_s:
                await self._refresh()
            return self._token

    async def _refresh(self) -> None:
        app = self._app
        if not app.client_id:
            raise BackendError("the operator has not registered this installation with the vendor", kind="not_configured", vendor=self._api.vendor)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
        }
        try:
            answer: dict[str, Any] = await self._api.send("POST", app.token_url, form=form)
        except BackendError as err:
            if err.kind in ("validation", "authentication"):
                message = "the access was withdrawn or has ended; connect the account again"
                raise BackendError(message, kind="authentication", vendor=self._api.vendor) from err
            # Asking for a token changes nothing: it can be asked for again.
            raise BackendError(err.message, kind=err.kind, vendor=self._api.vendor) from err
        token, lasts_s = answer.get("access_token"), answer.get("expires_in", 300)
        if not isinstance(token, str) or not token:
            raise BackendError("the vendor gave no access token", kind="unavailable", vendor=self._api.vendor)
        self._token, self._until_s = token, time.monotonic() + max(0.0, float(lasts_s) - _EARLY_S)
        # Microsoft turns refresh tokens over; the older one stays valid, so that no other process is locked out.
        self._refresh_token = str(answer.get("refresh_token") or self._refresh_token)
