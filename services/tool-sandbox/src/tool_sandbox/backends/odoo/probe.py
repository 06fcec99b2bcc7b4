"""Which interface an Odoo is spoken to by: its version decides, and whether the secret is a key."""

from typing import Any, Final

import orjson

from tool_sandbox.backends.odoo.json2 import Json2
from tool_sandbox.backends.odoo.json_rpc import JsonRpc, NoJsonRpc
from tool_sandbox.backends.odoo.wire import VENDOR, OdooWire
from tool_sandbox.backends.port import BackendError

_FIRST_WITH_JSON2: Final = 19
Dialect = Json2 | JsonRpc


async def choose(wire: OdooWire) -> tuple[Dialect, str]:
    """The dialect, logged in, and Odoo's version. Raises BackendError; nothing was changed there."""
    version = await _version(wire)
    rpc = JsonRpc(wire)
    if major_version(version) < _FIRST_WITH_JSON2:
        try:
            version = version or await rpc.version()
            await rpc.own_id()
        except NoJsonRpc as err:
            raise BackendError(
                "no Odoo answers at this address: neither /web/version nor /jsonrpc is there", kind="not_found", vendor=VENDOR
            ) from err
        return rpc, version
    json2 = Json2(wire)
    try:
        await json2.own_id()
    except BackendError as err:
        if err.kind != "authentication":
            raise
        # A password is no key, and JSON-RPC takes both as long as it is there.
        await _log_in_by_password(rpc, err)
        return rpc, version
    return json2, version


async def _log_in_by_password(rpc: JsonRpc, refused: BackendError) -> None:
    try:
        await rpc.own_id()
    except NoJsonRpc:
        raise BackendError(f"Odoo takes API keys only, and refused this one: {refused}", kind="authentication", vendor=VENDOR) from refused


async def _version(wire: OdooWire) -> str:
    """Empty: this Odoo is older than `/web/version`."""
    answer = await wire.get("/web/version")
    if answer.status != 200:
        return ""
    try:
        about: Any = orjson.loads(answer.body)
    except ValueError:
        return ""
    return str(about.get("version", "")) if isinstance(about, dict) else ""


def major_version(version: str) -> int:
    """Of `19.0`, `saas~19.1`, `19.0+e`; 0 when it has none."""
    digits = version.rpartition("~")[2].partition(".")[0]
    return int(digits) if digits.isdecimal() else 0
