"""What the simulated carriers share: dialling, webhooks over HTTP, sockets, the end of all calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
from callstage_kit.tasks import TaskScope
from yarl import URL

from callstage_phone.call import CarrierCall, FetchFailed
from callstage_phone.codec import PCMU, Codec
from callstage_phone.dialect import Dialect
from callstage_phone.events import Watch, unwatched
from callstage_phone.markup import Stream
from callstage_phone.wire_socket import WireSocket


@dataclass(frozen=True, slots=True)
class CarrierSettings:
    """`webhook_url` is the public URL of the number; it is what gets signed. `connect_to` (`http://127.0.0.1:8080`), when given, is
    where requests and sockets really go, whatever host the documents name; with `public_url` only what is under that base URL goes there.
    `first_attempts` counts for the first document of a call, before anything was streamed."""

    webhook_url: str
    connect_to: str | None = None
    public_url: str | None = None
    status_callback_url: str | None = None
    webhook_timeout_s: float = 15.0
    handshake_timeout_s: float = 5.0
    fetch_attempts: int = 3
    first_attempts: int = 3
    retry_pause_s: float = 0.2
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class SimulatedCarrier:
    """Use in `async with`; leaving hangs up every call. Subclasses give identity, signatures and the dialect."""

    name: ClassVar[str]
    """For people."""

    def __init__(self, settings: CarrierSettings, *, record: bool = True) -> None:
        self.settings = settings
        self.calls: dict[str, CarrierCall] = {}
        self._record = record
        self._http: aiohttp.ClientSession | None = None
        self._tasks = TaskScope("simulated_carrier")

    def new_call_id(self) -> str:
        raise NotImplementedError

    def webhook_parameters(self, call: CarrierCall) -> dict[str, str]:
        raise NotImplementedError

    def webhook_headers(self, url: str, parameters: Mapping[str, str], body: bytes) -> dict[str, str]:
        """Signature headers."""
        raise NotImplementedError

    def socket_headers(self, url: str) -> dict[str, str]:
        return {}

    def dialect(self, call: CarrierCall, stream: Stream) -> Dialect:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        # A killed gateway must not leave a dead connection in a pool.
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            for call in list(self.calls.values()):
                await call.hang_up()
        finally:
            await self._tasks.close()
            if self._http is not None:
                await self._http.close()

    def dial(self, *, from_: str, to: str, codec: Codec = PCMU, dial_status: str | None = "completed", watch: Watch = unwatched) -> CarrierCall:
        """Start a call and return at once. `dial_status` is how a `<Dial>` with an action will have ended; None: the call goes away with it."""
        call = CarrierCall(
            self,
            self.settings.webhook_url,
            call_id=self.new_call_id(),
            from_=from_,
            to=to,
            codec=codec,
            record=self._record,
            dial_status=dial_status,
            watch=watch,
        )
        self.calls[call.call_id] = call
        self._tasks.start(call.run(), name=call.call_id)
        return call

    @asynccontextmanager
    async def call(self, *, from_: str, to: str, codec: Codec = PCMU, dial_status: str = "completed") -> AsyncGenerator[CarrierCall]:
        """A call that is hung up at the end of the block."""
        call = self.dial(from_=from_, to=to, codec=codec, dial_status=dial_status)
        try:
            yield call
        finally:
            await call.hang_up()

    def forget_ended(self) -> None:
        """Drop ended calls (a long bench keeps thousands otherwise)."""
        self.calls = {call_id: call for call_id, call in self.calls.items() if not call.ended.is_set()}

    def reach(self, url: str) -> str:
        """Where a public URL is really served."""
        if self.settings.connect_to is None:
            return url
        target, wanted = urlsplit(self.settings.connect_to), urlsplit(url)
        path = wanted.path
        if self.settings.public_url is not None:
            public = urlsplit(self.settings.public_url)
            if wanted.netloc != public.netloc:
                return url
            path = target.path.rstrip("/") + path.removeprefix(public.path.rstrip("/"))
        scheme = target.scheme if wanted.scheme.startswith("http") else target.scheme.replace("http", "ws")
        return urlunsplit((scheme, target.netloc, path, wanted.query, ""))

    async def fetch(self, call: CarrierCall, url: str, extra: Mapping[str, str]) -> str:
        attempts = self.settings.fetch_attempts if call.streams else self.settings.first_attempts
        return await self._post(url, {**self.webhook_parameters(call), **extra}, attempts)

    async def connect(self, call: CarrierCall, url: str) -> WireSocket:
        headers = {**self.settings.headers, **self.socket_headers(url)}
        return await WireSocket.open(self.reach(url), call.receive, headers=headers, timeout_s=self.settings.handshake_timeout_s)

    async def report_end(self, call: CarrierCall) -> None:
        url = self.settings.status_callback_url
        if url is None:
            return
        duration_s = round((call.ended_at or call.started_at) - call.started_at)
        status = "busy" if call.ended_by == "rejected" else "completed"
        parameters = {**self.webhook_parameters(call), "CallStatus": status, "CallDuration": str(duration_s), "SequenceNumber": "0"}
        try:
            await self._post(url, {**parameters, "CallbackSource": "call-progress-events"}, self.settings.fetch_attempts)
        except FetchFailed as err:
            call.problems.append(f"status callback: {err}")

    async def _post(self, url: str, parameters: Mapping[str, str], attempts: int) -> str:
        body = urlencode(parameters).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self.settings.headers, **self.webhook_headers(url, parameters, body)}
        assert self._http is not None, "the carrier is used outside of `async with`"
        failure = FetchFailed(f"{url}: no attempt", url=url)
        for attempt in range(attempts):
            if attempt:
                await asyncio.sleep(self.settings.retry_pause_s)
            try:
                # As written: a URL that was requoted is not the one that was signed.
                target = URL(self.reach(url), encoded=True)
                async with (
                    asyncio.timeout(self.settings.webhook_timeout_s),
                    self._http.post(target, data=body, headers=headers, allow_redirects=False) as response,
                ):
                    text = await response.text()
                    if response.status // 100 != 2:
                        raise FetchFailed(f"{url}: HTTP {response.status} {text[:200]}", url=url, status=response.status, body=text)
                    return text
            except (aiohttp.ClientError, TimeoutError, ValueError) as err:
                failure = FetchFailed(f"{url}: {type(err).__name__} {err}", url=url, reason=_reason(err))
        raise failure


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "ReadTimeout"
        case aiohttp.ClientConnectorError():
            return "ConnectError"
        case aiohttp.ServerDisconnectedError():
            return "RemoteProtocolError"
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return "ReadError"
        case _:
            return "UnsupportedProtocol"
