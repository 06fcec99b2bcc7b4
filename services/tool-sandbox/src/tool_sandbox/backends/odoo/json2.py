"""JSON-2: `/json/2/<model>/<method>` with an API key. Odoo 19 and later.

Sources: odoo/documentation external_api.rst; odoo/odoo addons/rpc/controllers/json2.py.
"""

from collections.abc import Sequence
from typing import Any

from tool_sandbox.backends.odoo.wire import VENDOR, OdooWire
from tool_sandbox.backends.port import BackendError


class Json2:
    """Raises BackendError."""

    def __init__(self, wire: OdooWire) -> None:
        self._wire = wire
        self._uid: int | None = None
        self._headers = {"authorization": f"bearer {wire.login.secret}"}
        if wire.login.database:
            self._headers["x-odoo-database"] = wire.login.database

    async def execute(self, model: str, method: str, ids: Sequence[Any] | None, named: dict[str, Any]) -> Any:
        """A model's method; all its arguments have names."""
        if ids is not None:
            named = {"ids": list(ids), **named}
        if method == "create" and isinstance(named.get("vals_list"), dict):
            named = {**named, "vals_list": [named["vals_list"]]}
        if not all(char.isalnum() or char in "._" for char in model + method):
            raise BackendError("the model or method name is not valid", kind="validation", vendor=VENDOR)
        answer = await self._wire.post(f"/json/2/{model}/{method}", named, self._headers)
        reply = self._wire.decoded(answer)
        if answer.status >= 400:
            self._wire.refuse(reply, f"HTTP {answer.status}", expired=answer.status == 401)
        return reply

    async def own_id(self) -> int:
        """Who we are there; the credentials are checked the first time."""
        if self._uid is None:
            context = await self.execute("res.users", "context_get", None, {})
            uid = context.get("uid") if isinstance(context, dict) else None
            if not isinstance(uid, int):
                raise BackendError("Odoo did not say who we are", kind="failed", vendor=VENDOR)
            self._uid = uid
        return self._uid
