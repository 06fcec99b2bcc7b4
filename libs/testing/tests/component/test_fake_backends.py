"""Proves that the fake Odoo answers over both of its wires, and that the fake CRM records and misbehaves as told."""

from typing import Any

import aiohttp
import pytest
from callstage_testing.fakes import CrmAnswer, FakeCrm, FakeOdoo, Fault, sign_webhook, validation_error, webhook_signature_is_valid
from callstage_testing.fakes.odoo_records import OdooRecords

PARTNERS = [
    {"name": "Deco Addict", "phone": "+32 4712", "active": True, "credit": 10.5},
    {"name": "Azure Interior", "phone": "+1 555", "active": True, "credit": 90.0},
    {"name": "Ready Mat", "phone": False, "active": False, "credit": 0.0},
]


async def rpc(http: aiohttp.ClientSession, fake: FakeOdoo, model: str, method: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    call = [fake.db, fake.uid, fake.password, model, method, list(args), kwargs]
    body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": call}}
    async with http.post(f"{fake.url}/jsonrpc", json=body) as response:
        assert response.status == 200
        return await response.json()


def seeded() -> FakeOdoo:
    fake = FakeOdoo()
    fake.define("res.partner", {"name": {"type": "char", "string": "Name", "required": True}})
    fake.seed("res.partner", PARTNERS)
    fake.define("sale.order", {"name": {}, "state": {}, "partner_id": {"type": "many2one", "relation": "res.partner"}})
    fake.seed("sale.order", [{"name": "S1", "state": "draft", "partner_id": 1}, {"name": "S2", "state": "sale", "partner_id": 2}])
    return fake


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ([["phone", "ilike", "4712"]], [1]),
        ([["name", "=", "Ready Mat"]], [3]),
        ([["phone", "=", False]], [3]),
        ([["credit", ">", 5], ["credit", "<", 50]], [1]),
        (["|", ["name", "like", "Deco"], ["name", "like", "Azure"]], [1, 2]),
        (["!", ["active", "=", True]], [3]),
        (["&", ["id", "in", [1, 3]], ["active", "!=", False]], [1]),
        ([], [1, 2, 3]),
    ],
)
async def test_domains(domain: list[Any], expected: list[int]) -> None:
    async with seeded() as fake, aiohttp.ClientSession() as http:
        assert (await rpc(http, fake, "res.partner", "search", domain))["result"] == expected


def confirm(records: OdooRecords, ids: list[int], _args: list[Any], _kwargs: dict[str, Any]) -> bool:
    for record_id in ids:
        records.tables["sale.order"][record_id]["state"] = "sale"
    return True


async def test_reads_writes_and_business_methods_over_jsonrpc() -> None:
    async with seeded() as fake, aiohttp.ClientSession() as http:
        fake.method(
            "sale.order", "action_confirm", lambda records, ids, *_: [records.tables["sale.order"][i].update(state="sale") for i in ids] and True
        )
        found = (await rpc(http, fake, "sale.order", "search_read", [["partner_id.name", "=", "Deco Addict"]], fields=["name", "partner_id"]))[
            "result"
        ]
        assert found == [{"id": 1, "name": "S1", "partner_id": [1, "Deco Addict"]}]
        assert fake.writes == []
        new = (await rpc(http, fake, "res.partner", "create", {"name": "New"}))["result"]
        assert (await rpc(http, fake, "res.partner", "write", [new], {"phone": "1"}))["result"] is True
        assert (await rpc(http, fake, "sale.order", "action_confirm", [1]))["result"] is True
        assert (await rpc(http, fake, "res.partner", "unlink", [new]))["result"] is True
        assert [write.method for write in fake.writes] == ["create", "write", "action_confirm", "unlink"]
        assert (await rpc(http, fake, "sale.order", "read", [1], ["state"]))["result"] == [{"id": 1, "state": "sale"}]
        fields = (await rpc(http, fake, "res.partner", "fields_get", attributes=["string", "type"]))["result"]
        assert fields["name"] == {
            "type": "char",
            "string": "Name",
        }


async def test_odoo_errors_are_http_200_with_a_name() -> None:
    async with seeded() as fake, aiohttp.ClientSession() as http:
        fake.deny("res.partner", "unlink")
        fake.method("sale.order", "action_confirm", lambda *_: (_ for _ in ()).throw(validation_error("no lines")))

        async def name(model: str, method: str, *args: Any) -> str:
            return (await rpc(http, fake, model, method, *args))["error"]["data"]["name"]

        assert await name("res.partner", "unlink", [1]) == "odoo.exceptions.AccessError"
        assert await name("res.partner", "write", [99], {"name": "x"}) == "odoo.exceptions.MissingError"
        assert await name("res.partner", "create", {"phone": "1"}) == "odoo.exceptions.ValidationError"
        assert await name("sale.order", "action_confirm", [1]) == "odoo.exceptions.ValidationError"
        fake.password = "rotated"
        body = {"jsonrpc": "2.0", "id": 1, "params": {"service": "common", "method": "authenticate", "args": ["demo", "bot", "odoo-key", {}]}}
        async with http.post(f"{fake.url}/jsonrpc", json=body) as response:
            assert (await response.json())["result"] is False
        assert fake.writes == []


async def test_json2_uses_real_statuses() -> None:
    async with seeded() as fake, aiohttp.ClientSession(headers={"Authorization": "bearer odoo-key"}) as http:
        async with http.post(
            f"{fake.url}/json/2/res.partner/search_read", json={"domain": [["id", "=", 1]], "fields": ["name"], "limit": 5}
        ) as response:
            assert await response.json() == [{"id": 1, "name": "Deco Addict"}]
        for path, body, status in (
            ("res.partner/read", {"ids": [99]}, 404),
            ("no.model/search", {"domain": []}, 404),
            ("res.partner/create", {"vals_list": [{"phone": "1"}]}, 422),
            ("res.partner/search", {"ids": [1], "domain": []}, 422),
        ):
            async with http.post(f"{fake.url}/json/2/{path}", json=body) as response:
                assert response.status == status, path
        async with http.post(f"{fake.url}/json/2/res.partner/search", json={}, headers={"Authorization": "bearer no"}) as response:
            assert response.status == 401
        async with http.get(f"{fake.url}/web/version") as response:
            assert (await response.json())["version"] == "19.0"


async def test_a_cut_connection_after_the_write_leaves_the_write_in() -> None:
    async with seeded() as fake, aiohttp.ClientSession() as http:
        fake.faults.add(Fault(drop_after=True), when=lambda exchange: b'"create"' in exchange.body)
        with pytest.raises(aiohttp.ClientError):
            await rpc(http, fake, "res.partner", "create", {"name": "Ghost"})
        assert [write.method for write in fake.writes] == ["create"]


async def test_crm_records_signs_and_misbehaves() -> None:
    async with FakeCrm() as fake, aiohttp.ClientSession() as http:
        fake.on("create_lead", CrmAnswer({"status": "created", "message": "Done"}), CrmAnswer(raw=b"<html>", content_type="text/html"))
        body = b'{"function":"create_lead","args":{}}'
        headers = {"X-Webhook-Timestamp": "1790000000", "X-Webhook-Signature": "sha256=" + sign_webhook("csk", "1790000000", body)}
        async with http.post(fake.url, data=body, headers=headers) as response:
            assert (await response.json())["message"] == "Done"
        async with http.post(fake.url, data=body) as response:
            assert await response.read() == b"<html>"
        fake.fail("create_lead", Fault(drop_before=True))
        with pytest.raises(aiohttp.ClientError):
            await http.post(fake.url, data=body)
        first, second, _ = fake.deliveries("create_lead")
        assert first.body == body
        assert webhook_signature_is_valid(first, "csk")
        assert not webhook_signature_is_valid(first, "other")
        assert not webhook_signature_is_valid(second, "csk")
