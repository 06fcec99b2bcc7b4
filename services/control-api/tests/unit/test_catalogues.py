"""Proves A5: every AI vendor of the platform can be asked whether it answers, and its voices are known or named in a note."""

from control_api.features.providers.probe import VENDOR_URLS
from control_api.features.voices.catalogue import NOTES, VOICES

VENDORS = {"openai", "groq", "deepgram", "elevenlabs", "gemini", "anthropic"}
SPEAKERS = {"openai", "elevenlabs", "deepgram", "gemini", "espeak"}


def test_every_vendor_has_an_address() -> None:
    assert set(VENDOR_URLS) == VENDORS
    assert all(url.startswith("https://") for url in VENDOR_URLS.values())


def test_every_speaking_vendor_has_voices_or_a_note() -> None:
    assert {voice.provider for voice in VOICES} | set(NOTES) == SPEAKERS
    known = [(voice.provider, voice.voice) for voice in VOICES]
    assert len(known) == len(set(known))


def test_voices_are_named_as_the_vendors_take_them() -> None:
    aura = {voice.voice: voice for voice in VOICES if voice.provider == "deepgram"}
    assert (aura["aura-2-thalia-en"].language, aura["aura-2-thalia-en"].gender) == ("en", "female")
    assert {voice.language for voice in aura.values()} == {"en", "es", "de", "fr", "nl", "it", "ja"}
    gemini = {voice.voice: voice for voice in VOICES if voice.provider == "gemini"}
    assert len(gemini) == 30
    assert (gemini["Kore"].language, gemini["Kore"].gender, gemini["Puck"].gender) == ("multi", "female", "male")
