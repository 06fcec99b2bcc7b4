"""Deploy checks of the providers that an agent names (rules A2, S5)."""

from collections.abc import Iterator

from control_api.compile.draft import AgentDraft
from control_api.compile.findings import Finding

KNOWN: dict[str, frozenset[str]] = {
    "stt": frozenset({"deepgram", "openai", "elevenlabs", "offline", "moonshine"}),
    "llm": frozenset({"openai", "groq", "gemini", "anthropic", "offline", "offline-brain"}),
    "tts": frozenset({"elevenlabs", "openai", "deepgram", "gemini", "offline", "espeak", "flite"}),
    "realtime": frozenset({"openai", "gemini"}),
}
"""Providers that every installation has by kind; one that was added (docs/adding-a-provider.md) is not among them."""


def provider_findings(draft: AgentDraft) -> Iterator[Finding]:
    """Nothing here blocks a deploy: what an installation has is known to agent-runtime alone."""
    model = draft.realtime.provider
    if model and model not in KNOWN["realtime"]:
        yield Finding("unknown_provider", "warning", f"'{model}' is no realtime provider that every installation has.")
    if model and draft.channel == "chat":
        yield Finding("realtime_unused", "warning", "A chat agent does not speak: its realtime provider is not used.")
    for kind, settings in (("stt", draft.stt), ("llm", draft.llm), ("tts", draft.tts)):
        fallbacks = settings.fallbacks or ()
        named = [settings.provider, *(fallback.provider for fallback in fallbacks)]
        for name in dict.fromkeys(name for name in named if name and name not in KNOWN[kind]):
            yield Finding("unknown_provider", "warning", f"'{name}' is no {kind} provider that every installation has.")
        if len(fallbacks) and len(set(named)) == 1:
            message = f"Every fallback of {kind} is '{named[0]}' again: when that vendor is down they are all down."
            yield Finding("fallbacks_of_one_vendor", "warning", message)
        choices = [(settings.provider, settings.model), *((fallback.provider, fallback.model) for fallback in fallbacks)]
        if kind != "tts" and len(set(choices)) < len(choices):
            yield Finding("fallback_repeated", "warning", f"The fallbacks of {kind} name the same provider and model twice.")
