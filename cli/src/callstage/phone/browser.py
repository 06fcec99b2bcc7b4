"""A call over `/ws/voice`, as the page of a browser places it (rules WS1-WS5), told to the timeline and ended in words for people."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from callstage_kit.tasks import unless
from callstage_phone.browser import DOWN_RATE_HZ, UP_RATE_HZ, BrowserCaller, Event
from callstage_phone.dialect import Mistake
from callstage_phone.room import Listener, Room
from callstage_phone.wire_socket import HandshakeRefused

from callstage.phone.errors import CannotCall
from callstage.phone.timeline import Timeline

_REFUSALS: Mapping[int, str] = {
    4001: "The API key is not accepted.",
    4003: "The agent's model is above the plan.",
    4004: "An AI provider of the agent is missing or inactive.",
    4005: "There is no such agent, or it is not deployed.",
    4029: "Too many connections with this key; wait a minute.",
}


class BrowserLine:
    """One session. Sends PCM at 16 kHz, asks for PCM at 24 kHz."""

    up_hz = UP_RATE_HZ
    recording_hz = DOWN_RATE_HZ
    carrier_call_id = ""

    def __init__(self, gateway_url: str, api_key: str, agent_id: str, timeline: Timeline) -> None:
        query = {"api_key": api_key, "format": "pcm16_24k"} | ({"agent_id": agent_id} if agent_id else {})
        self._caller = BrowserCaller(f"{gateway_url.replace('http', 'ws', 1)}/ws/voice", query, watch=self._event)
        self._gateway_url = gateway_url
        self._timeline = timeline
        self._over = asyncio.Event()
        self.call_id = ""

    @property
    def room(self) -> Room:
        return self._caller.room

    @property
    def is_connected(self) -> bool:
        return self._caller.is_open

    def hang_up(self) -> None:
        self._over.set()

    async def run(self, listener: Listener) -> str:
        self._timeline.note("carrier", "the browser connects")
        self.room.listener = listener
        self.room.open()
        try:
            async with self._caller as caller:
                await unless(self._over, caller.until_closed())
                if self._over.is_set():
                    caller.stop()
                    return "the caller hung up"
                return await self._closed(caller)
        except HandshakeRefused as err:
            message = f"the media socket was not opened: {err}"
            raise CannotCall(f"{self._gateway_url}: {message}. Is `make run` running?") from err
        finally:
            self.room.close()

    async def _closed(self, caller: BrowserCaller) -> str:
        code = caller.close_code or 1006
        if code in _REFUSALS:
            raise CannotCall(f"{_REFUSALS[code]} ({code} {caller.close_reason or ''})".replace(" )", ")"))
        # The page plays what it has before it shows that the agent is gone.
        await unless(self._over, asyncio.sleep(self.room.playout.queued_s))
        return "the agent hung up" if code == 1000 else f"the connection was lost ({code})"

    def _event(self, event: Event | Mistake) -> None:
        if isinstance(event, Mistake):
            self._timeline.note("carrier", f"the gateway sent something wrong: {event.reason}")
            return
        data = event.data
        inner: Any = data.get("payload")
        payload: dict[str, Any] = cast(dict[str, Any], inner) if isinstance(inner, dict) else {}
        match event.type:
            case "connected":
                self.call_id = str(data.get("callId") or data.get("call_id") or "")
                self._timeline.note("carrier", f"connected to {data.get('agentName') or 'the agent'}")
            case "transcript" if payload.get("isFinal"):
                self._timeline.note("agent" if payload.get("role") == "assistant" else "you", f"transcript: {payload.get('text', '')}")
            case "error":
                self._timeline.note("carrier", f"error {payload.get('code', '')}: {payload.get('message', '')}")
            case _:
                return
