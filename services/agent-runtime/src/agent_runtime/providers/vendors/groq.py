"""Groq: OpenAI's API at another address."""

from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.vendors.openai.client import OpenAiClient
from agent_runtime.providers.vendors.openai.llm import OpenAiLlm


def groq_llm(api_key: str, base_url: str, model: str, pool: HttpPool) -> OpenAiLlm:
    """A language model on Groq."""
    return OpenAiLlm(OpenAiClient("groq", api_key, base_url, pool), model)
