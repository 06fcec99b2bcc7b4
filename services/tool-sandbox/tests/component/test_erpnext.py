"""Proves T3 T4 V7 for ERPNext: the REST requests of the six methods and the mapping of Frappe's errors."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from callstage_kit.egress import EgressClient
from callstage_kit.egress_policy import EgressPolicy
from callstage_testing.fakes.server import FakeServer
from tool_sandbox.backends.erpnext import ErpnextBackend, FrappeLogin
from tool_sandbox.backends.port import BackendError


class FakeFrappe(FakeServer):
    """Answers by script and records."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[int, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._answer_scripted)]

    async def _answer_scripted(self, _: web.Request) -> web.Response:
        status, body = self.answers.pop(0)
        return web.json_response(body, status=status)


@pytest.fixture
async def frappe() -> AsyncIterator[FakeFrappe]:
    async with FakeFrappe() as fake:
        yield fake


@pytest.fixture
async def backend(frappe: FakeFrappe) -> AsyncIterator[ErpnextBackend]:
    async with EgressClient(EgressPolicy(["127.0.0.1"])) as egress:
        yield ErpnextBackend(FrappeLogin(frappe.base_url, "key", "secret"), egress, timeout_s=2, max_response_bytes=1 << 20)


async def test_the_six_methods(frappe: FakeFrappe, backend: ErpnextBackend) -> None:
    listed, created, changed, deleted = {"data": [{"name": "SO-1"}]}, {"data": {"name": "SO-2"}}, {"data": {}}, {"data": "ok"}
    frappe.answers += [
        (200, listed),
        (200, listed),
        (200, created),
        (200, changed),
        (202, deleted),
        (200, {"message": 5}),
        (200, {"data": "submitted"}),
    ]
    assert await backend.search_read("Sales Order", [["customer", "=", "Ann"]], ["name"], 3, {"order_by": "modified desc"}) == [{"name": "SO-1"}]
    await backend.read("Sales Order", ["SO-1"], ["name"], {})
    assert await backend.create("Sales Order", {"customer": "Ann"}, {}) == "SO-2"
    assert await backend.write("Sales Order", ["SO/2"], {"note": "n"}, {}) is True
    assert await backend.delete("Sales Order", ["SO-2"], {}) is True
    assert await backend.call("", "my_app.api.count", None, {"x": 1}) == 5
    assert await backend.call("Sales Order", "submit", ["SO-1"], {}) == "submitted"
    seen = list(frappe.requests)
    assert [(one.method, one.path) for one in seen] == [
        ("GET", "/api/resource/Sales Order"),
        ("GET", "/api/resource/Sales Order"),
        ("POST", "/api/resource/Sales Order"),
        ("PUT", "/api/resource/Sales Order/SO/2"),
        ("DELETE", "/api/resource/Sales Order/SO-2"),
        ("POST", "/api/method/my_app.api.count"),
        ("POST", "/api/resource/Sales Order/SO-1"),
    ]
    assert seen[0].headers["authorization"] == "token key:secret"
    assert json.loads(seen[0].query["filters"]) == [["customer", "=", "Ann"]]
    assert (seen[0].query["limit_page_length"], seen[0].query["order_by"]) == ("3", "modified desc")
    assert json.loads(seen[1].query["filters"]) == [["name", "in", ["SO-1"]]]
    assert seen[6].query["run_method"] == "submit"


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (401, {"exc_type": "AuthenticationError"}, "authentication", "AuthenticationError"),
        (403, {"exception": "frappe.exceptions.PermissionError: no"}, "access", "no"),
        (404, {"exc_type": "DoesNotExistError"}, "not_found", "DoesNotExist"),
        (417, {"_server_messages": json.dumps([json.dumps({"message": "Qty must be positive"})])}, "validation", "Qty must be positive"),
        (500, {"exception": "boom"}, "failed", "boom"),
    ],
)
async def test_errors(frappe: FakeFrappe, backend: ErpnextBackend, status: int, body: Any, kind: str, text: str) -> None:
    frappe.answers = [(status, body)]
    with pytest.raises(BackendError, match=text) as raised:
        await backend.create("Lead", {}, {})
    assert (raised.value.kind, raised.value.is_ambiguous) == (kind, False)


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_names_cannot_leave_their_path(backend: ErpnextBackend, name: str) -> None:
    with pytest.raises(BackendError, match="not a valid name"):
        await backend.read(name, ["x"], [], {})


async def test_customers_by_phone(frappe: FakeFrappe, backend: ErpnextBackend) -> None:
    frappe.answers = [(200, {"data": [{"name": "CUST-1", "customer_name": "Ann", "email_id": None, "mobile_no": "0471 23"}]}), (200, {"data": []})]
    (customer,) = await backend.find_customers("47123", "")
    assert (customer.customer_id, customer.name, customer.email, customer.phones) == ("CUST-1", "Ann", "", ("0471 23",))
    assert json.loads(frappe.requests[0].query["or_filters"]) == [["Customer", "mobile_no", "like", "%4%7%1%2%3%"]]
