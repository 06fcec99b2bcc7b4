"""Two static pages: what runs here, and the API reference rendered on the server, without JavaScript."""

from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; text-transform: capitalize; }
ul { padding-left: 1.2rem; } li { margin: .2rem 0; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600; }
a { color: inherit; }
"""


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def landing_page(gateway_url: str) -> str:
    """`/`."""
    return _page(
        "Callstage",
        "<h1>Callstage</h1><p>An open platform for AI phone agents. This is the control API: agents, numbers, keys, call records.</p>"
        "<ul>"
        '<li><a href="/docs">API reference</a></li>'
        '<li><a href="/openapi.json">OpenAPI document</a></li>'
        '<li><a href="/readyz">Is it ready?</a></li>'
        f"<li>Calls and browser sessions come in at <code>{escape(gateway_url)}</code></li>"
        "</ul>"
        "<p>Try: <code>curl -H 'x-api-key: vx_…' …/v1/agents</code></p>",
    )


def reference_page(document: Mapping[str, Any]) -> str:
    """`/docs`: routes of the OpenAPI document by tag."""
    sections: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            text = escape(operation.get("description", ""))
            line = f'<li><code><span class="method">{escape(method.upper())}</span>{escape(path)}</code><br>{text}</li>'
            sections.setdefault(operation.get("tags", ["other"])[0], []).append(line)
    listing = "".join(f"<section><h2>{escape(tag)}</h2><ul>{''.join(lines)}</ul></section>" for tag, lines in sections.items())
    intro = (
        "<h1>API reference</h1><p>Send an API key as <code>x-api-key</code> or <code>Authorization: Bearer vx_…</code>. "
        "Errors are <code>application/problem+json</code>. Lists take <code>limit</code> and <code>cursor</code>. "
        "POST takes an <code>Idempotency-Key</code>. "
        'Bodies and replies are described in <a href="/openapi.json">openapi.json</a>.</p>'
    )
    return _page("Callstage API reference", intro + listing)
