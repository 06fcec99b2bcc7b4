"""Anthropic as the registry knows it."""

from agent_runtime.providers.vendor import HealthQuestion, Making, Vendor
from agent_runtime.providers.vendors.anthropic.events import VENDOR
from agent_runtime.providers.vendors.anthropic.llm import AnthropicLlm, headers_of


def _health(making: Making) -> HealthQuestion:
    return HealthQuestion(f"{making.base_url.rstrip('/')}/v1/models?limit=1", headers_of(making.api_key))


ANTHROPIC = Vendor(
    VENDOR,
    llm=lambda making: AnthropicLlm(making.api_key, making.base_url, making.settings.anthropic_llm_model, making.http),
    health=_health,
)
