"""Language models that write: OpenAI and whoever speaks its API, and Gemini, through the vendors' own SDKs."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import httpx2
from callstage_domain.errors import DependencyError
from callstage_kit.egress import CheckedTransport
from callstage_kit.egress_policy import EgressPolicy, EgressRefused
from callstage_kit.tasks import in_thread

from control_api.features.generation.prompts import Prompt

ProviderName = Literal["openai", "groq", "gemini"]
_MAX_TOKENS: Final = 16_000
_TEMPERATURE: Final = 0.2


class LanguageModel(Protocol):
    """One model of one vendor."""

    def answer(self, prompt: Prompt) -> AsyncGenerator[str]:
        """The answer's text as it comes; `aclose` cancels. Raises DependencyError."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """A model that may be used. `policy`: the address is a tenant's own, so that only what the operator allows is reached."""

    provider: ProviderName
    model: str
    api_key: str
    base_url: str
    policy: EgressPolicy | None = None


@asynccontextmanager
async def opened(access: Access, *, first_byte_s: float) -> AsyncGenerator[LanguageModel]:
    """Usable while entered. Importing an SDK takes most of a second, so that is done late and in a thread."""
    transport = CheckedTransport(access.policy, max_connections=2) if access.policy is not None else None
    timeout = httpx2.Timeout(first_byte_s, connect=10.0)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False))
        yield _Gemini(access, http, first_byte_s) if access.provider == "gemini" else _OpenAi(access, http)


class _OpenAi:
    def __init__(self, access: Access, http: httpx2.AsyncClient) -> None:
        self._access = access
        self._http = http

    async def answer(self, prompt: Prompt) -> AsyncGenerator[str]:
        sdk = await in_thread(self._sdk)
        messages = [{"role": "system", "content": prompt.system}]
        messages += [{"role": "assistant" if place % 2 else "user", "content": text} for place, text in enumerate(prompt.turns)]
        import openai

        try:
            stream = await sdk.chat.completions.create(
                model=self._access.model, messages=messages, stream=True, temperature=_TEMPERATURE, max_completion_tokens=_MAX_TOKENS
            )
            async with aclosing(stream.__aiter__()) as chunks:
                async for chunk in chunks:
                    text = chunk.choices[0].delta.content if chunk.choices else None
                    if text:
                        yield text
        except openai.APIStatusError as err:
            raise _refused(self._access.provider, err.status_code) from err
        except openai.APIError as err:
            raise _unreachable(self._access.provider, err) from err
        except (EgressRefused, httpx2.HTTPError, ValueError, AttributeError, TypeError) as err:
            raise _unreachable(self._access.provider, err) from err

    def _sdk(self) -> Any:
        from openai import AsyncOpenAI

        access, http = self._access, self._http
        return AsyncOpenAI(api_key=access.api_key, base_url=access.base_url, max_retries=0, http_client=http, timeout=http.timeout)


class _Gemini:
    def __init__(self, access: Access, http: httpx2.AsyncClient, first_byte_s: float) -> None:
        self._access = access
        self._http = http
        self._timeout_ms = int(first_byte_s * 1000)

    async def answer(self, prompt: Prompt) -> AsyncGenerator[str]:
        sdk = await in_thread(self._sdk)
        from google.genai import errors, types

        contents = [types.Content(role="model" if place % 2 else "user", parts=[types.Part(text=text)]) for place, text in enumerate(prompt.turns)]
        config = types.GenerateContentConfig(system_instruction=prompt.system, temperature=_TEMPERATURE, max_output_tokens=_MAX_TOKENS)
        try:
            stream = await sdk.aio.models.generate_content_stream(model=self._access.model, contents=contents, config=config)
            async with aclosing(stream) as chunks:
                async for chunk in chunks:
                    if chunk.text:
                        yield chunk.text
        except errors.APIError as err:
            raise _refused(self._access.provider, int(err.code or 500)) from err
        except (EgressRefused, httpx2.HTTPError, ValueError, AttributeError, TypeError) as err:
            raise _unreachable(self._access.provider, err) from err

    def _sdk(self) -> Any:
        from google.genai import Client, types

        options = types.HttpOptions(base_url=self._access.base_url, timeout=self._timeout_ms, httpx_async_client=self._http)
        return Client(api_key=self._access.api_key, http_options=options)


def _refused(provider: str, status: int) -> DependencyError:
    reasons = {401: "refuses the key", 403: "refuses the key", 404: "does not know the model", 429: "has had too many requests"}
    return DependencyError(f"{provider} {reasons.get(status, f'answers with HTTP {status}')}", vendor=provider, code="generation_failed")


def _unreachable(provider: str, error: Exception) -> DependencyError:
    if isinstance(error, EgressRefused) or isinstance(error.__cause__, EgressRefused):
        return DependencyError(f"the address of {provider} is not a public one", vendor=provider, code="generation_failed")
    return DependencyError(f"{provider} cannot be reached, or its answer cannot be read", vendor=provider, code="generation_failed")
