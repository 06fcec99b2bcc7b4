"""Proves T10 R1 T12: every ready-made tool passes the sandbox's own type check, and does to the backend what its access right says."""

import pytest
from control_api.compile.draft import AccessRight, DraftResource, ResourceField
from control_api.compile.tool_templates import Action, MissingRight, tool_for
from tool_sandbox.checks.code_checker import CodeChecker
from tool_sandbox.checks.effects import EffectSummary, effects
from tool_sandbox.execution.pool import WorkerPool

pytestmark = pytest.mark.leaks_allowed("sockets")  # the worker library keeps a pair of them for the life of the process
RIGHTS: list[AccessRight] = ["create", "read", "write", "delete", "search_read"]
RESOURCE = DraftResource(
    model="sale.order",
    description="Orders of customers.\nNever quote prices.",
    access=RIGHTS,
    base_domain=[["company_id", "=", 1], "|", ["state", "in", ["draft", "sent"]], ["note", "!=", None]],
    create_extra={"origin": "phone", "tags": [1, None], "is_urgent": True},
    fields=[
        ResourceField(name="name", type="char", readonly=True),
        ResourceField(name="partner_id", type="many2one", relation="res.partner", required=True),
        ResourceField(name="state", type="selection", choices=["draft", 'a "quoted" one\\']),
    ],
)
EXPECTED: dict[Action, EffectSummary] = {
    "search": EffectSummary(reads=("sale.order",)),
    "create": EffectSummary(writes=(("sale.order", "create"),)),
    "update": EffectSummary(reads=("sale.order",), writes=(("sale.order", "write"),)),
    "delete": EffectSummary(reads=("sale.order",), writes=(("sale.order", "delete"),)),
    "call": EffectSummary(reads=("sale.order",), calls=(("sale.order", "action_confirm"),)),
}


@pytest.mark.parametrize("action", list(EXPECTED))
async def test_templates_are_right_before_anybody_looks(action: Action) -> None:
    tool = tool_for(RESOURCE, action, "action_confirm")
    assert tool.code is not None
    assert effects(tool.code) == EXPECTED[action]
    async with WorkerPool(min_workers=1, max_workers=1, wait_s=10, runs_per_worker=10, cpu_s=5, is_hardened=False) as pool:
        assert await CodeChecker(pool).check(tool.code) == []
    assert set(tool.parameters["required"]) <= set(tool.parameters["properties"])


def test_base_domain_and_create_extra_are_in_the_code() -> None:
    assert '["company_id", "=", 1], "|", ["state", "in", ["draft", "sent"]], ["note", "!=", None]' in (tool_for(RESOURCE, "search").code or "")
    made = tool_for(RESOURCE, "create")
    assert 'vals.update({"origin": "phone", "tags": [1, None], "is_urgent": True})' in (made.code or "")
    assert (made.name, made.description) == ("create_sale_order", "Create: Orders of customers.")
    assert made.parameters["required"] == ["partner_id"]
    assert "name" not in made.parameters["properties"], "what the backend fills in is not asked of the caller"


@pytest.mark.parametrize(("action", "right"), [("search", "search_read"), ("create", "create"), ("update", "write"), ("delete", "delete")])
def test_no_code_without_the_right(action: Action, right: AccessRight) -> None:
    poor = RESOURCE.model_copy(update={"access": [one for one in RIGHTS if one != right]})
    with pytest.raises(MissingRight, match=right):
        tool_for(poor, action)
