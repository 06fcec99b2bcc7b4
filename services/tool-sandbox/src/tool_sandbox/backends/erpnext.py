"""ERPNext and other Frappe sites over REST (`/api/resource`, `/api/method`).

Source: frappe/frappe `frappe/api/v1.py`. A model is a DocType, an id is a document name, a domain is a list of filters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn
from urllib.parse import quote, urlencode

import orjson
from callstage_domain.errors import CallerError, DependencyError
from callstage_kit.egress import EgressClient, EgressResponse

from tool_sandbox.backends.port import BackendError, BackendErrorKind, Customer, ModelField
from tool_sandbox.values import ValueRefused, as_json, backend_time

_MAX_REQUEST_BYTES: Final = 1 << 20
_KIND_OF_STATUS: Final[dict[int, BackendErrorKind]] = {
    401: "authentication",
    403: "access",
    404: "not_found",
    409: "validation",
    417: "validation",
    422: "validation",
    429: "unavailable",
    503: "unavailable",
}
_LAYOUT: Final = frozenset({"Section Break", "Column Break", "Tab Break", "Heading", "HTML", "Fold", "Button", "Image"})
_RELATIONS: Final = frozenset({"Link", "Table", "Table MultiSelect"})
_AMBIGUOUS_STATUS: Final = frozenset({408, 502, 504})


@dataclass(frozen=True, slots=True)
class FrappeLogin:
    """`key` and `secret` are those of an API user."""

    url: str
    key: str
    secret: str


class ErpnextBackend:
    """Stateless: every request carries the token."""

    vendor = "erpnext"

    def __init__(self, login: FrappeLogin, egress: EgressClient, *, timeout_s: float, max_response_bytes: int) -> None:
        self._base = login.url.rstrip("/")
        self._token = f"token {login.key}:{login.secret}" if login.key else f"token {login.secret}"
        self._egress = egress
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes

    async def search_read(self, model: str, domain: Sequence[Any], fields: Sequence[str], limit: int | None, extra: Mapping[str, Any]) -> Any:
        """See the port. No limit means all records, as with Odoo."""
        query = {"filters": list(domain), "fields": list(fields) or ["*"], "limit_page_length": limit or 0, **extra}
        return await self._request("GET", self._resource(model), query=query)

    async def read(self, model: str, ids: Sequence[Any], fields: Sequence[str], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        return await self.search_read(model, [["name", "in", list(ids)]], fields, len(ids), extra)

    async def create(self, model: str, vals: Any, extra: Mapping[str, Any]) -> Any:
        """The new document's name; a list is created one by one."""
        if isinstance(vals, list):
            raise BackendError("ERPNext creates one document per call", kind="validation", vendor=self.vendor)
        created = await self._request("POST", self._resource(model), body=dict(vals), query=extra)
        return created.get("name") if isinstance(created, dict) else created

    async def write(self, model: str, ids: Sequence[Any], vals: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        for name in ids:
            await self._request("PUT", self._resource(model, name), body=dict(vals), query=extra)
        return True

    async def delete(self, model: str, ids: Sequence[Any], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        for name in ids:
            await self._request("DELETE", self._resource(model, name), query=extra)
        return True

    async def call(self, model: str, method: str, ids: Sequence[Any] | None, extra: Mapping[str, Any]) -> Any:
        """With ids a method of those documents; with a dotted method, or an empty model, a whitelisted function."""
        if ids:
            results = [await self._request("POST", self._resource(model, name), query={"run_method": method}, body=dict(extra)) for name in ids]
            return results[0] if len(results) == 1 else results
        path = method if "." in method or not model else f"{model}.{method}"
        return await self._request("POST", f"/api/method/{self._segment(path)}", body=dict(extra))

    async def made_since(self, model: str, since: datetime, fields: Sequence[str], limit: int) -> list[dict[str, Any]] | None:
        """A site keeps its times in a zone of its own, which its API does not tell: it cannot say."""
        return None

    async def find_customers(self, phone_digits: str, email: str) -> list[Customer]:
        """Contacts, whose linked customer is the id; then customers by their own mobile number."""
        found: list[Customer] = []
        for doctype, fields in (
            ("Customer", ["name", "customer_name", "email_id", "mobile_no"]),
            ("Contact", ["name", "full_name", "email_id", "phone", "mobile_no"]),
        ):
            numbers = [name for name in fields if name in ("phone", "mobile_no")]
            wanted = (
                [[doctype, name, "like", f"%{'%'.join(phone_digits)}%"] for name in numbers] if phone_digits else [[doctype, "email_id", "=", email]]
            )
            rows = await self.search_read(doctype, [], fields, 80, {"or_filters": wanted})
            found += [
                Customer(row["name"], row.get(fields[1]) or "", row.get("email_id") or "", tuple(str(row[name]) for name in numbers if row.get(name)))
                for row in rows
            ]
        return found

    async def fields_of(self, model: str) -> list[ModelField]:
        """From the DocType's own document; layout elements are left out."""
        described = await self._request("GET", self._resource("DocType", model))
        rows: Any = described.get("fields") if isinstance(described, dict) else None
        if not isinstance(rows, list):
            raise BackendError("ERPNext described no fields", kind="failed", vendor=self.vendor)
        named = [row for row in rows if isinstance(row, dict) and row.get("fieldname") and row.get("fieldtype") not in _LAYOUT]
        return sorted((_field(row) for row in named), key=lambda field: field.name)

    async def log_in(self) -> str:
        """See the port."""
        await self._request("GET", "/api/method/frappe.auth.get_logged_user")
        try:
            versions = await self._request("GET", "/api/method/frappe.utils.change_log.get_versions")
        except BackendError:
            return ""
        app = versions.get("erpnext") or versions.get("frappe") or {} if isinstance(versions, dict) else {}
        return str(app.get("version", ""))

    def _resource(self, model: str, name: object = None) -> str:
        path = f"/api/resource/{self._segment(model)}"
        return path if name is None else f"{path}/{self._segment(str(name))}"

    def _segment(self, text: str) -> str:
        if not text or text in (".", ".."):
            raise BackendError(f"'{text}' is not a valid name", kind="validation", vendor=self.vendor)
        return quote(text, safe="")

    async def _request(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None) -> Any:
        try:
            flat = {key: value if isinstance(value, (str, int)) else self._encoded(value).decode() for key, value in (query or {}).items()}
            answer = await self._egress.send(
                method,
                self._base + path + (f"?{urlencode(flat)}" if flat else ""),
                headers={"authorization": self._token, "content-type": "application/json", "accept": "application/json", "user-agent": "callstage"},
                body=b"" if body is None else self._encoded(body),
                timeout_s=self._timeout_s,
                max_response_bytes=self._max_response_bytes,
            )
        except BackendError:
            raise
        except DependencyError as err:
            raise BackendError(err.message, kind="unavailable", vendor=self.vendor, is_ambiguous=err.phase != "connect") from err
        except CallerError as err:
            raise BackendError(err.message, kind="not_configured", vendor=self.vendor) from err
        return self._result(answer)

    def _encoded(self, value: object) -> bytes:
        try:
            return as_json(value, max_bytes=_MAX_REQUEST_BYTES, time_text=backend_time, is_strict=True)
        except ValueRefused as err:
            raise BackendError(err.message, kind="validation", vendor=self.vendor) from err

    def _result(self, answer: EgressResponse) -> Any:
        try:
            reply = orjson.loads(answer.body) if answer.body else {}
        except ValueError:
            reply = None
        if answer.status >= 300 or not isinstance(reply, dict):
            self._refuse(answer.status, reply)
        return reply.get("data", reply.get("message"))

    def _refuse(self, status: int, reply: object) -> NoReturn:
        fields: dict[str, Any] = reply if isinstance(reply, dict) else {}
        kind: BackendErrorKind = _KIND_OF_STATUS.get(status, "failed")
        is_ambiguous = status in _AMBIGUOUS_STATUS or (not isinstance(reply, dict) and status not in _KIND_OF_STATUS)
        raise BackendError(_message(fields) or f"HTTP {status}", kind=kind, vendor=self.vendor, is_ambiguous=is_ambiguous)


def _message(fields: Mapping[str, Any]) -> str:
    """The human text of a v1 error: JSON in a text in JSON, or the exception's line."""
    try:
        inner: Any = orjson.loads(fields.get("_server_messages") or "[]")
        texts = [str(orjson.loads(item).get("message", "")) for item in inner]
    except (ValueError, AttributeError, TypeError):
        texts = []
    return " ".join(text for text in texts if text) or str(fields.get("exception") or fields.get("message") or fields.get("exc_type") or "")


def _field(row: dict[str, Any]) -> ModelField:
    kind, options = str(row["fieldtype"]), str(row.get("options") or "")
    return ModelField(
        name=str(row["fieldname"]),
        type=kind,
        label=str(row.get("label") or ""),
        is_required=bool(row.get("reqd")),
        is_readonly=bool(row.get("read_only")),
        relation=options if kind in _RELATIONS else "",
        choices=tuple(line for line in options.split("\n") if line) if kind == "Select" else (),
    )
