"""Proves T4: an Odoo is spoken to by the interface that its version has, and its secret may be a key or a password."""

import json
from typing import Any

import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb
from callstage_testing.fakes.exchange import Exchange
from callstage_testing.fakes.faults import Fault
from callstage_testing.fakes.odoo import FakeOdoo
from tool_sandbox.backends.odoo.probe import major_version

Sandbox = Any
pytestmark = pytest.mark.leaks_allowed("sockets")  # gRPC closes its sockets later, in threads of its own
_TOOL = 'n = await server.create("sale.order", vals={"name": "x"})\nreturn await server.read("sale.order", [n], fields=["name"])'


def _is_rpc(exchange: Exchange) -> bool:
    return exchange.path == "/jsonrpc"


def _paths(odoo: FakeOdoo) -> set[str]:
    return {exchange.path for exchange in odoo.requests}


async def _run(sandbox: Sandbox, odoo: FakeOdoo, **connection: str) -> Any:
    odoo.define("sale.order", {"name": {"type": "char"}})
    sandbox.connect(odoo, **connection)
    sandbox.code(_TOOL)
    return await sandbox.run()


async def _test(client: Any, sandbox: Sandbox, odoo: FakeOdoo, **connection: str) -> Any:
    found = sandbox.connect(odoo, **connection)
    return await client.TestBackend(pb.TestBackendRequest(tenant_id="t1", backend_json=found.model_dump_json()))


async def test_json2_from_19_on(client: Any, sandbox: Sandbox) -> None:
    async with FakeOdoo(version="19.0") as odoo:
        assert (await _test(client, sandbox, odoo)).version == "19.0"
        reply = await _run(sandbox, odoo)
        assert json.loads(reply.result_json) == {"result": [{"id": 1, "name": "x"}]}
        assert _paths(odoo) == {"/web/version", "/json/2/res.users/context_get", "/json/2/sale.order/create", "/json/2/sale.order/read"}


async def test_json_rpc_before_that(client: Any, sandbox: Sandbox) -> None:
    async with FakeOdoo(version="16.0") as odoo:
        assert (await _test(client, sandbox, odoo)).version == "16.0"
        assert json.loads((await _run(sandbox, odoo)).result_json) == {"result": [{"id": 1, "name": "x"}]}
        assert _paths(odoo) == {"/web/version", "/jsonrpc"}


async def test_a_password_is_taken_by_json_rpc(client: Any, sandbox: Sandbox) -> None:
    async with FakeOdoo(version="19.0", api_key="a-key") as odoo:
        assert (await _test(client, sandbox, odoo)).ok
        assert json.loads((await _run(sandbox, odoo)).result_json) == {"result": [{"id": 1, "name": "x"}]}
        assert odoo.executed


async def test_a_password_where_only_keys_are_left(client: Any, sandbox: Sandbox) -> None:
    async with FakeOdoo(version="22.0", api_key="a-key") as odoo:
        odoo.faults.add(Fault(status=404), times=None, when=_is_rpc)
        refused = await _test(client, sandbox, odoo)
        assert (refused.ok, refused.message) == (False, "Odoo takes API keys only, and refused this one: Invalid apikey")


async def test_a_wrong_secret_is_refused_by_both(client: Any, sandbox: Sandbox) -> None:
    async with FakeOdoo(version="19.0") as odoo:
        refused = await _test(client, sandbox, odoo, secret="nope")
        assert (refused.ok, refused.message) == (False, "Odoo refused the login: wrong database, user or key")


async def test_an_upgrade_between_two_runs_is_noticed(sandbox: Sandbox) -> None:
    async with FakeOdoo(version="22.0") as odoo:
        odoo.faults.add(Fault(status=404), when=lambda exchange: exchange.path == "/web/version")
        assert (await _run(sandbox, odoo)).status == pb.RUN_STATUS_OK
        assert odoo.executed
        odoo.faults.add(Fault(status=404), times=None, when=_is_rpc)
        reply = await sandbox.run(key="after the upgrade")
        assert json.loads(reply.result_json) == {"result": [{"id": 2, "name": "x"}]}
        assert [write.method for write in odoo.writes] == ["create", "create"]


async def test_an_address_without_an_odoo_is_named(client: Any, sandbox: Sandbox) -> None:
    async with FakeOdoo() as odoo:
        odoo.faults.add(Fault(status=404), times=None)
        refused = await _test(client, sandbox, odoo)
        assert refused.message == "no Odoo answers at this address: neither /web/version nor /jsonrpc is there"


@pytest.mark.parametrize(("version", "major"), [("19.0", 19), ("saas~19.1", 19), ("18.0+e", 18), ("20.0a1", 20), ("", 0), ("master", 0)])
def test_version_numbers(version: str, major: int) -> None:
    assert major_version(version) == major
