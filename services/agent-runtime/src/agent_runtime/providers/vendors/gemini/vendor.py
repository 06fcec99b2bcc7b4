"""Gemini as the registry knows it."""

from agent_runtime.providers.vendor import HealthQuestion, Making, Vendor
from agent_runtime.providers.vendors.gemini.client import VENDOR
from agent_runtime.providers.vendors.gemini.live import GeminiLive
from agent_runtime.providers.vendors.gemini.llm import GeminiLlm
from agent_runtime.providers.vendors.gemini.tts import GeminiTts


def _health(making: Making) -> HealthQuestion:
    return HealthQuestion(f"{making.base_url.rstrip('/')}/v1beta/models?pageSize=1", {"x-goog-api-key": making.api_key})


def _realtime(making: Making) -> GeminiLive:
    settings = making.settings
    return GeminiLive(making.api_key, making.base_url, settings.gemini_live_model, settings.gemini_tts_voice, making.deadlines, making.egress)


GEMINI = Vendor(
    VENDOR,
    llm=lambda making: GeminiLlm(making.api_key, making.base_url, making.settings.gemini_llm_model, making.http),
    tts=lambda making: GeminiTts(making.api_key, making.base_url, making.settings.gemini_tts_model, making.settings.gemini_tts_voice, making.http),
    realtime=_realtime,
    health=_health,
)
