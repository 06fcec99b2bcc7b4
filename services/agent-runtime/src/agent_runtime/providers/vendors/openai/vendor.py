"""OpenAI as the registry knows it."""

from agent_runtime.providers.vendor import HealthQuestion, Making, Vendor
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.llm import OpenAiLlm
from agent_runtime.providers.vendors.openai.realtime import OpenAiRealtime
from agent_runtime.providers.vendors.openai.stt import OpenAiStt
from agent_runtime.providers.vendors.openai.transcription import VENDOR
from agent_runtime.providers.vendors.openai.tts import OpenAiTts


def _client(making: Making) -> OpenAiClient:
    return OpenAiClient(VENDOR, making.api_key, making.base_url, making.http)


def models_question(making: Making) -> HealthQuestion:
    """The list of models, which every server of this API has."""
    return HealthQuestion(f"{making.base_url.rstrip('/')}/models", {"authorization": f"Bearer {making.api_key}"})


def _realtime(making: Making) -> OpenAiRealtime:
    settings = making.settings
    names = (settings.openai_realtime_model, settings.openai_stt_model, settings.openai_tts_voice)
    return OpenAiRealtime(making.api_key, making.base_url, *names, making.deadlines, making.egress)


OPENAI = Vendor(
    VENDOR,
    stt=lambda making: OpenAiStt(making.api_key, making.base_url, making.settings.openai_stt_model, making.deadlines, making.egress),
    llm=lambda making: OpenAiLlm(_client(making), making.settings.openai_llm_model, making.settings.openai_llm_api),
    tts=lambda making: OpenAiTts(_client(making), making.settings.openai_tts_model, making.settings.openai_tts_voice),
    realtime=_realtime,
    health=models_question,
)
