"""Microsoft's OAuth and the calendar of Graph, as their documents describe them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer


class FakeMicrosoft(FakeServer):
    """One account. Refresh tokens are turned over with each use; `events` by id; a page of the calendar view has `page_size` events."""

    def __init__(self, *, client_id: str = "ms-client", client_secret: str = "ms-secret", page_size: int = 2, port: int = 0) -> None:
        super().__init__(port=port)
        self.client_id = client_id
        self.client_secret = client_secret
        self.page_size = page_size
        self.codes: dict[str, str] = {}
        self.refresh_tokens: set[str] = {"refresh-1"}
        self.access_tokens: set[str] = set()
        self.events: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/token", self._token),
            web.get("/v1.0/me/calendar", self._calendar),
            web.get("/v1.0/me/calendar/calendarView", self._view),
            web.post("/v1.0/me/calendar/events", self._insert),
        ]

    def error_body(self, status: int, message: str) -> Any:
        return {"error": {"code": {401: "InvalidAuthenticationToken"}.get(status, "ErrorInvalidRequest"), "message": message}}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        if exchange.path.startswith("/token"):
            return None
        if exchange.headers.get("authorization", "").removeprefix("Bearer ") in self.access_tokens:
            return None
        return self.refuse(401, "Access token has expired or is not yet valid.")

    def grant(self, code: str) -> None:
        """An authorisation code, as after consent."""
        self.codes[code] = code

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return web.json_response({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}, status=401)
        is_code = form.get("grant_type") == "authorization_code"
        is_known = self.codes.pop(str(form.get("code")), None) is not None if is_code else form.get("refresh_token") in self.refresh_tokens
        if not is_known:
            return web.json_response({"error": "invalid_grant", "error_description": "AADSTS70008: The refresh token has expired."}, status=400)
        refresh, token = f"refresh-{next(self._numbers) + 1}", f"access-{next(self._numbers)}"
        self.refresh_tokens.add(refresh)
        self.access_tokens.add(token)
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": token, "refresh_token": refresh})

    async def _calendar(self, _: web.Request) -> web.Response:
        return web.json_response({"id": "AAMk", "name": "Calendar", "canEdit": True})

    async def _view(self, request: web.Request) -> web.Response:
        start, end = (datetime.fromisoformat(request.query[name]) for name in ("startDateTime", "endDateTime"))
        found = [event for event in self.events.values() if _moment(event["start"]) < end and start < _moment(event["end"])]
        skip = int(request.query.get("$skip", "0"))
        page: dict[str, Any] = {"value": [{"showAs": "busy", **event} for event in found[skip : skip + self.page_size]]}
        if skip + self.page_size < len(found):
            page["@odata.nextLink"] = str(request.url.update_query({"$skip": str(skip + self.page_size)}))
        return web.json_response(page)

    async def _insert(self, request: web.Request) -> web.Response:
        event = await request.json()
        known = next((one for one in self.events.values() if one.get("transactionId") == event.get("transactionId")), None)
        if known is None or not event.get("transactionId"):
            known = {**event, "id": f"event-{next(self._numbers)}"}
            self.events[known["id"]] = known
        return web.json_response(known, status=201)


def _moment(value: dict[str, str]) -> datetime:
    return datetime.fromisoformat(value["dateTime"][:26]).replace(tzinfo=UTC)
