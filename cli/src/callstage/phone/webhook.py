"""The carrier's side of the webhooks: signed form POSTs that fetch the next document."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx2

from callstage.phone.dialect import CallIds, Carrier
from callstage.phone.errors import CannotCall

_TIMEOUT_S = 15.0
_ATTEMPTS = 6
_RETRY_PAUSE_S = 0.4


@dataclass(frozen=True, slots=True)
class Gateway:
    """`public` is in the URLs that are signed and handed out; `reached_at` is where they are really served. Both http base URLs."""

    public: str
    reached_at: str

    def reach(self, url: str) -> str:
        """Where to connect for a URL of a document; foreign hosts stay as they are."""
        wanted, public, real = urlsplit(url), urlsplit(self.public), urlsplit(self.reached_at)
        if wanted.netloc != public.netloc:
            return url
        scheme = real.scheme.replace("http", "ws") if wanted.scheme.startswith("ws") else real.scheme
        return urlunsplit((scheme, real.netloc, real.path.rstrip("/") + wanted.path.removeprefix(public.path.rstrip("/")), wanted.query, ""))


class Webhooks:
    """Use in `async with`."""

    def __init__(self, carrier: Carrier, gateway: Gateway, ids: CallIds) -> None:
        self._carrier = carrier
        self._gateway = gateway
        self._ids = ids
        # After the crash of a gateway a connection kept open leads nowhere.
        self._http = httpx2.AsyncClient(timeout=_TIMEOUT_S, limits=httpx2.Limits(max_keepalive_connections=0), follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def fetch(self, url: str, *, is_answered: bool) -> str:
        """The document at `url`. Raises CannotCall. A running call tries again for some seconds, as carriers do."""
        parameters = self._carrier.webhook_parameters(self._ids, is_answered=is_answered)
        body = urlencode(parameters).encode()
        failure = ""
        for attempt in range(_ATTEMPTS if is_answered else 1):
            await asyncio.sleep(_RETRY_PAUSE_S if attempt else 0)
            headers = {"Content-Type": "application/x-www-form-urlencoded", **self._carrier.webhook_headers(url, parameters, body)}
            try:
                reply = await self._http.post(self._gateway.reach(url), content=body, headers=headers)
            except httpx2.HTTPError as err:
                failure = f"{type(err).__name__}"
                continue
            if reply.status_code // 100 == 2:
                return reply.text
            raise CannotCall(f"The gateway refused the webhook {urlsplit(url).path}: {reply.status_code} {reply.text[:300].strip()}")
        raise CannotCall(f"No media gateway answers at {self._gateway.reached_at} ({failure}). Is `make run` running?")
