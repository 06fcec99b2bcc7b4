"""An example web shop with the Callstage widget: a page, a sign-in, and the address that vouches for the visitor. Python's standard library only.

    CALLSTAGE_URL=http://127.0.0.1:8081 EMBED_TOKEN=emb_… SHARED_SECRET=embs_… python server.py

Read `identity`: those few lines are what your own server needs. Everything around them is the example.
"""

import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

CALLSTAGE_URL = os.environ.get("CALLSTAGE_URL", "http://127.0.0.1:8081").rstrip("/")
EMBED_TOKEN = os.environ.get("EMBED_TOKEN", "")
SHARED_SECRET = os.environ.get("SHARED_SECRET", "")
MODE = os.environ.get("EMBED_MODE", "both")
HOST, PORT = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "9000"))

PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
STYLE = Path(__file__).with_name("page.css").read_bytes()
MAX_BODY_BYTES = 4096
visitors: dict[str, str] = {}
"""Who is signed in: session cookie → e-mail address. A real site has its own."""


def identity(email: str) -> dict[str, str | int]:
    """What the widget sends to Callstage: proof, good for two minutes and once, that this site knows its visitor."""
    now = int(time.time())
    digest = hmac.new(SHARED_SECRET.encode(), f"{email}|{now}".encode(), hashlib.sha256).hexdigest()
    return {"user_email": email, "user_hash": digest, "user_ts": now}


def policy() -> str:
    """The strict Content-Security-Policy of this page: three entries for the widget, and nothing inline."""
    socket = "ws" + CALLSTAGE_URL.removeprefix("http")
    return (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'self'; "
        f"script-src {CALLSTAGE_URL}; connect-src 'self' {CALLSTAGE_URL} {socket}"
    )


class Shop(BaseHTTPRequestHandler):
    """`/`, `/page.css`, `/sign-in`, `/sign-out`, `/api/callstage-identity`."""

    def do_GET(self) -> None:
        """Pages."""
        path = self.path.partition("?")[0]
        if path == "/":
            self._answer(200, "text/html; charset=utf-8", self._page().encode(), {"Content-Security-Policy": policy()})
        elif path == "/page.css":
            self._answer(200, "text/css; charset=utf-8", STYLE, {})
        elif path == "/api/callstage-identity":
            email = self._visitor()
            # Nobody is signed in: an empty object. An error status would do, too, and stand in the console of every visitor.
            body = identity(email) if email and SHARED_SECRET else {}
            self._answer(200, "application/json", json.dumps(body).encode(), {"Cache-Control": "no-store"})
        else:
            self._answer(404, "text/plain", b"not here", {})

    def do_POST(self) -> None:
        """Sign in as anybody (it is an example) and out again."""
        fields = parse_qs(self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)).decode(errors="replace"))
        key = secrets.token_urlsafe(16)
        if self.path == "/sign-in" and (email := fields.get("email", [""])[0].strip()):
            visitors[key] = email
            cookie = f"shop={key}; HttpOnly; SameSite=Lax; Path=/"
        else:
            visitors.pop(self._cookie(), None)
            cookie = "shop=; Max-Age=0; Path=/"
        self._answer(303, "text/plain", b"", {"Location": "/", "Set-Cookie": cookie})

    def _cookie(self) -> str:
        morsel = SimpleCookie(self.headers.get("Cookie", "")).get("shop")
        return morsel.value if morsel else ""

    def _visitor(self) -> str:
        return visitors.get(self._cookie(), "")

    def _page(self) -> str:
        email = self._visitor()
        form = (
            f'<form method="post" action="/sign-out"><p>Signed in as <strong>{escape(email)}</strong>.</p><button>Sign out</button></form>'
            if email
            else '<form method="post" action="/sign-in"><label>E-mail <input name="email" type="email" required></label>'
            "<button>Sign in</button></form>"
        )
        values = {"account": form, "token": escape(EMBED_TOKEN), "mode": escape(MODE), "callstage": escape(CALLSTAGE_URL)}
        page = PAGE
        for name, value in values.items():
            page = page.replace("{{" + name + "}}", value)
        return page

    def _answer(self, status: int, kind: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    with ThreadingHTTPServer((HOST, PORT), Shop) as server:
        sys.stdout.write(f"The shop is open: http://{HOST}:{server.server_port}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
