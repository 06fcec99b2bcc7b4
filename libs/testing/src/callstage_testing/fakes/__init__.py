"""Loopback servers that speak the vendors' wire protocols. Each is used in `async with` and records what it received."""

from callstage_testing.fakes.anthropic import FakeAnthropic
from callstage_testing.fakes.crm import CrmAnswer, FakeCrm, sign_webhook, webhook_signature_is_valid
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.exchange import Exchange, Moment
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.gemini import FakeGemini
from callstage_testing.fakes.gemini_speech import FakeGeminiSpeech
from callstage_testing.fakes.mail import FakeMail, SentMail
from callstage_testing.fakes.odoo import FakeOdoo
from callstage_testing.fakes.odoo_records import OdooFault, access_error, validation_error
from callstage_testing.fakes.openai import FakeOpenAI, Reply, ToolCall, fixed_brain
from callstage_testing.fakes.openai_chunks import ApiError

__all__ = [
    "ApiError",
    "CrmAnswer",
    "Exchange",
    "FakeAnthropic",
    "FakeCrm",
    "FakeDeepgram",
    "FakeElevenLabs",
    "FakeGemini",
    "FakeGeminiSpeech",
    "FakeMail",
    "FakeOdoo",
    "FakeOpenAI",
    "Fault",
    "Moment",
    "OdooFault",
    "Reply",
    "SentMail",
    "ToolCall",
    "access_error",
    "fixed_brain",
    "sign_webhook",
    "validation_error",
    "webhook_signature_is_valid",
]
