"""The built manager: its files, and its page for every address that is the browser's own (rules UI1, AC1).

Names under `/assets/` hold a hash of their content, so they never change; the page itself is asked for again each time, so that a
deploy reaches people with their next click.
"""

from pathlib import Path
from urllib.parse import urlsplit

from callstage_domain.errors import NotFound
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_IMMUTABLE = "public, max-age=31536000, immutable"
_NOT_PAGES = ("v1/", "api/", "assets/")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SIGNATURE_POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""Of the page in which the manager shows a mail's signature: logos of any web site, and no script at all."""


def content_security_policy(gateway_url: str, *, with_widget: bool = False) -> str:
    """Scripts only from here; sound and sockets from here and the gateway. Mantine writes `style` elements, so styles may be inline.

    `with_widget`: the page that shows the embed widget, whose script is the gateway's.
    """
    gateway = urlsplit(gateway_url)
    sources = ""
    if gateway.netloc:
        sources = f" {gateway.scheme}://{gateway.netloc} {gateway.scheme.replace('http', 'ws', 1)}://{gateway.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{sources if with_widget else ''}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"media-src 'self' blob:{sources}",
            f"connect-src 'self'{sources}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "frame-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def manager_routes(root: Path, gateway_url: str) -> list[BaseRoute]:
    """Routes for the folder that `npm run build` made. They must stand after every other route."""
    policy = content_security_policy(gateway_url)
    headers = {"Content-Security-Policy": policy, "Permissions-Policy": "microphone=(self), camera=()", "Cache-Control": "no-cache"}

    async def preview(_: Request) -> Response:
        policy = content_security_policy(gateway_url, with_widget=True)
        return FileResponse(root / "embed-preview.html", headers={**headers, "Content-Security-Policy": policy})

    async def signature_preview(_: Request) -> Response:
        return FileResponse(root / "signature-preview.html", headers={**headers, "Content-Security-Policy": SIGNATURE_POLICY})

    async def page(request: Request) -> Response:
        path = request.path_params.get("path", "")
        own = root / path
        if path.startswith(_NOT_PAGES) or request.method not in ("GET", "HEAD"):
            raise NotFound("no such address; the API is described at /docs")
        if path and "/" not in path and own.is_file():
            return FileResponse(own, headers={**headers, "Cache-Control": "public, max-age=3600"})
        return FileResponse(root / "index.html", headers=headers)

    assets = _Immutable(GZipMiddleware(StaticFiles(directory=root / "assets", check_dir=False), minimum_size=1024))
    return [
        Mount("/assets", assets),
        Route("/embed-preview", preview),
        Route("/signature-preview", signature_preview),
        Route("/{path:path}", page, methods=[*_METHODS]),
    ]


class _Immutable:
    """Adds the caching of files that never change."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def cached(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 206, 304):
                message["headers"] = [*message["headers"], (b"cache-control", _IMMUTABLE.encode())]
            await send(message)

        await self._app(scope, receive, cached)
