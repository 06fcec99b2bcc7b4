"""`/callstage_embed.js`: the widget, one file, which pages of other origins load (rule E2)."""

import gzip
import hashlib
from pathlib import Path
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

_log = structlog.get_logger(__name__)
_MAX_AGE_S: Final = 300
"""An update is everywhere after five minutes; until then nobody asks, and then only for the ETag."""


class EmbedScript:
    """Read once: a new file comes with a new release, which is a new process."""

    def __init__(self, path: str) -> None:
        self._body = b""
        if path:
            try:
                self._body = Path(path).read_bytes()
            except OSError as err:
                _log.error("embed_script_not_read", path=path, error=err.strerror or type(err).__name__)
        self._packed = gzip.compress(self._body, 9, mtime=0)
        self._headers = {
            # Weak: packed or not, it is the same script.
            "ETag": f'W/"{hashlib.sha256(self._body).hexdigest()[:32]}"',
            "Cache-Control": f"public, max-age={_MAX_AGE_S}, stale-while-revalidate=86400",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }

    async def serve(self, request: Request) -> Response:
        """GET and HEAD."""
        if not self._body:
            return Response("the widget is not built here", 404, media_type="text/plain")
        if self._headers["ETag"] in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=self._headers)
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        headers = {**self._headers, "Content-Encoding": "gzip"} if is_packed else self._headers
        return Response(self._packed if is_packed else self._body, headers=headers, media_type="text/javascript; charset=utf-8")
