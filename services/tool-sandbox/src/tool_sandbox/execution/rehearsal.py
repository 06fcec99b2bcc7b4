"""A backend on which a tool is rehearsed: reads go through, writes are written down and not sent (rule T13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tool_sandbox.backends.port import READING_METHODS, Backend, BackendError, Customer, ModelField


@dataclass(frozen=True, slots=True)
class RehearsedWrite:
    """What would have been sent. `target` is a model; of a call `model.method`; of a webhook its address; of an
    integration `email.send`."""

    operation: Literal["create", "write", "delete", "call", "webhook", "integration"]
    target: str
    arguments: dict[str, Any]


class Rehearsal:
    """Implements `Backend`. A record that was only rehearsed has an id that no backend gives (-1, -2 … or `REHEARSED-1`) and can be read back."""

    def __init__(self, backend: Backend | None) -> None:
        self._backend = backend
        self._created: dict[tuple[str, Any], dict[str, Any]] = {}
        self.writes: list[RehearsedWrite] = []

    @property
    def vendor(self) -> str:
        """That of the real one."""
        return self._backend.vendor if self._backend is not None else "none"

    async def search_read(self, model: str, domain: Sequence[Any], fields: Sequence[str], limit: int | None, extra: Mapping[str, Any]) -> Any:
        """See the port."""
        return await self._real().search_read(model, domain, fields, limit, extra)

    async def read(self, model: str, ids: Sequence[Any], fields: Sequence[str], extra: Mapping[str, Any]) -> Any:
        """Rehearsed records as they would be, the others from the backend."""
        real = [one for one in ids if (model, one) not in self._created]
        rows: Any = await self._real().read(model, real, fields, extra) if real else []
        made = [self._row(model, one, fields) for one in ids if (model, one) in self._created]
        return [*rows, *made] if isinstance(rows, list) else rows

    async def create(self, model: str, vals: Any, extra: Mapping[str, Any]) -> Any:
        """See the port."""
        self._real()
        self._record("create", model, vals=vals, extra=dict(extra))
        if isinstance(vals, list):
            return [self._made(model, dict(one)) for one in vals]
        return self._made(model, dict(vals))

    async def write(self, model: str, ids: Sequence[Any], vals: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        self._real()
        self._record("write", model, ids=list(ids), vals=dict(vals), extra=dict(extra))
        for one in ids:
            if (model, one) in self._created:
                self._created[model, one].update(vals)
        return True

    async def delete(self, model: str, ids: Sequence[Any], extra: Mapping[str, Any]) -> Any:
        """See the port."""
        self._real()
        self._record("delete", model, ids=list(ids), extra=dict(extra))
        for one in ids:
            self._created.pop((model, one), None)
        return True

    async def call(self, model: str, method: str, ids: Sequence[Any] | None, extra: Mapping[str, Any]) -> Any:
        """A method that may change something is not called; True stands for its answer."""
        if method in READING_METHODS:
            return await self._real().call(model, method, ids, extra)
        self._real()
        self._record("call", f"{model}.{method}" if model else method, **({} if ids is None else {"ids": list(ids)}), extra=dict(extra))
        return True

    async def made_since(self, model: str, since: datetime, fields: Sequence[str], limit: int) -> list[dict[str, Any]] | None:
        """Nothing was sent."""
        return None

    async def find_customers(self, phone_digits: str, email: str) -> list[Customer]:
        """See the port."""
        return await self._real().find_customers(phone_digits, email)

    async def fields_of(self, model: str) -> list[ModelField]:
        """See the port."""
        return await self._real().fields_of(model)

    async def log_in(self) -> str:
        """See the port."""
        return await self._real().log_in()

    def note(self, target: str, arguments: dict[str, Any]) -> None:
        """Something that an integration would have sent."""
        self.writes.append(RehearsedWrite("integration", target, arguments))

    def _real(self) -> Backend:
        if self._backend is None:
            raise BackendError("this agent has no backend connected", kind="not_configured", vendor="none")
        return self._backend

    def _record(self, operation: Literal["create", "write", "delete", "call"], target: str, **arguments: Any) -> None:
        kept = {name: value for name, value in arguments.items() if name != "extra" or value}
        self.writes.append(RehearsedWrite(operation, target, kept))

    def _made(self, model: str, values: dict[str, Any]) -> int | str:
        number = len(self._created) + 1
        made: int | str = f"REHEARSED-{number}" if self.vendor == "erpnext" else -number
        self._created[model, made] = values
        return made

    def _row(self, model: str, made: Any, fields: Sequence[str]) -> dict[str, Any]:
        values = self._created[model, made]
        row = {name: values.get(name) for name in fields} if fields else dict(values)
        return {**row, ("name" if self.vendor == "erpnext" else "id"): made}
