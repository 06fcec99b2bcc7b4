"""Odoo over JSON-RPC (`/jsonrpc`, `execute_kw`), and over JSON-2 where JSON-RPC is gone (Odoo 22 and later).

Sources: odoo/documentation external_rpc_api.rst and external_api.rst; odoo/odoo addons/rpc/controllers/{jsonrpc,json2}.py.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

import orjson
from callstage_domain.errors import CallerError, DependencyError
from callstage_kit.egress import EgressClient, EgressResponse

from tool_sandbox.backends.port import BackendError, BackendErrorKind, Customer, ModelField
from tool_sandbox.values import ValueRefused, as_json, backend_time

_SESSION_EXPIRED: Final = 100
_MAX_REQUEST_BYTES: Final = 1 << 20
_CLOCK_ERROR: Final = timedelta(seconds=2)
"""An answer's date has whole seconds, and took its time to come."""
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
    """Where and as whom."""

    url: str
    database: str
    login: str
    secret: str


class OdooBackend:
    """The user id is asked for once and kept; a refused call asks again, because keys and sessions expire."""

    vendor = "odoo"

    def __init__(self, login: OdooLogin, egress: EgressClient, *, timeout_s: float, max_response_bytes: int) -> None:
        self._login = login
        self._base = login.url.rstrip("/")
        self._egress = egress
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes
        self._uid: int | None = None
        self._authenticating = asyncio.Lock()
        self._uses_json2 = False
        self._has_mobile = True
        self._ahead_s = 0.0
        """By how much Odoo's clock is ahead of ours."""

    async def search_read(self, model: str, domain: Sequence[Any], fields: Sequence[str], limit: int | None, extra: Mapping[str, Any]) -> Any:
        """See the port."""
        named: dict[str, Any] = {"domain": list(domain), "fields": list(fields), **extra}
        if limit is not None:
            named["limit"] = limit
        return await self._execute(model, "search_read", None, named)

    async def read(self, model: str, ids: Sequence[Any], fields: Sequence[str], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        return await self._execute(model, "read", ids, {"fields": list(fields), **extra})

    async def create(self, model: str, vals: Any, extra: Mapping[str, Any]) -> Any:
        """One id for a dict, a list of ids for a list."""
        created = await self._execute(model, "create", None, {"vals_list": vals, **extra})
        return created[0] if isinstance(vals, dict) and isinstance(created, list) and len(created) == 1 else created

    async def write(self, model: str, ids: Sequence[Any], vals: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        return await self._execute(model, "write", ids, {"vals": dict(vals), **extra})

    async def delete(self, model: str, ids: Sequence[Any], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        return await self._execute(model, "unlink", ids, dict(extra))

    async def call(self, model: str, method: str, ids: Sequence[Any] | None, extra: Mapping[str, Any]) -> Any:
        """See the port."""
        return await self._execute(model, method, ids, dict(extra))

    async def made_since(self, model: str, since: datetime, fields: Sequence[str], limit: int) -> list[dict[str, Any]] | None:
        """By `create_uid` and `create_date`, which Odoo writes in UTC by its own clock."""
        uid = await self._own_id()
        begin = since.astimezone(UTC) + timedelta(seconds=self._ahead_s) - _CLOCK_ERROR
        domain = [["create_uid", "=", uid], ["create_date", ">=", begin.strftime("%Y-%m-%d %H:%M:%S")]]
        return await self.search_read(model, domain, ["id", *fields], limit, {"order": "id desc"})

    async def _own_id(self) -> int:
        if not self._uses_json2:
            try:
                return await self._authenticated()
            except _NoJsonRpc:
                self._uses_json2 = True
        context = await self._json2("res.users", "context_get", {})
        uid = context.get("uid") if isinstance(context, dict) else None
        if not isinstance(uid, int):
            raise BackendError("Odoo did not say who we are", kind="failed", vendor=self.vendor)
        return uid

    async def find_customers(self, phone_digits: str, email: str) -> list[Customer]:
        """Contacts; `mobile` is left out where this Odoo has no such field (19 and later)."""
        if self._has_mobile:
            try:
                return await self._find(phone_digits, email, ["phone", "mobile"])
            except BackendError as err:
                if err.kind != "validation":
                    raise
                self._has_mobile = False
        return await self._find(phone_digits, email, ["phone"])

    async def _find(self, phone_digits: str, email: str, phone_fields: list[str]) -> list[Customer]:
        domain: list[Any]
        if phone_digits:
            # `%` between the digits: numbers are stored with blanks, dashes and brackets.
            pattern = "%".join(phone_digits)
            domain = ["|"] * (len(phone_fields) - 1) + [[name, "ilike", pattern] for name in phone_fields]
        else:
            domain = [["email", "=ilike", email.replace("\\", "").replace("%", "").replace("_", "\\_")]]
        rows = await self.search_read("res.partner", domain, ["name", "email", *phone_fields], 80, {})
        return [
            Customer(row["id"], row.get("name") or "", row.get("email") or "", tuple(str(row[name]) for name in phone_fields if row.get(name)))
            for row in rows
        ]

    async def fields_of(self, model: str) -> list[ModelField]:
        """From `fields_get`."""
        attributes = ["string", "type", "required", "readonly", "relation", "selection"]
        described = await self._execute(model, "fields_get", None, {"attributes": attributes})
        if not isinstance(described, dict):
            raise BackendError("Odoo described no fields", kind="failed", vendor=self.vendor)
        return [_field(name, facts) for name, facts in sorted(described.items()) if isinstance(facts, dict)]

    async def log_in(self) -> str:
        """See the port."""
        self._uid = None
        try:
            version = await self._rpc("common", "version", [])
            await self._authenticated()
        except _NoJsonRpc:
            await self._json2("res.users", "context_get", {})
            answer = await self._send("GET", "/web/version", b"", {})
            version = {"server_version": orjson.loads(answer.body).get("version", "")} if answer.status == 200 else {}
        return str(version.get("server_version", "")) if isinstance(version, dict) else ""

    async def _execute(self, model: str, method: str, ids: Sequence[Any] | None, named: dict[str, Any]) -> Any:
        if not self._uses_json2:
            try:
                return await self._execute_kw(model, method, ids, named)
            except _NoJsonRpc:
                self._uses_json2 = True
        if ids is not None:
            named = {"ids": list(ids), **named}
        if method == "create" and isinstance(named.get("vals_list"), dict):
            named = {**named, "vals_list": [named["vals_list"]]}
        return await self._json2(model, method, named)

    async def _execute_kw(self, model: str, method: str, ids: Sequence[Any] | None, named: dict[str, Any]) -> Any:
        positional: list[Any] = [list(ids)] if ids is not None else []
        # The names of these two parameters differ between Odoo releases; their places do not.
        for name in ("vals_list", "vals"):
            if method in ("create", "write") and name in named:
                named = dict(named)
                positional.append(named.pop(name))
        uid = await self._authenticated()
        try:
            return await self._rpc("object", "execute_kw", [self._login.database, uid, self._login.secret, model, method, positional, named])
        except BackendError as err:
            if err.kind != "authentication":
                raise
            self._uid = None
            uid = await self._authenticated()
            return await self._rpc("object", "execute_kw", [self._login.database, uid, self._login.secret, model, method, positional, named])

    async def _authenticated(self) -> int:
        async with self._authenticating:
            if self._uid is None:
                uid = await self._rpc("common", "authenticate", [self._login.database, self._login.login, self._login.secret, {}], is_safe=True)
                if not isinstance(uid, int) or isinstance(uid, bool):
                    raise BackendError("Odoo refused the login: wrong database, user or key", kind="authentication", vendor=self.vendor)
                self._uid = uid
            return self._uid

    async def _rpc(self, service: str, method: str, args: list[Any], *, is_safe: bool = False) -> Any:
        envelope = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": {"service": service, "method": method, "args": args}}
        answer = await self._send("POST", "/jsonrpc", self._encoded(envelope), {})
        if answer.status == 404:
            raise _NoJsonRpc
        reply = self._decoded(answer, is_safe=is_safe)
        error = reply.get("error") if isinstance(reply, dict) else None
        if isinstance(error, dict):
            self._refuse(error.get("data"), str(error.get("message", "")), expired=error.get("code") == _SESSION_EXPIRED)
        if not isinstance(reply, dict) or "result" not in reply:
            raise BackendError(f"Odoo answered with HTTP {answer.status} and no result", kind="unavailable", vendor=self.vendor, is_ambiguous=True)
        return reply["result"]

    async def _json2(self, model: str, method: str, named: dict[str, Any]) -> Any:
        if not all(char.isalnum() or char in "._" for char in model + method):
            raise BackendError("the model or method name is not valid", kind="validation", vendor=self.vendor)
        headers = {"authorization": f"bearer {self._login.secret}"}
        if self._login.database:
            headers["x-odoo-database"] = self._login.database
        answer = await self._send("POST", f"/json/2/{model}/{method}", self._encoded(named), headers)
        reply = self._decoded(answer)
        if answer.status >= 400:
            self._refuse(reply, f"HTTP {answer.status}", expired=answer.status == 401)
        return reply

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
            self._ahead_s = _ahead_s(answer, self._ahead_s)
            return answer
        except DependencyError as err:
            raise BackendError(err.message, kind="unavailable", vendor=self.vendor, is_ambiguous=err.phase != "connect") from err
        except CallerError as err:
            raise BackendError(err.message, kind="not_configured", vendor=self.vendor) from err

    def _encoded(self, value: object) -> bytes:
        try:
            return as_json(value, max_bytes=_MAX_REQUEST_BYTES, time_text=backend_time, is_strict=True)
        except ValueRefused as err:
            raise BackendError(err.message, kind="validation", vendor=self.vendor) from err

    def _decoded(self, answer: EgressResponse, *, is_safe: bool = False) -> Any:
        try:
            return orjson.loads(answer.body)
        except ValueError as err:
            is_ambiguous = not is_safe and answer.status not in _UNPROCESSED_STATUS
            raise BackendError(
                f"Odoo answered with HTTP {answer.status} and no JSON", kind="unavailable", vendor=self.vendor, is_ambiguous=is_ambiguous
            ) from err

    def _refuse(self, data: object, fallback: str, *, expired: bool) -> NoReturn:
        """An error object means that Odoo rolled its transaction back: nothing happened."""
        fields: dict[str, Any] = data if isinstance(data, dict) else {}
        kind = _KINDS.get(str(fields.get("name", "")).rpartition(".")[2], "failed")
        raise BackendError(str(fields.get("message") or fallback), kind="authentication" if expired else kind, vendor=self.vendor)


class _NoJsonRpc(Exception):
    """This server does not speak JSON-RPC."""


def _ahead_s(answer: EgressResponse, known_s: float) -> float:
    try:
        return (parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)).total_seconds()
    except (KeyError, ValueError, TypeError):
        return known_s


def _field(name: str, facts: dict[str, Any]) -> ModelField:
    selection: Any = facts.get("selection") or ()
    choices = tuple(str(choice[0]) for choice in selection if isinstance(choice, (list, tuple)) and choice) if isinstance(selection, list) else ()
    return ModelField(
        name=name,
        type=str(facts.get("type", "")),
        label=str(facts.get("string") or ""),
        is_required=bool(facts.get("required")),
        is_readonly=bool(facts.get("readonly")),
        relation=str(facts.get("relation") or ""),
        choices=choices,
    )
