"""Proves that commands find the platform that runs here, and that its keys never go elsewhere."""

import json
from pathlib import Path

import pytest
from callstage.target import NoPlatform, Target

DEV = {
    "control_api": "http://127.0.0.1:8080",
    "media_gateway": "http://127.0.0.1:8081",
    "api_key": "vx_1",
    "twilio_auth_token": "s",
    "services": [{}],
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dev.json").write_text(json.dumps(DEV))
    return tmp_path


def test_the_platform_that_runs_here_is_found(home: Path) -> None:
    target = Target.load(home, media_gateway="", api_key="vx_2")
    assert (target.control_api, target.public_url, target.api_key) == ("http://127.0.0.1:8080", "http://127.0.0.1:8081", "vx_2")


def test_local_keys_stay_here(home: Path) -> None:
    elsewhere = Target.load(home, media_gateway="https://voice.example.com/")
    assert elsewhere == Target(media_gateway="https://voice.example.com", public_url="https://voice.example.com")
    other_api = Target.load(home, control_api="https://api.example.com")
    assert (other_api.api_key, other_api.twilio_auth_token) == ("", "s")
    assert Target.load(home, media_gateway="http://127.0.0.1:8081/").twilio_auth_token == "s"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoPlatform, match="Is `make run` running"):
        Target.load(tmp_path).require("media_gateway")
    with pytest.raises(NoPlatform, match="Missing: number"):
        Target.load(tmp_path, media_gateway="http://x").require("media_gateway", "number")
