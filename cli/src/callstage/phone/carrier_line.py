"""A call over a carrier: follows the documents of the gateway, streams, resumes after a lost socket, ends."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urljoin

from callstage_audio.resample import Resampler
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import unless
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from callstage.phone.dialect import CallIds, Carrier, Clear, Mark, Media, Mistake, StreamDialect
from callstage.phone.errors import CannotCall
from callstage.phone.handset import Handset
from callstage.phone.markup import BadDocument, Stream, Verb, parse_document
from callstage.phone.media_socket import media_socket, send_all
from callstage.phone.timeline import Timeline
from callstage.phone.webhook import Gateway, Webhooks

_MAX_DOCUMENTS = 30
_PHONE_HZ = 8000
_CALLER_HUNG_UP = "the caller hung up"
_ENDINGS: Mapping[str, str] = {"Hangup": "the agent hung up", "Reject": "the call was rejected", "Dial": "the call was passed on to {text}"}


class CarrierLine:
    """One call. Telephone rate on this side: a wider codec is resampled."""

    up_hz = _PHONE_HZ
    down_hz = _PHONE_HZ
    call_id = ""

    def __init__(self, carrier: Carrier, gateway: Gateway, ids: CallIds, timeline: Timeline, *, query: str = "") -> None:
        self._carrier = carrier
        self._gateway = gateway
        self._ids = ids
        self._timeline = timeline
        self._url = gateway.public + carrier.webhook_path + (f"?{query}" if query else "")
        self._over = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._dialect: StreamDialect | None = None
        self._streams = 0

    @property
    def carrier_call_id(self) -> str:
        return self._ids.call_id

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    async def send(self, frame: bytes, marks: list[str]) -> None:
        socket, dialect = self._socket, self._dialect
        if socket is not None and dialect is not None:
            await send_all(socket, [dialect.media(dialect.up.encode(frame)), *(dialect.mark(name) for name in marks)])

    async def hang_up(self) -> None:
        self._over.set()

    async def run(self, handset: Handset) -> str:
        self._timeline.note("carrier", f"{self._carrier.name} calls {self._ids.called} from {self._ids.caller}")
        try:
            async with Webhooks(self._carrier, self._gateway, self._ids) as webhooks:
                return await self._follow(handset, webhooks)
        except CannotCall as err:
            if not self._streams:
                raise
            # A call that was up has something to report.
            self._timeline.note("carrier", err.message)
            return "the gateway did not come back"

    async def _follow(self, handset: Handset, webhooks: Webhooks) -> str:
        """From document to document until the call ends; returns how."""
        url: str | None = self._url
        for _ in range(_MAX_DOCUMENTS):
            document = await unless(self._over, webhooks.fetch(url, is_answered=self._streams > 0))
            if document is None:
                return _CALLER_HUNG_UP
            ending, url = await self._perform(handset, url, document)
            if url is None:
                return ending
        return "the documents of the gateway run in a circle"

    async def _perform(self, handset: Handset, url: str, document: str) -> tuple[str, str | None]:
        """Do the verbs; returns how the call ended, or where the next document is."""
        try:
            verbs = parse_document(document)
        except BadDocument as err:
            raise CannotCall(f"The gateway answered no TwiML: {err}.") from err
        for verb in verbs:
            if self._over.is_set():
                return _CALLER_HUNG_UP, None
            if verb.name == "Redirect":
                return "", urljoin(url, verb.text or url)
            if verb.name in _ENDINGS:
                ending = _ENDINGS[verb.name].format(text=verb.text)
                self._timeline.note("carrier", f"<{verb.name}> {verb.text}".rstrip())
                return ending, None
            await self._perform_verb(handset, url, verb)
            if verb.name == "Connect" and verb.attributes.get("action") and not self._over.is_set():
                return "", urljoin(url, verb.attributes["action"])
        return _CALLER_HUNG_UP if self._over.is_set() else "the agent hung up", None

    async def _perform_verb(self, handset: Handset, url: str, verb: Verb) -> None:
        if verb.name == "Connect" and verb.stream is not None:
            await self._stream(handset, urljoin(url.replace("http", "ws", 1), verb.stream.url), verb.stream)
        elif verb.name == "Pause":
            await unless(self._over, asyncio.sleep(min(_number(verb.attributes.get("length", "1")), 60.0)))
        else:
            self._timeline.note("carrier", f"<{verb.name}> {verb.text}".rstrip())

    async def _stream(self, handset: Handset, url: str, stream: Stream) -> None:
        try:
            dialect = self._carrier.stream(self._ids, stream)
        except ValueError as err:
            raise CannotCall(f"{self._carrier.name} cannot stream: {err}.") from err
        try:
            async with media_socket(self._gateway.reach(url), self._carrier.socket_headers(url)) as socket:
                self._streams += 1
                self._timeline.note("carrier", "media stream open" if self._streams == 1 else "media stream open again")
                await send_all(socket, list(dialect.opening()))
                self._socket, self._dialect = socket, dialect
                try:
                    await unless(self._over, self._receive(handset, socket, dialect))
                finally:
                    self._socket, self._dialect = None, None
                    # What was queued dies with its stream.
                    handset.playout.clear()
                if self._over.is_set():
                    await send_all(socket, [dialect.stop()])
        except DependencyError as err:
            self._timeline.note("carrier", err.message)

    async def _receive(self, handset: Handset, socket: ClientConnection, dialect: StreamDialect) -> None:
        """Until the gateway closes the socket."""
        resampler = Resampler(dialect.down.rate_hz, _PHONE_HZ)
        try:
            async for message in socket:
                match dialect.parse(message):
                    case Media(payload):
                        handset.playout.push(resampler.push(dialect.down.decode(payload)))
                    case Mark(name):
                        await send_all(socket, [dialect.mark(reached) for reached in handset.playout.mark(name)])
                    case Clear():
                        resampler.reset()
                        await send_all(socket, [dialect.mark(dropped) for dropped in handset.clear()])
                    case Mistake(reason):
                        self._timeline.note("carrier", f"the gateway sent something wrong: {reason}")
        except ConnectionClosed as err:
            self._timeline.note("carrier", f"media stream lost ({err.rcvd.code if err.rcvd else 1006})")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
