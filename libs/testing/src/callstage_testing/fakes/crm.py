"""A customer's webhook receiver: records every delivery byte for byte and answers by script."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.server import FakeServer


@dataclass(frozen=True, slots=True)
class CrmAnswer:
    """`body` is sent as JSON, `raw` (when given) as it stands."""

    body: Mapping[str, Any] = field(default_factory=lambda: {"status": "saved", "message": "I have noted that down."})
    status: int = 200
    raw: bytes | None = None
    content_type: str = "application/json"


def sign_webhook(key: str, timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over the timestamp's digits followed directly by the body."""
    return hmac.new(key.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()


def webhook_signature_is_valid(exchange: Exchange, key: str) -> bool:
    """Checks `X-Webhook-Signature` (bare hex, or `sha256=` and hex) against `X-Webhook-Timestamp` and the raw body."""
    claimed = exchange.headers.get("x-webhook-signature", "").removeprefix("sha256=")
    expected = sign_webhook(key, exchange.headers.get("x-webhook-timestamp", ""), exchange.body)
    return hmac.compare_digest(claimed, expected)


class FakeCrm(FakeServer):
    """Accepts `POST` on any path. `on(function, answer, …)` queues answers; the last one of a function stays."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self._answers: dict[str, deque[CrmAnswer]] = defaultdict(deque)

    @property
    def url(self) -> str:
        return f"{self.base_url}/webhooks/voice"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{path:.*}", self._deliver)]

    def on(self, function: str, *answers: CrmAnswer) -> None:
        self._answers[function] = deque(answers)

    def fail(self, function: str, fault: Fault, *, times: int | None = 1) -> None:
        """Apply a fault (delay, drop, status, raw body) to the next deliveries of one function only."""
        self.faults.add(fault, times=times, when=lambda exchange: _function_of(exchange) == function)

    def deliveries(self, function: str | None = None) -> list[Exchange]:
        return [exchange for exchange in self.requests if function is None or _function_of(exchange) == function]

    async def _deliver(self, request: web.Request) -> web.Response:
        queue = self._answers.get(_function_of(self.exchange_of(request)) or "")
        answer = CrmAnswer() if not queue else (queue.popleft() if len(queue) > 1 else queue[0])
        if answer.raw is not None:
            return web.Response(body=answer.raw, status=answer.status, content_type=answer.content_type)
        return web.json_response(dict(answer.body), status=answer.status)


def _function_of(exchange: Exchange) -> str | None:
    try:
        name = exchange.json["function"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(name)
