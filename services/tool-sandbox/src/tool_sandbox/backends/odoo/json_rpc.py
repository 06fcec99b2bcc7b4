"""JSON-RPC: `/jsonrpc`, `execute_kw`. Every Odoo up to 21; it takes passwords and API keys.

Sources: odoo/documentation external_rpc_api.rst; odoo/odoo addons/rpc/controllers/jsonrpc.py.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from tool_sandbox.backends.odoo.wire import VENDOR, OdooWire
from tool_sandbox.backends.port import BackendError

_SESSION_EXPIRED: Final = 100


class NoJsonRpc(Exception):
    """This server does not speak JSON-RPC; nothing was done."""


class JsonRpc:
    """The user id is asked for once and kept; a refused call asks again, because keys and sessions expire. Raises NoJsonRpc and BackendError."""

    def __init__(self, wire: OdooWire) -> None:
        self._wire = wire
        self._uid: int | None = None
        self._authenticating = asyncio.Lock()

    async def execute(self, model: str, method: str, ids: Sequence[Any] | None, named: dict[str, Any]) -> Any:
        """A model's method."""
        positional: list[Any] = [list(ids)] if ids is not None else []
        # The names of these two parameters differ between Odoo releases; their places do not.
        for name in ("vals_list", "vals"):
            if method in ("create", "write") and name in named:
                named = dict(named)
                positional.append(named.pop(name))
        try:
            return await self._execute_kw(model, method, positional, named)
        except BackendError as err:
            if err.kind != "authentication":
                raise
            self._uid = None
            return await self._execute_kw(model, method, positional, named)

    async def own_id(self) -> int:
        """Who we are there; the credentials are checked the first time."""
        async with self._authenticating:
            if self._uid is None:
                login = self._wire.login
                uid = await self._ask("common", "authenticate", [login.database, login.login, login.secret, {}], is_safe=True)
                if not isinstance(uid, int) or isinstance(uid, bool):
                    raise BackendError("Odoo refused the login: wrong database, user or key", kind="authentication", vendor=VENDOR)
                self._uid = uid
            return self._uid

    async def version(self) -> str:
        """E.g. `17.0`; empty when it does not say."""
        about = await self._ask("common", "version", [], is_safe=True)
        return str(about.get("server_version", "")) if isinstance(about, dict) else ""

    async def _execute_kw(self, model: str, method: str, positional: list[Any], named: dict[str, Any]) -> Any:
        uid = await self.own_id()
        login = self._wire.login
        return await self._ask("object", "execute_kw", [login.database, uid, login.secret, model, method, positional, named])

    async def _ask(self, service: str, method: str, args: list[Any], *, is_safe: bool = False) -> Any:
        envelope = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": {"service": service, "method": method, "args": args}}
        answer = await self._wire.post("/jsonrpc", envelope)
        if answer.status == 404:
            raise NoJsonRpc
        reply = self._wire.decoded(answer, is_safe=is_safe)
        error = reply.get("error") if isinstance(reply, dict) else None
        if isinstance(error, dict):
            self._wire.refuse(error.get("data"), str(error.get("message", "")), expired=error.get("code") == _SESSION_EXPIRED)
        if not isinstance(reply, dict) or "result" not in reply:
            raise BackendError(f"Odoo answered with HTTP {answer.status} and no result", kind="unavailable", vendor=VENDOR, is_ambiguous=not is_safe)
        return reply["result"]
