"""Where a tool's requests go: the hosts behind the backend, the accounts and the webhook of its agent (rule T12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from control_api.compile.draft import AgentDraft
from control_api.compile.effects import Effect, Effects, ToolEffects
from control_api.compile.snapshot import resolved_tools

_OF_PROVIDER: Final[dict[str, tuple[str, ...]]] = {
    "gmail": ("gmail.googleapis.com", "oauth2.googleapis.com"),
    "google": ("oauth2.googleapis.com", "www.googleapis.com"),
    "microsoft": ("graph.microsoft.com", "login.microsoftonline.com"),
    "twilio": ("api.twilio.com",),
}


@dataclass(frozen=True, slots=True)
class AgentHosts:
    """`integrations`: by kind, of what is attached. A port stands there when it is not the usual one."""

    backend: str | None = None
    integrations: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    webhook: str | None = None


def host_in(url: str | None) -> str | None:
    """`odoo.example.com` of an address, without name and password; None when there is none."""
    return urlsplit(url).netloc.rpartition("@")[2] or None if url else None


def hosts_of_integration(provider: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Where an account's requests go."""
    if provider == "smtp":
        return (str(settings.get("smtp_host", "")),) if settings.get("smtp_host") else ()
    return _OF_PROVIDER.get(provider, ())


def with_hosts(effects: Effects, hosts: AgentHosts) -> Effects:
    """The same with every host that the code may contact; what could not be read from it may go anywhere that the agent is connected to."""
    found: set[str] = set()
    is_open = bool(effects.unknown)
    if hosts.backend and (effects.models_read or effects.writes or effects.calls or is_open):
        found.add(hosts.backend)
    used = {effect.target for effect in effects.integrations}
    for kind, names in hosts.integrations.items():
        if kind in used or is_open:
            found.update(names)
    return replace(effects, hosts=tuple(sorted(found)))


def all_with_hosts(draft: AgentDraft, of_code: Sequence[ToolEffects], hosts: AgentHosts) -> list[ToolEffects]:
    """Of the code tools, and of the webhook tools, whose every call is one request to the webhook."""
    effects = [ToolEffects(item.tool, with_hosts(item.effects, hosts)) for item in of_code]
    if hosts.webhook is None:
        return effects
    delivered = Effects(calls=(Effect(hosts.webhook, "webhook"),), hosts=(hosts.webhook,))
    names = [name for name, tool in resolved_tools(draft).items() if tool.kind == "webhook"]
    return [*effects, *(ToolEffects(name, delivered) for name in sorted(names))]
