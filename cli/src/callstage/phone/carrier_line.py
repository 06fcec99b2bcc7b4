"""A call over a carrier, told to the timeline and ended in words for people."""

import asyncio
from urllib.parse import urlsplit

from callstage_kit.tasks import unless
from callstage_phone.call import CarrierCall, EndlessDocuments, FetchFailed
from callstage_phone.carrier import SimulatedCarrier
from callstage_phone.codec import PCMU
from callstage_phone.dialect import Mistake
from callstage_phone.events import CallEvent, StreamClosed, StreamOpened, StreamRefused
from callstage_phone.markup import BadDocument, Stream, Verb
from callstage_phone.room import Listener, Room

from callstage.phone.errors import CannotCall
from callstage.phone.timeline import Timeline

_CALLER_HUNG_UP = "the caller hung up"
_AGENT_HUNG_UP = "the agent hung up"
# Closed in order: normal, going away, no code given.
_ORDERLY = (1000, 1001, 1005)


class CarrierLine:
    """One call."""

    up_hz = PCMU.rate_hz
    recording_hz = PCMU.rate_hz
    call_id = ""

    def __init__(self, carrier: SimulatedCarrier, caller: str, called: str, timeline: Timeline) -> None:
        self._carrier = carrier
        self._name = carrier.name
        self._caller = caller
        self._called = called
        self._timeline = timeline
        self._over = asyncio.Event()
        self._call: CarrierCall | None = None
        self._streams = 0

    @property
    def room(self) -> Room | None:
        return self._call.room if self._call is not None else None

    @property
    def carrier_call_id(self) -> str:
        return self._call.call_id if self._call is not None else ""

    @property
    def is_connected(self) -> bool:
        return self._call is not None and self._call.is_streaming

    def hang_up(self) -> None:
        self._over.set()

    async def run(self, listener: Listener) -> str:
        self._timeline.note("carrier", f"{self._name} calls {self._called} from {self._caller}")
        async with self._carrier as carrier:
            self._call = call = carrier.dial(from_=self._caller, to=self._called, dial_status=None, watch=self._noted)
            call.room.listener = listener
            call.room.open()
            await unless(self._over, call.ended.wait())
            await call.hang_up()
            return self._ending(call)

    def _noted(self, event: CallEvent) -> None:
        text = self._words(event)
        if text:
            self._timeline.note("carrier", text)

    def _words(self, event: CallEvent) -> str:
        match event:
            case StreamOpened():
                self._streams += 1
                return "media stream open" if self._streams == 1 else "media stream open again"
            case StreamRefused(reason):
                return f"the media socket was not opened: {reason}"
            case StreamClosed(code):
                return "" if code in _ORDERLY or self._over.is_set() else f"media stream lost ({code})"
            case Mistake(reason):
                return f"the gateway sent something wrong: {reason}"
            case Verb(name="Redirect" | "Pause") | Verb(name="Connect", stream=Stream()):
                return ""
            case Verb(name, text):
                return f"<{name}> {text}".rstrip()

    def _ending(self, call: CarrierCall) -> str:
        if isinstance(call.failure, EndlessDocuments):
            return "the documents of the gateway run in a circle"
        if call.failure is not None:
            return self._failed(call.failure)
        match call.ended_by:
            case "caller":
                return _CALLER_HUNG_UP
            case "rejected":
                return "the call was rejected"
            case "forwarded":
                return f"the call was passed on to {call.verbs[-1].text}"
            case _:
                return _AGENT_HUNG_UP

    def _failed(self, failure: Exception) -> str:
        message = self._explained(failure)
        if not self._streams:
            raise CannotCall(message) from failure
        # A call that was up has something to report.
        self._timeline.note("carrier", message)
        return "the gateway did not come back"

    def _explained(self, failure: Exception) -> str:
        match failure:
            case FetchFailed(status=None):
                return f"No media gateway answers at {self._carrier.settings.connect_to} ({failure.reason}). Is `make run` running?"
            case FetchFailed():
                return f"The gateway refused the webhook {urlsplit(failure.url).path}: {failure.status} {failure.body[:300].strip()}"
            case BadDocument():
                return f"The gateway answered no TwiML: {failure}."
            case _:
                return f"{self._name} cannot stream: {failure}."
