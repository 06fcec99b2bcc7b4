"""Groq: OpenAI's API at another address."""

from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.vendor import Vendor
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.llm import OpenAiLlm
from agent_runtime.providers.vendors.openai.vendor import models_question


def groq_llm(api_key: str, base_url: str, model: str, pool: HttpPool) -> OpenAiLlm:
    """A language model on Groq."""
    return OpenAiLlm(OpenAiClient("groq", api_key, base_url, pool), model)


GROQ = Vendor(
    "groq",
    llm=lambda making: groq_llm(making.api_key, making.base_url, making.settings.groq_llm_model, making.http),
    health=models_question,
)
