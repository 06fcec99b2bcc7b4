"""The lines that a site owner pastes into a page (rule E2)."""

from html import escape

SCRIPT_PATH = "/callstage_embed.js"
_IDENTITY_PLACE = "https://YOUR-SITE.example/api/callstage-identity"


def script_url(gateway_url: str) -> str:
    """The media gateway serves the script, the session exchange and the socket: one host, which needs no control-api (rule N4)."""
    return gateway_url.rstrip("/") + SCRIPT_PATH


def snippet(token: str, gateway_url: str, *, require_authentication: bool) -> str:
    """With a place for the identity address where visitors have to be known."""
    identity = f'\n     data-identity-url="{_IDENTITY_PLACE}"' if require_authentication else ""
    return (
        f'<div id="callstage-embed-root"\n     data-embed-token="{escape(token)}"{identity}>\n</div>\n'
        f'<script src="{escape(script_url(gateway_url))}" defer></script>'
    )
