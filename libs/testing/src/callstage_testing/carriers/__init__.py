"""Simulated callers: they play a carrier or a browser against a running gateway, in real time."""

from callstage_testing.carriers.browser import BrowserCaller
from callstage_testing.carriers.call import CarrierCall
from callstage_testing.carriers.carrier import CarrierSettings
from callstage_testing.carriers.clock import TickWheel
from callstage_testing.carriers.codec import PCMA, PCMU, Codec, l16
from callstage_testing.carriers.hearing import HeardRun
from callstage_testing.carriers.room import CallOver, Said
from callstage_testing.carriers.telnyx import TelnyxCaller
from callstage_testing.carriers.twilio import TwilioCaller, twilio_signature

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
