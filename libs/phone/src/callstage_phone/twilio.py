"""Twilio as a caller: signed form webhooks, TwiML, Media Streams."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from callstage_phone.call import CarrierCall
from callstage_phone.carrier import CarrierSettings, SimulatedCarrier
from callstage_phone.codec import PCMU
from callstage_phone.dialect import Clear, Command, Mark, Media, Mistake
from callstage_phone.markup import Stream


def twilio_signature(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """`X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and the parameters in the order of their names (Twilio, webhooks security)."""
    signed = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class TwilioCaller(SimulatedCarrier):
    """Plays Twilio against a gateway. A wrong `auth_token` gives wrong signatures, to see them refused."""

    name = "Twilio"

    def __init__(
        self, settings: CarrierSettings, *, auth_token: str, account_sid: str = "AC" + "0" * 32, sign_socket: bool = True, record: bool = True
    ) -> None:
        super().__init__(settings, record=record)
        self.auth_token = auth_token
        self.account_sid = account_sid
        self._sign_socket = sign_socket

    def new_call_id(self) -> str:
        return "CA" + secrets.token_hex(16)

    def webhook_parameters(self, call: CarrierCall) -> dict[str, str]:
        return {
            "CallSid": call.call_id,
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": call.from_,
            "To": call.to,
            "Caller": call.from_,
            "Called": call.to,
            "CallStatus": "in-progress" if call.streams else "ringing",
            "Direction": "inbound",
        }

    def webhook_headers(self, url: str, parameters: Mapping[str, str], body: bytes) -> dict[str, str]:
        return {
            "X-Twilio-Signature": twilio_signature(self.auth_token, url, parameters),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }

    def socket_headers(self, url: str) -> dict[str, str]:
        return {"X-Twilio-Signature": twilio_signature(self.auth_token, url, {})} if self._sign_socket else {}

    def dialect(self, call: CarrierCall, stream: Stream) -> MediaStreams:
        return MediaStreams(self.account_sid, call.call_id, stream.parameters)


class MediaStreams:
    """Twilio Media Streams, bidirectional: camelCase, numbers as strings, µ-law 8 kHz."""

    server_codec = PCMU

    def __init__(self, account_sid: str, call_sid: str, parameters: Mapping[str, str]) -> None:
        self.stream_sid = "MZ" + secrets.token_hex(16)
        self._account_sid = account_sid
        self._call_sid = call_sid
        self._parameters = dict(parameters)
        self._sequence = 0
        self._chunk = 0

    def _next(self) -> str:
        self._sequence += 1
        return str(self._sequence)

    def _message(self, event: str, body: Mapping[str, Any]) -> str:
        return json.dumps({"event": event, "sequenceNumber": self._next(), "streamSid": self.stream_sid, event: body})

    def opening(self) -> Sequence[str]:
        start = {
            "accountSid": self._account_sid,
            "streamSid": self.stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": self._parameters,
        }
        return ['{"event":"connected","protocol":"Call","version":"1.0.0"}', self._message("start", start)]

    def media(self, payload: bytes) -> Sequence[str]:
        self._chunk += 1
        audio = base64.b64encode(payload).decode()
        return [
            f'{{"event":"media","sequenceNumber":"{self._next()}","media":{{"track":"inbound","chunk":"{self._chunk}",'
            f'"timestamp":"{self._chunk * 20 - 15}","payload":"{audio}"}},"streamSid":"{self.stream_sid}"}}'
        ]

    def dtmf(self, digit: str) -> str:
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        return self._message("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})

    def parse(self, message: str | bytes) -> Command:
        if isinstance(message, bytes):
            return Mistake("31950: binary frame")
        try:
            data: dict[str, Any] = json.loads(message)
            if data["streamSid"] != self.stream_sid:
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
