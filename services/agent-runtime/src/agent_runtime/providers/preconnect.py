"""A call's vendors are made ready while the greeting plays, so that its first turn costs what the tenth does.

Speech-to-text opens its own socket when the call begins. For the language model and the voice this imports what they need and has a connection ready:
name, TCP and TLS. The pool bounds the connections and closes those that nobody uses.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

from callstage_kit.tasks import all_of, in_thread

from agent_runtime.providers.links import Chain, Link
from agent_runtime.providers.ports import LlmProvider, ProviderSet, TtsProvider

_AFTER_REQUEST_S = 0.01


async def preconnect(providers: ProviderSet) -> None:
    """Never fails: trouble is left to the request that meets it, which can go to another provider."""
    links = list(_first_links(providers))
    for link in links:
        if hasattr(link.provider, "warm"):
            await in_thread(_warmed, link.provider)
    lines = {(id(link.line.pool), link.line.origin): link.line for link in links if link.line is not None}
    if lines:
        await all_of(*(line.connect() for line in lines.values()))


async def keep_spare(provider: LlmProvider | TtsProvider) -> None:
    """For the time of a request that may be thrown away, and its connection with it: whoever asks then must not wait for a new one. Never fails."""
    # The request takes its connection first.
    await asyncio.sleep(_AFTER_REQUEST_S)
    link = _first_link(provider)
    if link is not None and link.line is not None:
        await link.line.spare()


def _first_links(providers: ProviderSet) -> Iterator[Link[Any]]:
    for provider in (providers.llm, providers.tts):
        link = _first_link(provider)
        if link is not None:
            yield link


def _first_link(provider: LlmProvider | TtsProvider) -> Link[Any] | None:
    return next((link for link in provider.links if not link.breaker.is_open), None) if isinstance(provider, Chain) else None


def _warmed(provider: Any) -> None:
    try:
        provider.warm()
    except (ImportError, OSError, RuntimeError):
        # What is missing is said, with its name, by the first request.
        return
