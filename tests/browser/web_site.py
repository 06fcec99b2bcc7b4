"""A web site on an origin of its own, with the widget on its pages."""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
from callstage_testing.stack import Stack
from playwright.sync_api import Page

from tests.browser.patience import until

_PAGE = """<!doctype html><html lang="en"><title>Corner shop</title><h1>Corner shop</h1>
<div id="callstage-embed-root" data-embed-token="{token}" {attributes}></div>
<script src="{gateway}/callstage_embed.js" defer></script></html>"""
TOLD = """window.told = [];
for (const name of ['ready', 'hidden', 'connected', 'ended'])
  document.addEventListener(`callstage:${name}`, (event) => window.told.push({name, ...event.detail}));"""
"""What the widget tells its page, for pages that load it after this."""


class Site:
    """`origin` serves one page; `identity` is what its server says of its visitor (rule E2)."""

    def __init__(self, stack: Stack, origin: str) -> None:
        self.origin = origin
        self.identity: dict[str, Any] = {}
        self._gateway = stack.dev["media_gateway"]
        self.html = ""

    def shows(self, token: str, **attributes: str) -> None:
        """From now on its page holds the widget with this token; `user_email` becomes `data-user-email`."""
        written = " ".join(f'data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        self.html = _PAGE.format(token=token, attributes=written, gateway=self._gateway)

    def opens(self, token: str, **identity: str | int) -> httpx2.Response:
        """What the widget asks the gateway (rule E3), asked without a browser."""
        headers = {"authorization": f"Bearer {token}", "origin": self.origin}
        return httpx2.post(f"{self._gateway}/api/embed/session", headers=headers, json=identity, timeout=30)

    def visit(self, page: Page) -> str:
        """Opens the page; returns the first thing that the widget tells it: `ready` or `hidden`."""
        page.add_init_script(TOLD)
        page.goto(self.origin)
        page.wait_for_function("window.told.length > 0")
        return str(page.evaluate("window.told[0].name"))


def is_known(stack: Stack, token: str) -> bool:
    """The token has reached every gateway: each connection may meet another. Known ones are refused to other pages with 403 (rule E6)."""
    headers = {"authorization": f"Bearer {token}", "origin": "https://nobody.example.com"}
    url = f"{stack.dev['media_gateway']}/api/embed/session"
    return all(httpx2.post(url, headers=headers, timeout=30).status_code == 403 for _ in range(10))


@contextmanager
def embed_tokens(api: httpx2.Client, stack: Stack, site: Site) -> Generator[Callable[..., dict[str, Any]]]:
    """Makes embed tokens for the pizzeria that the gateways know, each with its shared secret as `secret`; deletes them all."""
    made: list[str] = []

    def make(**body: Any) -> dict[str, Any]:
        reply = api.post("/v1/embed-tokens", json={"label": "Shop", "agent_id": "pizzeria", "allowed_origins": [site.origin], **body})
        assert reply.status_code == 201, reply.text
        token: dict[str, Any] = reply.json()
        made.append(token["id"])
        secret = api.post(f"/v1/embed-tokens/{token['id']}/reveal-secret").json()["shared_secret"]
        until(lambda: is_known(stack, token["token"]), "the gateways know the token")
        return {**token, "secret": secret}

    yield make
    for token_id in made:
        api.delete(f"/v1/embed-tokens/{token_id}")


@contextmanager
def running_site(stack: Stack) -> Generator[Site]:
    """On a free port of 127.0.0.1, until the block ends."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, is_page = self.path.partition("?")[0], self.path == "/"
            body = site.html if is_page else json.dumps(site.identity) if path == "/identity" else ""
            self.send_response(200 if body else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        site = Site(stack, f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield site
        server.shutdown()
        thread.join()
