"""The caller's side of a call: plays a carrier or a browser against a running gateway, in real time."""

from callstage_phone.browser import BrowserCaller
from callstage_phone.call import CarrierCall
from callstage_phone.carrier import CarrierSettings
from callstage_phone.clock import TickWheel
from callstage_phone.codec import PCMA, PCMU, Codec, l16
from callstage_phone.hearing import HeardRun
from callstage_phone.room import CallOver, Said
from callstage_phone.telnyx import TelnyxCaller
from callstage_phone.twilio import TwilioCaller, twilio_signature

__all__ = [
    "PCMA",
    "PCMU",
    "BrowserCaller",
    "CallOver",
    "CarrierCall",
    "CarrierSettings",
    "Codec",
    "HeardRun",
    "Said",
    "TelnyxCaller",
    "TickWheel",
    "TwilioCaller",
    "l16",
    "twilio_signature",
]
