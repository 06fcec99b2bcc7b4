"""Odoo's external API: JSON-RPC (`/jsonrpc`) and JSON-2 (`/json/2/<model>/<method>`) over the same in-memory records."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.odoo_records import Method, OdooFault, OdooRecords, Write
from callstage_testing.fakes.server import FakeServer

# Methods of `execute_kw` whose first positional argument is not a list of ids.
_MODEL_METHODS = frozenset(
    {"search", "search_read", "search_count", "create", "fields_get", "check_access_rights", "context_get", "name_search", "default_get"}
)
_FIRST_WITH_JSON2 = 19
_STATUS_OF = {
    "odoo.exceptions.AccessDenied": 401,
    "odoo.exceptions.AccessError": 403,
    "odoo.exceptions.MissingError": 404,
    "odoo.exceptions.ValidationError": 422,
    "odoo.exceptions.UserError": 422,
    "builtins.KeyError": 404,
    "builtins.AttributeError": 404,
    "builtins.ValueError": 422,
    "builtins.TypeError": 422,
}


class FakeOdoo(FakeServer):
    """Seed with `seed`/`define`, add business methods with `method`, look at `writes`. Delays and cut connections come from `faults`.

    JSON-2 and `/web/version` are there from version 19 on; JSON-2 takes `api_key` only (empty: the password is one).
    `Fault(drop_after=True)` applies the change and then cuts the connection: the case in which a client cannot know.
    """

    def __init__(
        self,
        *,
        db: str = "demo",
        login: str = "bot",
        password: str = "odoo-key",
        uid: int = 2,
        api_key: str = "",
        version: str = "19.0",
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.db = db
        self.login = login
        self.password = password
        self.uid = uid
        self.api_key = api_key
        self.version = version
        self.records = OdooRecords()
        self.records.uid = uid
        self.define("res.users", {"name": {"type": "char"}, "login": {"type": "char"}})

    @property
    def url(self) -> str:
        return self.base_url

    @property
    def writes(self) -> list[Write]:
        """Every applied change, in order; reads do not count."""
        return self.records.writes

    @property
    def executed(self) -> list[Exchange]:
        """Requests over JSON-RPC that ran a method of a model."""
        return [exchange for exchange in self.requests if rpc_method(exchange) == "execute_kw"]

    def define(self, model: str, fields: dict[str, dict[str, Any]]) -> None:
        self.records.define(model, fields)

    def seed(self, model: str, records: list[dict[str, Any]]) -> list[int]:
        return self.records.seed(model, records)

    def method(self, model: str, name: str, body: Method) -> None:
        """Register a business method: `body(records, ids, args, kwargs)`; it may raise `OdooFault`."""
        self.records.methods[model, name] = body

    def deny(self, model: str, *methods: str) -> None:
        """Have these methods fail with AccessError."""
        self.records.denied.update((model, method) for method in methods)

    def routes(self) -> list[web.RouteDef]:
        routes = [web.post("/jsonrpc", self._jsonrpc)]
        if self._version()["server_version_info"][0] >= _FIRST_WITH_JSON2:
            routes += [web.get("/web/version", self._web_version), web.post("/json/2/{model}/{method}", self._json2)]
        return routes

    def error_body(self, status: int, message: str) -> Any:
        return {"name": "werkzeug.exceptions.HTTPException", "message": message, "arguments": [message, status], "context": {}, "debug": ""}

    def _opens(self, secret: object) -> bool:
        return bool(secret) and secret in (self.password, self.api_key)

    def _version(self) -> dict[str, Any]:
        major, _, minor = self.version.partition(".")
        info = [int(major), int(minor or 0), 0, "final", 0, ""]
        return {"server_version": self.version, "server_version_info": info, "server_serie": self.version, "protocol_version": 1}

    async def _web_version(self, _: web.Request) -> web.Response:
        return web.json_response({"version_info": self._version()["server_version_info"], "version": self.version})

    async def _jsonrpc(self, request: web.Request) -> web.Response:
        try:
            envelope: dict[str, Any] = self.exchange_of(request).json
            parameters: dict[str, Any] = envelope["params"]
            service, method, args = parameters["service"], parameters["method"], list(parameters["args"])
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400, text="Invalid JSON data")
        head = {"jsonrpc": "2.0", "id": envelope.get("id")}
        try:
            return web.json_response({**head, "result": self._dispatch(service, method, args)})
        except OdooFault as fault:
            return web.json_response({**head, "error": {"code": 200, "message": "Odoo Server Error", "data": _fault_data(fault)}})

    def _dispatch(self, service: str, method: str, args: list[Any]) -> Any:
        if service == "common" and method == "version":
            return self._version()
        if service == "common" and method in ("authenticate", "login"):
            return self.uid if args[:2] == [self.db, self.login] and self._opens(args[2]) else False
        if service != "object" or method not in ("execute_kw", "execute"):
            raise OdooFault("builtins.KeyError", f"'{service}.{method}'")
        if len(args) < 5:
            raise OdooFault("builtins.TypeError", "execute_kw() missing required arguments")
        db, uid, password, model, name = args[:5]
        if [db, uid] != [self.db, self.uid] or not self._opens(password):
            raise OdooFault("odoo.exceptions.AccessDenied", "Access Denied")
        positional = list(args[5]) if len(args) > 5 else []
        keywords: dict[str, Any] = {key: value for key, value in (args[6] if len(args) > 6 else {}).items() if key != "context"}
        if name in _MODEL_METHODS:
            return self.records.call(model, name, [], positional, keywords)
        ids = keywords.pop("ids", None) or (positional.pop(0) if positional else [])
        return self.records.call(model, name, ids if isinstance(ids, list) else [ids], positional, keywords)

    async def _json2(self, request: web.Request) -> web.Response:
        exchange = self.exchange_of(request)
        scheme, _, key = exchange.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key != (self.api_key or self.password):
            body = {
                "name": "werkzeug.exceptions.Unauthorized",
                "message": "Invalid apikey",
                "arguments": ["Invalid apikey", 401],
                "context": {},
                "debug": "",
            }
            return web.json_response(body, status=401)
        try:
            keywords: dict[str, Any] = dict(exchange.json)
        except (ValueError, TypeError):
            return web.json_response(self.error_body(400, "could not parse the body as json"), status=400)
        keywords.pop("context", None)
        ids = keywords.pop("ids", [])
        method = request.match_info["method"]
        try:
            if ids and method in _MODEL_METHODS:
                raise OdooFault("builtins.TypeError", f"cannot call {request.match_info['model']}.{method} with ids")
            return web.json_response(self.records.call(request.match_info["model"], method, ids, [], keywords))
        except OdooFault as fault:
            return web.json_response(_fault_data(fault), status=_STATUS_OF.get(fault.name, 500))


def rpc_method(exchange: Exchange) -> str:
    """`execute_kw`, `authenticate` …; empty for what is no call over JSON-RPC."""
    return str(exchange.json["params"]["method"]) if exchange.path == "/jsonrpc" else ""


def _fault_data(fault: OdooFault) -> dict[str, Any]:
    return {
        "name": fault.name,
        "message": fault.message,
        "arguments": [fault.message],
        "context": {},
        "debug": f"Traceback (most recent call last):\n{fault.name}: {fault.message}\n",
    }
