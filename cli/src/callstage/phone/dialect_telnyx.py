"""Telnyx: form webhooks signed with Ed25519, TeXML, media streaming in snake_case with numbers as strings.

Source: Telnyx, "Webhook signing", TeXML `<Stream>`, "Stream call media over WebSocket".
"""

import base64
import binascii
import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from callstage.phone.codec import Codec, codec_named
from callstage.phone.dialect import CallIds, Clear, Command, Mark, Media, Mistake
from callstage.phone.errors import CannotCall
from callstage.phone.markup import Stream


class TelnyxCarrier:
    """One Telnyx account. `private_key` is the base64 of the 32-byte Ed25519 seed; a real account keeps it to itself."""

    name = "Telnyx"
    webhook_path = "/incoming/telnyx"

    def __init__(self, private_key: str, *, leg_codec: str = "PCMU", clock: Callable[[], float] = time.time) -> None:
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key, validate=True))
        except (binascii.Error, ValueError) as err:
            raise CannotCall("--telnyx-private-key must be the base64 of a 32-byte Ed25519 seed.") from err
        self._leg_codec = leg_codec
        self._clock = clock

    def new_call_id(self) -> str:
        return "v3:" + secrets.token_urlsafe(32)

    def webhook_parameters(self, ids: CallIds, *, is_answered: bool) -> dict[str, str]:
        # Telnyx answers an inbound call before it asks what to do.
        return {
            "AccountSid": "terminal-phone",
            "CallSid": ids.call_id,
            "CallSidLegacy": ids.call_id,
            "CallerId": ids.caller,
            "CallingPartyType": "pstn",
            "ConnectionId": "1494404757140276705",
            "From": ids.caller,
            "To": ids.called,
            "CallStatus": "in-progress",
        }

    def webhook_headers(self, url: str, parameters: Mapping[str, str], body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock()))
        signature = self._key.sign(timestamp.encode() + b"|" + body)
        return {"telnyx-signature-ed25519": base64.b64encode(signature).decode(), "telnyx-timestamp": timestamp, "User-Agent": "telnyx-webhooks"}

    def socket_headers(self, url: str) -> dict[str, str]:
        return {}

    def stream(self, ids: CallIds, stream: Stream) -> "TelnyxStreaming":
        return TelnyxStreaming(str(uuid.uuid4()), ids, stream, codec_named(self._leg_codec))


class TelnyxStreaming:
    """One bidirectional stream in RTP mode; the two directions may be coded differently."""

    def __init__(self, stream_id: str, ids: CallIds, stream: Stream, leg: Codec) -> None:
        attributes = stream.attributes
        self.up = leg
        self.down = codec_named(attributes.get("bidirectionalCodec", "PCMU"), int(attributes.get("bidirectionalSamplingRate", "8000")))
        self._accepts_rtp = attributes.get("bidirectionalMode", "mp3") == "rtp"
        self._ids = ids
        self._parameters = dict(stream.parameters)
        self._stream_id = stream_id
        self._user_id = str(uuid.uuid4())
        self._sequence = 0
        self._chunk = 0

    def opening(self) -> Sequence[str]:
        start = {
            "user_id": self._user_id,
            "call_control_id": self._ids.call_id,
            "call_session_id": str(uuid.uuid4()),
            "from": self._ids.caller,
            "to": self._ids.called,
            "tags": [],
            "client_state": None,
            "custom_parameters": self._parameters,
            "media_format": {"encoding": self.up.name, "sample_rate": self.up.rate_hz, "channels": 1},
        }
        return [json.dumps({"event": "connected", "version": "1.0.0"}), self._message("start", start)]

    def media(self, payload: bytes) -> str:
        self._chunk += 1
        audio = base64.b64encode(payload).decode()
        return self._message("media", {"track": "inbound", "chunk": str(self._chunk), "timestamp": str((self._chunk - 1) * 20), "payload": audio})

    def mark(self, name: str) -> str:
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        return self._message("stop", {"user_id": self._user_id, "call_control_id": self._ids.call_id})

    def parse(self, message: str | bytes) -> Command:
        if isinstance(message, bytes):
            return Mistake("100003: binary frame")
        try:
            data: dict[str, Any] = json.loads(message)
            match data["event"]:
                case "media" if self._accepts_rtp:
                    return Media(base64.b64decode(data["media"]["payload"], validate=True))
                case "media":
                    return Mistake('audio dropped: <Stream> has no bidirectionalMode="rtp"')
                case "mark":
                    return Mark(str(data["mark"]["name"]))
                case "clear":
                    return Clear()
                case other:
                    return Mistake(f"100003: unknown event {other}")
        except (ValueError, KeyError, TypeError) as err:
            return Mistake(f"100003: malformed message ({err!r})")

    def _message(self, event: str, body: Mapping[str, Any]) -> str:
        self._sequence += 1
        return json.dumps({"event": event, "sequence_number": str(self._sequence), "stream_id": self._stream_id, event: body})
