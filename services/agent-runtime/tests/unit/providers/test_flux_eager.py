"""Proves X2: Flux says that a turn may be over, takes it back, and is asked for it in a way that it accepts."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from agent_runtime.providers.ports import SttRequest, Transcript
from agent_runtime.providers.vendors.deepgram.turns import FluxDialogue, turns_url
from callstage_domain.audio import AudioFormat


def info(event: str, text: str, until_s: float = 1.0) -> str:
    message: dict[str, Any] = {"type": "TurnInfo", "event": event, "transcript": text, "audio_window_end": until_s, "words": []}
    return json.dumps(message)


def test_a_likely_end_is_told_and_taken_back() -> None:
    dialogue = FluxDialogue(0.3, 2.0)
    dialogue.read(json.dumps({"type": "Connected"}), 0.0)
    assert dialogue.read(info("Update", "two pizzas"), 1.0).events == (Transcript("two pizzas", is_final=False),)
    assert dialogue.read(info("EagerEndOfTurn", "two pizzas"), 1.1).events == (Transcript("two pizzas", is_final=False, is_likely_end=True),)
    assert dialogue.read(info("Update", "two pizzas"), 1.2).events == (), "it still holds"
    assert dialogue.read(info("TurnResumed", "two pizzas"), 1.3).events == (Transcript("two pizzas", is_final=False),)
    [final] = dialogue.read(info("EndOfTurn", "two pizzas and a beer"), 1.5).events
    assert (final.is_final, final.ends_turn, final.is_likely_end) == (True, True, False)


@pytest.mark.parametrize(("options", "expected"), [({}, "0.5"), ({"eot_threshold": 0.4}, "0.4"), ({"eager_eot_threshold": 0.3}, "0.3")])
def test_the_threshold_is_one_that_flux_accepts(options: dict[str, Any], expected: str) -> None:
    url = turns_url("wss://flux", "flux-general-en", SttRequest(AudioFormat.PCMU_8K, "en", options=options))
    assert parse_qs(urlsplit(url).query)["eager_eot_threshold"] == [expected]
