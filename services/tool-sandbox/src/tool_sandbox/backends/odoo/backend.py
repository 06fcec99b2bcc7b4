"""The port over either interface of Odoo."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from callstage_kit.egress import EgressClient

from tool_sandbox.backends.odoo.json_rpc import NoJsonRpc
from tool_sandbox.backends.odoo.probe import Dialect, choose
from tool_sandbox.backends.odoo.wire import VENDOR, OdooLogin, OdooWire
from tool_sandbox.backends.port import BackendError, Customer, ModelField

_CLOCK_ERROR: Final = timedelta(seconds=2)
"""An answer's date has whole seconds, and took its time to come."""


class OdooBackend:
    """How Odoo is spoken to is found out at the first use and kept; again when it was upgraded under us, or refuses the login."""

    vendor = VENDOR

    def __init__(self, login: OdooLogin, egress: EgressClient, *, timeout_s: float, max_response_bytes: int) -> None:
        self._wire = OdooWire(login, egress, timeout_s=timeout_s, max_response_bytes=max_response_bytes)
        self._dialect: Dialect | None = None
        self._choosing = asyncio.Lock()
        self._has_mobile = True

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
        uid = await (await self._spoken()).own_id()
        begin = since.astimezone(UTC) + timedelta(seconds=self._wire.ahead_s) - _CLOCK_ERROR
        domain = [["create_uid", "=", uid], ["create_date", ">=", begin.strftime("%Y-%m-%d %H:%M:%S")]]
        return await self.search_read(model, domain, ["id", *fields], limit, {"order": "id desc"})

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

    async def fields_of(self, model: str) -> list[ModelField]:
        """From `fields_get`."""
        attributes = ["string", "type", "required", "readonly", "relation", "selection"]
        described = await self._execute(model, "fields_get", None, {"attributes": attributes})
        if not isinstance(described, dict):
            raise BackendError("Odoo described no fields", kind="failed", vendor=self.vendor)
        return [_field(name, facts) for name, facts in sorted(described.items()) if isinstance(facts, dict)]

    async def log_in(self) -> str:
        """See the port."""
        self._dialect, version = await choose(self._wire)
        return version

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

    async def _execute(self, model: str, method: str, ids: Sequence[Any] | None, named: dict[str, Any]) -> Any:
        try:
            return await (await self._spoken()).execute(model, method, ids, named)
        except NoJsonRpc:
            self._dialect = None
            return await (await self._spoken()).execute(model, method, ids, named)
        except BackendError as err:
            if err.kind == "authentication":
                self._dialect = None
            raise

    async def _spoken(self) -> Dialect:
        async with self._choosing:
            if self._dialect is None:
                self._dialect, _ = await choose(self._wire)
            return self._dialect


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
