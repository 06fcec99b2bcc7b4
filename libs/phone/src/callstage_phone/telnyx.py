"""Telnyx as a caller: Ed25519-signed form webhooks, TeXML, media streaming."""

from __future__ import annotations

import base64
import json
import random
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from callstage_phone.call import CarrierCall
from callstage_phone.carrier import CarrierSettings, SimulatedCarrier
from callstage_phone.codec import Codec, codec_named
from callstage_phone.dialect import Clear, Command, Mark, Media, Mistake
from callstage_phone.markup import Stream
from callstage_phone.wire_socket import WireSocket

_MAX_RTP_S = 30.0
_CONNECTED = '{"event":"connected","version":"1.0.0"}'


class TelnyxCaller(SimulatedCarrier):
    """Plays Telnyx against a gateway. `private_key` is the base64 of the 32-byte Ed25519 seed (raises `ValueError` for any other).

    The leg's codec is the `codec` of the call. `shuffle` frames at a time leave in random order; with `early_drop` a first socket is
    opened and cut before `start`, as Telnyx does while it bridges. `big_endian` is the byte order of L16.
    """

    name = "Telnyx"

    def __init__(
        self,
        settings: CarrierSettings,
        *,
        private_key: str,
        account_sid: str = "acc-1",
        shuffle: int = 0,
        early_drop: bool = False,
        big_endian: bool = False,
        clock_skew_s: float = 0.0,
        record: bool = True,
    ) -> None:
        super().__init__(settings, record=record)
        self._key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key, validate=True))
        self.account_sid = account_sid
        self._shuffle = shuffle
        self._early_drop = early_drop
        self._big_endian = big_endian
        self._clock_skew_s = clock_skew_s

    @staticmethod
    def new_private_key() -> str:
        return base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()

    @property
    def public_key(self) -> str:
        """Base64 of 32 bytes, as the portal shows it."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def new_call_id(self) -> str:
        return "v3:" + secrets.token_urlsafe(32)

    def webhook_parameters(self, call: CarrierCall) -> dict[str, str]:
        return {
            "AccountSid": self.account_sid,
            "CallSid": call.call_id,
            "CallSidLegacy": call.call_id,
            "CallerId": call.from_,
            "CallingPartyType": "pstn",
            "ConnectionId": "1494404757140276705",
            "From": call.from_,
            "To": call.to,
            "CallStatus": "in-progress",
        }

    def webhook_headers(self, url: str, parameters: Mapping[str, str], body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time() + self._clock_skew_s))
        signature = self._key.sign(timestamp.encode() + b"|" + body)
        return {"telnyx-signature-ed25519": base64.b64encode(signature).decode(), "telnyx-timestamp": timestamp, "User-Agent": "telnyx-webhooks"}

    def dialect(self, call: CarrierCall, stream: Stream) -> TelnyxStreaming:
        return TelnyxStreaming(call, stream, shuffle=self._shuffle, big_endian=self._big_endian)

    async def connect(self, call: CarrierCall, url: str) -> WireSocket:
        if self._early_drop and not call.streams:
            first = await super().connect(call, url)
            first.send(_CONNECTED)
            first.abort()
            await first.closed.wait()
        return await super().connect(call, url)


class TelnyxStreaming:
    """Telnyx media streaming, bidirectional in RTP mode: snake_case, numbers as strings, codec by the leg and by the `<Stream>`."""

    def __init__(self, call: CarrierCall, stream: Stream, *, shuffle: int, big_endian: bool) -> None:
        attributes = stream.attributes
        name = attributes.get("bidirectionalCodec", "PCMU")
        self.server_codec: Codec = codec_named(name, int(attributes.get("bidirectionalSamplingRate", "8000")), big_endian=big_endian)
        self._accepts_rtp = attributes.get("bidirectionalMode", "mp3") == "rtp"
        self._call = call
        self._parameters = dict(stream.parameters)
        self._shuffle = shuffle
        self._random = random.Random(7)
        self._window: list[str] = []
        self.stream_id = str(uuid.uuid4())
        self._session_id = str(uuid.uuid4())
        self._user_id = str(uuid.uuid4())
        self._sequence = 0
        self._chunk = 0

    def _next(self) -> str:
        self._sequence += 1
        return str(self._sequence)

    def _message(self, event: str, body: Mapping[str, Any], **more: str) -> str:
        return json.dumps({"event": event, "sequence_number": self._next(), "stream_id": self.stream_id, event: body, **more})

    def opening(self) -> Sequence[str]:
        codec = self._call.room.codec
        start = {
            "user_id": self._user_id,
            "call_control_id": self._call.call_id,
            "call_session_id": self._session_id,
            "from": self._call.from_,
            "to": self._call.to,
            "tags": [],
            "client_state": None,
            "custom_parameters": self._parameters,
            "media_format": {"encoding": codec.name, "sample_rate": codec.rate_hz, "channels": 1},
        }
        return [_CONNECTED, self._message("start", start)]

    def media(self, payload: bytes) -> Sequence[str]:
        self._chunk += 1
        audio = base64.b64encode(payload).decode()
        message = (
            f'{{"event":"media","sequence_number":"{self._next()}","stream_id":"{self.stream_id}","media":{{"track":"inbound",'
            f'"chunk":"{self._chunk}","timestamp":"{self._chunk * 20 - 15}","payload":"{audio}"}}}}'
        )
        if self._shuffle < 2:
            return [message]
        self._window.append(message)
        if len(self._window) < self._shuffle:
            return []
        window, self._window = self._window, []
        self._random.shuffle(window)
        return window

    def dtmf(self, digit: str) -> str:
        return self._message("dtmf", {"digit": digit}, occurred_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))

    def mark(self, name: str) -> str:
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        return self._message("stop", {"user_id": self._user_id, "call_control_id": self._call.call_id})

    def _error(self, code: int, title: str, detail: str) -> Mistake:
        reply = {"event": "error", "stream_id": self.stream_id, "payload": {"code": code, "title": title, "detail": detail}}
        return Mistake(f"{code}: {detail}", json.dumps(reply))

    def parse(self, message: str | bytes) -> Command:
        if isinstance(message, bytes):
            return self._error(100003, "malformed_frame", "binary frames are not accepted")
        try:
            data: dict[str, Any] = json.loads(message)
            match data["event"]:
                case "media":
                    return self._media(base64.b64decode(data["media"]["payload"], validate=True))
                case "mark":
                    return Mark(str(data["mark"]["name"]))
                case "clear":
                    return Clear()
                case other:
                    return self._error(100003, "malformed_frame", f"unknown event {other}")
        except (ValueError, KeyError, TypeError) as err:
            return self._error(100003, "malformed_frame", repr(err))

    def _media(self, payload: bytes) -> Command:
        if not self._accepts_rtp:
            # Telnyx drops it without a word; a test should hear about it.
            return Mistake('raw audio dropped: <Stream> has no bidirectionalMode="rtp"')
        if self.server_codec.seconds(len(payload)) > _MAX_RTP_S:
            return self._error(100004, "invalid_media", "more than 30 s in one message")
        return Media(payload)
