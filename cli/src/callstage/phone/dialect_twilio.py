"""Twilio: form webhooks signed with HMAC-SHA1, Media Streams in camelCase with numbers as strings, µ-law 8 kHz.

Source: Twilio, "Security" (webhooks) and "Media Streams: WebSocket messages".
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from callstage.phone.codec import PCMU
from callstage.phone.dialect import CallIds, Clear, Command, Mark, Media, Mistake
from callstage.phone.markup import Stream


def signature(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """`X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and each name and value in the order of the names."""
    signed = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class TwilioCarrier:
    """One Twilio account."""

    name = "Twilio"
    webhook_path = "/api/twilio/voice"

    def __init__(self, account_sid: str, auth_token: str) -> None:
        self._account_sid = account_sid
        self._auth_token = auth_token

    def new_call_id(self) -> str:
        return "CA" + secrets.token_hex(16)

    def webhook_parameters(self, ids: CallIds, *, is_answered: bool) -> dict[str, str]:
        return {
            "CallSid": ids.call_id,
            "AccountSid": self._account_sid,
            "ApiVersion": "2010-04-01",
            "From": ids.caller,
            "To": ids.called,
            "Caller": ids.caller,
            "Called": ids.called,
            "CallStatus": "in-progress" if is_answered else "ringing",
            "Direction": "inbound",
        }

    def webhook_headers(self, url: str, parameters: Mapping[str, str], body: bytes) -> dict[str, str]:
        return {
            "X-Twilio-Signature": signature(self._auth_token, url, parameters),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }

    def socket_headers(self, url: str) -> dict[str, str]:
        return {"X-Twilio-Signature": signature(self._auth_token, url, {})}

    def stream(self, ids: CallIds, stream: Stream) -> "MediaStreams":
        return MediaStreams("MZ" + secrets.token_hex(16), self._account_sid, ids.call_id, stream.parameters)


class MediaStreams:
    """One bidirectional stream."""

    up = PCMU
    down = PCMU

    def __init__(self, stream_sid: str, account_sid: str, call_sid: str, parameters: Mapping[str, str]) -> None:
        self._stream_sid = stream_sid
        self._account_sid = account_sid
        self._call_sid = call_sid
        self._parameters = dict(parameters)
        self._sequence = 0
        self._chunk = 0

    def opening(self) -> Sequence[str]:
        start = {
            "accountSid": self._account_sid,
            "streamSid": self._stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": self._parameters,
        }
        return [json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}), self._message("start", start)]

    def media(self, payload: bytes) -> str:
        self._chunk += 1
        audio = base64.b64encode(payload).decode()
        return self._message("media", {"track": "inbound", "chunk": str(self._chunk), "timestamp": str((self._chunk - 1) * 20), "payload": audio})

    def mark(self, name: str) -> str:
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        return self._message("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})

    def parse(self, message: str | bytes) -> Command:
        if isinstance(message, bytes):
            return Mistake("31950: binary frame")
        try:
            data: dict[str, Any] = json.loads(message)
            if data["streamSid"] != self._stream_sid:
                return Mistake(f"unknown streamSid {data['streamSid']}")
            match data["event"]:
                case "media":
                    return Media(base64.b64decode(data["media"]["payload"], validate=True))
                case "mark":
                    return Mark(str(data["mark"]["name"]))
                case "clear":
                    return Clear()
                case other:
                    return Mistake(f"31924: unknown event {other}")
        except (ValueError, KeyError, TypeError) as err:
            return Mistake(f"31951: malformed message ({err!r})")

    def _message(self, event: str, body: Mapping[str, Any]) -> str:
        self._sequence += 1
        return json.dumps({"event": event, "sequenceNumber": str(self._sequence), "streamSid": self._stream_sid, event: body})
