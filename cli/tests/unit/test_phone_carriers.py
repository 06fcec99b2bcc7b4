"""Proves C1 from the carrier's side: how the terminal phone reaches the platform, and with which keys."""

import pytest
from callstage.phone.carriers import Gateway, telnyx, twilio
from callstage.phone.errors import CannotCall


def test_public_urls_are_reached_locally() -> None:
    carrier = twilio(Gateway("https://voice.example.com", "http://127.0.0.1:8081"), "AC1", "secret", query="?api_key=k")
    assert carrier.settings.webhook_url == "https://voice.example.com/api/twilio/voice?api_key=k"
    assert carrier.reach(carrier.settings.webhook_url) == "http://127.0.0.1:8081/api/twilio/voice?api_key=k"
    assert carrier.reach("wss://voice.example.com/ws/1") == "ws://127.0.0.1:8081/ws/1"
    assert carrier.reach("wss://elsewhere.example.com/ws/1") == "wss://elsewhere.example.com/ws/1"


def test_a_path_before_the_gateway_is_exchanged() -> None:
    carrier = twilio(Gateway("https://voice.example.com/voice/", "http://127.0.0.1:8081/gw"), "AC1", "secret")
    assert carrier.reach("https://voice.example.com/voice/resume?x=1") == "http://127.0.0.1:8081/gw/resume?x=1"


def test_a_seed_that_is_none_says_so() -> None:
    with pytest.raises(CannotCall, match="base64"):
        telnyx(Gateway("https://voice.example.com", "http://127.0.0.1:8081"), "not a key")
