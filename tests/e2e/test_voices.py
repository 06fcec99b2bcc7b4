"""Proves A5 over REST and gRPC: voices to choose from, one to listen to, and the health of the providers that calls use."""

import io
import wave

import httpx2


async def test_a_voice_is_chosen_by_ear(api: httpx2.AsyncClient) -> None:
    voices = (await api.get("/v1/voices", params={"provider": "espeak", "language": "es"})).json()["voices"]
    assert voices
    assert {voice["language"].split("-")[0] for voice in voices} == {"es"}
    preview = await api.post("/v1/voices/preview", json={"provider": "espeak", "voice": voices[0]["voice"], "language": "es"})
    assert (preview.status_code, preview.headers["content-type"]) == (200, "audio/wav"), preview.text
    with wave.open(io.BytesIO(preview.content)) as wav:
        assert wav.getnframes() / wav.getframerate() > 1.0
    refused = await api.post("/v1/voices/preview", json={"provider": "elevenlabs"})
    assert (refused.status_code, refused.json()["code"]) == (422, "provider_missing"), "there is no key"


async def test_providers_say_how_they_are_and_what_they_can_do(api: httpx2.AsyncClient) -> None:
    made = await api.post("/v1/agents", json={"display_name": "Voices", "agent_id": "voices", "stt": {"provider": "moonshine"}})
    assert made.status_code == 201, made.text
    health = {item["provider"]: item for item in (await api.get("/v1/providers/health")).json()["providers"]}
    moonshine = health["moonshine"]
    assert (moonshine["configured"], moonshine["reachable"], moonshine["used_by"]) == (True, None, ["voices"])
    (kind,) = moonshine["kinds"]
    assert (kind["kind"], kind["breaker"], kind["capabilities"]["languages"]) == ("stt", "closed", ["en"])
    assert (await api.delete("/v1/agents/voices")).status_code == 204
