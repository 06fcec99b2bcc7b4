"""Twilio's Messages resource and the account it belongs to."""

from __future__ import annotations

import base64
import itertools
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.server import FakeServer


class FakeTwilioMessages(FakeServer):
    """Keeps what it is given in `sent`; `outside_window` numbers get Twilio's refusal of free text."""

    def __init__(self, *, account_sid: str = "AC" + "0" * 32, auth_token: str = "twilio-token", port: int = 0) -> None:
        super().__init__(port=port)
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.sent: list[dict[str, str]] = []
        self.outside_window: set[str] = set()
        self._numbers = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        base = f"/2010-04-01/Accounts/{self.account_sid}"
        return [web.get(f"{base}.json", self._account), web.post(f"{base}/Messages.json", self._message)]

    def error_body(self, status: int, message: str) -> Any:
        return {"code": {401: 20003}.get(status, 20500), "message": message, "more_info": "https://www.twilio.com/docs/errors", "status": status}

    def authorise(self, exchange: Exchange) -> web.StreamResponse | None:
        expected = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        return None if exchange.headers.get("authorization") == f"Basic {expected}" else self.refuse(401, "Authenticate")

    async def _account(self, _: web.Request) -> web.Response:
        return web.json_response({"sid": self.account_sid, "friendly_name": "Shop", "status": "active"})

    async def _message(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not form.get("To", "").startswith("whatsapp:") or not form.get("From", "").startswith("whatsapp:"):
            return web.json_response({"code": 21910, "message": "Invalid From and To pair.", "status": 400}, status=400)
        if form["To"] in self.outside_window:
            message = "Failed to send freeform message because you are outside the allowed window."
            return web.json_response({"code": 63016, "message": message, "status": 400}, status=400)
        self.sent.append(form)
        return web.json_response({"sid": f"SM{next(self._numbers):032d}", "status": "queued"}, status=201)
