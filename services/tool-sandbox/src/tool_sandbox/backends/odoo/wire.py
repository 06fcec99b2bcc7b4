"""What both of Odoo's interfaces have: the address, JSON, errors by their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

import orjson
from callstage_domain.errors import CallerError, DependencyError
from callstage_kit.egress import EgressClient, EgressResponse

from tool_sandbox.backends.port import BackendError, BackendErrorKind
from tool_sandbox.values import ValueRefused, as_json, backend_time

VENDOR: Final = "odoo"
_MAX_REQUEST_BYTES: Final = 1 << 20
_UNPROCESSED_STATUS: Final = frozenset({401, 403, 404, 405, 413, 429, 503})
_KINDS: Final[dict[str, BackendErrorKind]] = {
    "AccessDenied": "authentication",
    "SessionExpiredException": "authentication",
    "Unauthorized": "authentication",
    "AccessError": "access",
    "Forbidden": "access",
    "MissingError": "not_found",
    "NotFound": "not_found",
    "ValidationError": "validation",
    "UserError": "validation",
    "RedirectWarning": "validation",
    "UnprocessableEntity": "validation",
    "ValueError": "validation",
    "TypeError": "validation",
    "KeyError": "validation",
    "AttributeError": "validation",
    "IntegrityError": "validation",
    "NotNullViolation": "validation",
    "UniqueViolation": "validation",
}


@dataclass(frozen=True, slots=True)
class OdooLogin:
    """Where and as whom. `secret` is a password or an API key; JSON-2 takes keys only."""

    url: str
    database: str
    login: str
    secret: str


class OdooWire:
    """Requests to one Odoo. Raises BackendError."""

    def __init__(self, login: OdooLogin, egress: EgressClient, *, timeout_s: float, max_response_bytes: int) -> None:
        self.login = login
        self.ahead_s = 0.0
        """By how much Odoo's clock is ahead of ours."""
        self._base = login.url.rstrip("/")
        self._egress = egress
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes

    async def get(self, path: str) -> EgressResponse:
        """Whatever the status."""
        return await self._send("GET", path, b"", {})

    async def post(self, path: str, value: object, headers: Mapping[str, str] = {}) -> EgressResponse:
        """`value` as JSON; whatever the status."""
        try:
            body = as_json(value, max_bytes=_MAX_REQUEST_BYTES, time_text=backend_time, is_strict=True)
        except ValueRefused as err:
            raise BackendError(err.message, kind="validation", vendor=VENDOR) from err
        return await self._send("POST", path, body, headers)

    def decoded(self, answer: EgressResponse, *, is_safe: bool = False) -> Any:
        """The JSON of an answer. `is_safe`: the request changed nothing, so that an answer that is none leaves nothing unknown."""
        try:
            return orjson.loads(answer.body)
        except ValueError as err:
            is_ambiguous = not is_safe and answer.status not in _UNPROCESSED_STATUS
            raise BackendError(
                f"Odoo answered with HTTP {answer.status} and no JSON", kind="unavailable", vendor=VENDOR, is_ambiguous=is_ambiguous
            ) from err

    def refuse(self, data: object, fallback: str, *, expired: bool) -> NoReturn:
        """An error object means that Odoo rolled its transaction back: nothing happened."""
        fields: dict[str, Any] = data if isinstance(data, dict) else {}
        kind = _KINDS.get(str(fields.get("name", "")).rpartition(".")[2], "failed")
        raise BackendError(str(fields.get("message") or fallback), kind="authentication" if expired else kind, vendor=VENDOR)

    async def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        try:
            answer = await self._egress.send(
                method,
                self._base + path,
                headers={"content-type": "application/json", "user-agent": "callstage", **headers},
                body=body,
                timeout_s=self._timeout_s,
                max_response_bytes=self._max_response_bytes,
            )
        except DependencyError as err:
            raise BackendError(err.message, kind="unavailable", vendor=VENDOR, is_ambiguous=err.phase != "connect") from err
        except CallerError as err:
            raise BackendError(err.message, kind="not_configured", vendor=VENDOR) from err
        self.ahead_s = _ahead_s(answer, self.ahead_s)
        return answer


def _ahead_s(answer: EgressResponse, known_s: float) -> float:
    try:
        return (parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)).total_seconds()
    except (KeyError, ValueError, TypeError):
        return known_s
