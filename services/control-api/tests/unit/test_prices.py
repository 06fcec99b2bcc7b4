"""Proves K2: what a call costs follows from its cost inputs and the price list; without a price for one of them nothing is claimed."""

import pytest
from control_api.consumers.prices import DEFAULT_PRICES, PriceList


def test_units_and_models() -> None:
    prices = PriceList({"stt_seconds:deepgram:*": 3.6, "llm_input_tokens:openai:m": 2.0, "llm_output_tokens:openai:m": 10.0})
    usage = {
        "stt_seconds": 30,
        "stt_seconds:deepgram:nova-9": 30,
        "llm_requests:openai:m": 4,
        "llm_input_tokens:openai:m": 500_000,
        "llm_output_tokens:openai:m": 100_000,
        "carrier_seconds": 60,
    }
    assert prices.cost(usage) == pytest.approx(0.03 + 1.0 + 1.0)


def test_a_provider_without_a_price_makes_the_cost_unknown() -> None:
    prices = PriceList({"tts_characters:elevenlabs:*": 50})
    assert prices.cost({"tts_characters:elevenlabs:flash": 1000}) == pytest.approx(0.05)
    assert prices.cost({"tts_characters:elevenlabs:flash": 1000, "llm_input_tokens:mystery:": 1}) is None
    assert prices.cost({}) is None
    assert prices.cost(None) is None
    assert prices.cost({"stt_seconds": 3}) is None


def test_the_exact_model_wins_and_own_prices_replace_the_defaults() -> None:
    assert PriceList({"llm_input_tokens:x:*": 1, "llm_input_tokens:x:big": 9}).cost({"llm_input_tokens:x:big": 1_000_000}) == 9
    key = "stt_seconds:deepgram:nova-3"
    assert PriceList({key: 36.0}).cost({key: 100}) == pytest.approx(1.0)
    assert DEFAULT_PRICES[key] != 36.0


def test_the_offline_engines_cost_nothing() -> None:
    usage = {
        "stt_seconds:moonshine:": 10,
        "stt_requests:moonshine:": 1,
        "llm_requests:offline-brain:": 2,
        "llm_output_tokens:offline-brain:": 9,
        "tts_requests:offline:": 4,
        "tts_characters:offline:": 98,
    }
    assert PriceList().cost(usage) == 0


@pytest.mark.parametrize("text", ["[1]", "{", '{"openai": 1}', '{"a_b:c:d": "1"}', '{"a_b:c:d": -1}', '{"a_b:c:d": true}'])
def test_a_list_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"prices|Expecting"):
        PriceList.from_setting(text)
    assert PriceList.from_setting(' {"a_b:c:*": 2} ').cost({"a_b:c:d": 500_000}) == 1
