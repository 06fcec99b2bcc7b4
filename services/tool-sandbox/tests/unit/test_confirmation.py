"""Proves T8: by which values a record is known again whose creation was never answered."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from tool_sandbox.backends.port import Backend
from tool_sandbox.execution.confirmation import Confirmation, matches


@pytest.mark.parametrize(
    ("vals", "row"),
    [
        ({"name": "New", "partner_id": 7}, {"name": "S00012", "partner_id": [7, "Ann"]}),
        ({"note": "Ring twice"}, {"note": "<p>Ring twice</p>"}),
        ({"phone": "+32 471 23"}, {"phone": "+3247123"}),
        ({"amount": 12.3456, "is_new": True}, {"amount": 12.35, "is_new": True}),
        ({"date": "2026-03-01"}, {"date": "2026-03-01 00:00:00"}),
        ({"name": "a", "line_ids": [[0, 0, {"qty": 1}], [0, 0, {"qty": 2}]]}, {"name": "a", "line_ids": [4, 5]}),
        ({"name": "a", "tag_ids": [[6, 0, [1, 2]]]}, {"name": "a", "tag_ids": [1, 2]}),
        ({"name": "a", "email": None}, {"name": "a", "email": False}),
    ],
)
def test_the_same(vals: dict[str, Any], row: dict[str, Any]) -> None:
    assert matches(vals, row)


@pytest.mark.parametrize(
    ("vals", "row"),
    [
        ({"name": "New"}, {"name": "S00012"}),
        ({"partner_id": 7}, {"partner_id": [8, "Bob"]}),
        ({"partner_id": 7}, {"partner_id": False}),
        ({"name": "Ann", "city": "Ghent"}, {"name": "Ann", "city": False}),
        ({"qty": 2}, {"qty": 3}),
        ({"name": "a", "line_ids": [[0, 0, {"qty": 1}]]}, {"name": "a", "line_ids": [4, 5]}),
        ({"is_new": True}, {"is_new": False}),
        ({}, {"name": "a"}),
        ({"name": "Ann"}, {"name": "Anna"}),
    ],
)
def test_another(vals: dict[str, Any], row: dict[str, Any]) -> None:
    assert not matches(vals, row)


class _Backend:
    vendor = "odoo"

    def __init__(self, *answers: list[dict[str, Any]] | None) -> None:
        self.answers = list(answers)

    async def made_since(self, *_: object) -> list[dict[str, Any]] | None:
        return self.answers.pop(0)


async def test_a_record_that_appears_a_moment_later_is_found() -> None:
    confirmation = Confirmation(cast(Backend, _Backend([], [{"id": 3, "name": "x"}])), datetime.now(UTC))
    assert await confirmation.created("sale.order", {"name": "x"}) == 3


async def test_one_answer_for_one_create() -> None:
    rows = [{"id": 3, "name": "x"}]
    confirmation = Confirmation(cast(Backend, _Backend(rows, rows, rows, rows)), datetime.now(UTC))
    assert await confirmation.created("sale.order", {"name": "x"}) == 3
    assert await confirmation.created("sale.order", {"name": "x"}) is None


class _Records:
    vendor = "odoo"

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows

    async def search_read(self, *_: object) -> list[dict[str, Any]]:
        return list(self.rows)


async def test_every_value_of_a_change_must_stand_there() -> None:
    changed = Confirmation(cast(Backend, _Records({"id": 1, "name": "x", "active": True})), datetime.now(UTC)).changed
    assert not await changed("res.partner", [1], {"name": "x", "active": False})
    assert not await changed("res.partner", [1, 2], {"name": "x"})
    assert not await changed("res.partner", [1], {})
    changed = Confirmation(cast(Backend, _Records({"id": 1, "name": "x", "active": False, "city": False})), datetime.now(UTC)).changed
    assert await changed("res.partner", [1], {"name": "x", "active": False, "city": ""})


async def test_what_cannot_be_told() -> None:
    assert await Confirmation(cast(Backend, _Backend(None)), datetime.now(UTC)).created("Lead", {"name": "x"}) is None
    assert await Confirmation(cast(Backend, _Backend()), datetime.now(UTC)).created("sale.order", [{"name": "x"}]) is None
    assert not await Confirmation(cast(Backend, _Backend()), datetime.now(UTC)).changed("sale.order", [1], {"line_ids": [[5, 0, 0]]})
