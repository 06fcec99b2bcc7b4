"""Google's OAuth, Gmail and Calendar, as their documents describe them."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer


class FakeGoogle(FakeServer):
    """One account. `codes` are authorisation codes that can be exchanged once; `revoke()` withdraws the access; busy times are `events`."""

    def __init__(
        self, *, client_id: str = "google-client", client_secret: str = "google-secret", email: str = "shop@gmail.com", port: int = 0
    ) -> None:
        super().__init__(port=port)
        self.client_id = client_id
        self.client_secret = client_secret
        self.email = email
        self.codes: dict[str, str] = {}
        self.refresh_tokens: set[str] = {"refresh-1"}
        self.access_tokens: set[str] = set()
        self.sent: list[Message] = []
        self.events: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/token", self._token),
            web.post("/revoke", self._revoke),
            web.get("/gmail/v1/users/me/profile", self._profile),
            web.post("/gmail/v1/users/me/messages/send", self._send),
            web.post("/calendar/v3/freeBusy", self._free_busy),
            web.get("/calendar/v3/calendars/{id}", self._calendar),
            web.post("/calendar/v3/calendars/{id}/events", self._insert),
        ]

    def error_body(self, status: int, message: str) -> Any:
        return {"error": {"code": status, "message": message, "status": {401: "UNAUTHENTICATED", 409: "ALREADY_EXISTS"}.get(status, "FAILED")}}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        if exchange.path.startswith(("/token", "/revoke")):
            return None
        if exchange.headers.get("authorization", "").removeprefix("Bearer ") in self.access_tokens:
            return None
        return self.refuse(401, "Request had invalid authentication credentials.")

    def grant(self, code: str) -> str:
        """An authorisation code, as after consent; the refresh token it will be exchanged for."""
        token = f"refresh-{next(self._numbers) + 1}"
        self.codes[code] = token
        return token

    def revoke(self) -> None:
        """The account's owner withdraws the access."""
        self.refresh_tokens.clear()
        self.access_tokens.clear()

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return web.json_response({"error": "invalid_client", "error_description": "The OAuth client was not found."}, status=401)
        answer: dict[str, Any] = {"expires_in": 3599, "token_type": "Bearer"}
        if form.get("grant_type") == "authorization_code":
            refresh = self.codes.pop(str(form.get("code")), None)
            if refresh is None or not form.get("redirect_uri") or not form.get("code_verifier"):
                return web.json_response({"error": "invalid_grant", "error_description": "Malformed auth code."}, status=400)
            self.refresh_tokens.add(refresh)
            answer["refresh_token"] = refresh
        elif form.get("refresh_token") not in self.refresh_tokens:
            return web.json_response({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, status=400)
        token = f"access-{next(self._numbers)}"
        self.access_tokens.add(token)
        return web.json_response({**answer, "access_token": token})

    async def _revoke(self, request: web.Request) -> web.Response:
        token = (await request.post()).get("token")
        self.refresh_tokens.discard(str(token))
        return web.json_response({})

    async def _profile(self, _: web.Request) -> web.Response:
        return web.json_response({"emailAddress": self.email, "messagesTotal": len(self.sent)})

    async def _send(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.sent.append(message_from_bytes(base64.urlsafe_b64decode(body["raw"])))
        return web.json_response({"id": f"msg-{next(self._numbers)}", "labelIds": ["SENT"]})

    async def _free_busy(self, request: web.Request) -> web.Response:
        body = await request.json()
        start, end = (datetime.fromisoformat(body[name]) for name in ("timeMin", "timeMax"))
        calendars: dict[str, Any] = {}
        for item in body["items"]:
            if item["id"] not in ("primary", self.email):
                calendars[item["id"]] = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
                continue
            spans = [(_moment(event["start"]), _moment(event["end"])) for event in self.events.values()]
            busy = [(first, last) for first, last in sorted(spans) if first < end and start < last]
            calendars[item["id"]] = {"busy": [{"start": _text(first), "end": _text(last)} for first, last in busy]}
        return web.json_response({"kind": "calendar#freeBusy", "calendars": calendars})

    async def _calendar(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in ("primary", self.email):
            return web.json_response(self.error_body(404, "Not Found"), status=404)
        return web.json_response({"id": self.email, "summary": "Shop", "timeZone": "Europe/Brussels"})

    async def _insert(self, request: web.Request) -> web.Response:
        event = await request.json()
        event_id = event.get("id") or f"event{next(self._numbers)}"
        if event_id in self.events:
            return web.json_response(self.error_body(409, "The requested identifier already exists."), status=409)
        self.events[event_id] = event
        return web.json_response({**event, "id": event_id, "status": "confirmed"})


def _moment(value: dict[str, str]) -> datetime:
    return datetime.fromisoformat(value["dateTime"]).astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
