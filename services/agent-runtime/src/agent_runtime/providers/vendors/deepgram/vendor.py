"""Deepgram as the registry knows it."""

from agent_runtime.providers.vendor import HealthQuestion, Making, Vendor
from agent_runtime.providers.vendors.deepgram.nova import VENDOR
from agent_runtime.providers.vendors.deepgram.stt import DeepgramByModel
from agent_runtime.providers.vendors.deepgram.tts import DeepgramTts, http_url


def _health(making: Making) -> HealthQuestion:
    return HealthQuestion(f"{http_url(making.base_url)}/v1/projects", {"authorization": f"Token {making.api_key}"})


DEEPGRAM = Vendor(
    VENDOR,
    stt=lambda making: DeepgramByModel(making.api_key, making.base_url, making.settings.deepgram_stt_model, making.deadlines, making.egress),
    tts=lambda making: DeepgramTts(making.api_key, making.base_url, making.settings.deepgram_tts_voice, making.http),
    health=_health,
)
