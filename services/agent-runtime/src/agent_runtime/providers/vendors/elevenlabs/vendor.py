"""ElevenLabs as the registry knows it."""

from agent_runtime.providers.vendor import HealthQuestion, Making, Vendor
from agent_runtime.providers.vendors.elevenlabs.scribe import VENDOR
from agent_runtime.providers.vendors.elevenlabs.stt import ElevenLabsStt
from agent_runtime.providers.vendors.elevenlabs.tts import ElevenLabsTts


def _health(making: Making) -> HealthQuestion:
    return HealthQuestion(f"{making.base_url.rstrip('/')}/v1/models", {"xi-api-key": making.api_key})


ELEVENLABS = Vendor(
    VENDOR,
    stt=lambda making: ElevenLabsStt(making.api_key, making.base_url, making.settings.elevenlabs_stt_model, making.deadlines, making.egress),
    tts=lambda making: ElevenLabsTts(
        making.api_key, making.base_url, making.settings.elevenlabs_tts_model, making.settings.elevenlabs_voice, making.http
    ),
    health=_health,
)
