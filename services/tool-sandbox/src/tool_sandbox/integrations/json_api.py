"""Vendors' JSON over HTTP, through the one door for everything that leaves (rule T7), with their errors told apart."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from callstage_domain.errors import CallerError, DependencyError
from callstage_kit.egress import EgressClient, EgressResponse

from tool_sandbox.backends.port import BackendError, BackendErrorKind

_KINDS: Final[dict[int, BackendErrorKind]] = {
    400: "validation",
    401: "authentication",
    403: "access",
    404: "not_found",
    409: "validation",
    410: "not_found",
    422: "validation",
    429: "unavailable",
    503: "unavailable",
}
_AMBIGUOUS: Final = frozenset({408, 500, 502, 504})


class JsonApi:
    """One vendor. Raises BackendError for whatever goes wrong."""

    def __init__(self, vendor: str, egress: EgressClient, *, timeout_s: float, max_response_bytes: int) -> None:
        self.vendor = vendor
        self._egress = egress
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        form: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer's object; empty when it has none."""
        content, kind = (urlencode(form).encode(), "application/x-www-form-urlencoded") if form is not None else (b"", "application/json")
        if body is not None:
            content = orjson.dumps(body)
        try:
            answer = await self._egress.send(
                method,
                url + (f"?{urlencode(query)}" if query else ""),
                headers={"content-type": kind, "accept": "application/json", "user-agent": "callstage", **(headers or {})},
                body=content,
                timeout_s=self._timeout_s,
                max_response_bytes=self._max_response_bytes,
            )
        except DependencyError as err:
            raise BackendError(err.message, kind="unavailable", vendor=self.vendor, is_ambiguous=err.phase != "connect") from err
        except CallerError as err:
            raise BackendError(err.message, kind="not_configured", vendor=self.vendor) from err
        return self._object(answer)

    def _object(self, answer: EgressResponse) -> dict[str, Any]:
        try:
            parsed: Any = orjson.loads(answer.body) if answer.body else {}
        except ValueError:
            parsed = None
        if answer.status >= 300:
            kind = _KINDS.get(answer.status, "failed")
            raise BackendError(_words(parsed) or f"HTTP {answer.status}", kind=kind, vendor=self.vendor, is_ambiguous=answer.status in _AMBIGUOUS)
        if not isinstance(parsed, dict):
            raise BackendError("the answer cannot be read", kind="unavailable", vendor=self.vendor, is_ambiguous=True)
        return parsed


def _words(body: Any) -> str:
    """Google's and Microsoft's `error.message`, OAuth's `error_description`, Twilio's `message`."""
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    inner = error.get("message") if isinstance(error, dict) else None
    return str(inner or body.get("error_description") or body.get("message") or (error if isinstance(error, str) else "") or "")
