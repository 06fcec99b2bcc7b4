"""Proves T10 R1 D5: the repair loop, what counts as beyond the access rights, the prompts, and example arguments. No network."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from callstage_domain.errors import DependencyError
from callstage_kit.json_schema import violations
from control_api.compile.access import beyond
from control_api.compile.draft import AgentDraft, DraftResource, DraftStage, DraftTool, ResourceField
from control_api.compile.effects import Effect, Effects, UnknownEffect
from control_api.compile.type_check import Remark
from control_api.features.generation.example_arguments import example_of
from control_api.features.generation.prompts import Prompt, ToolWish, code_in, stage_prompt, tool_prompt
from control_api.features.generation.writer import MAX_ANSWER_CHARS, Delta, Draft, write_tool

ORDER = DraftResource(
    model="sale.order",
    access=["create", "search_read"],
    base_domain=[["state", "=", "sale"]],
    create_extra={"origin": "phone"},
    fields=[ResourceField(name="partner_id", type="many2one", relation="res.partner", required=True, description="The customer.")],
)
WISH = ToolWish("make_order", "Make an order.", {"type": "object"}, (ORDER,))
BAD = Remark(is_syntax=False, message="Name `x` used when not defined", line=2, is_error=True)


class Model:
    """Answers as told and remembers what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Prompt] = []

    async def answer(self, prompt: Prompt) -> AsyncGenerator[str]:
        self.asked.append(prompt)
        text = self.answers.pop(0)
        for start in range(0, len(text), 40_000):
            yield text[start : start + 40_000]


async def _written(model: Model, verdicts: Sequence[tuple[list[Remark], Effects]]) -> list[Draft]:
    left = list(verdicts)

    async def check(code: str) -> tuple[list[Remark], Effects]:
        return left.pop(0)

    return [step async for step in write_tool(model, WISH, check) if isinstance(step, Draft)]


async def test_good_code_is_done_at_once() -> None:
    model = Model("```python\nreturn {}\n```")
    steps = await _written(model, [([], Effects(writes=(Effect("sale.order", "create"),)))])
    assert [(step.code, step.is_good, step.is_final, step.repairs) for step in steps] == [("return {}\n", True, True, 0)]


async def test_mistakes_are_repaired_from_the_checkers_words() -> None:
    model = Model("return x", "return 1", "never asked for")
    steps = await _written(model, [([BAD], Effects()), ([], Effects())])
    assert [(step.is_good, step.is_final) for step in steps] == [(False, False), (True, True)]
    first, second = model.asked
    assert second.turns[:2] == (first.turns[0], "return x")
    assert "line 2: Name `x` used when not defined" in second.turns[2]


async def test_twice_is_enough_and_what_is_left_is_shown() -> None:
    model = Model("a", "b", "c", "d")
    steps = await _written(model, [([BAD], Effects())] * 3)
    assert [step.repairs for step in steps] == [0, 1, 2]
    assert (steps[-1].code, steps[-1].is_good, steps[-1].is_final) == ("c\n", False, True)
    assert model.answers == ["d"]


async def test_code_cannot_widen_its_own_rights() -> None:
    wide = Effects(models_read=("hr.employee",), writes=(Effect("sale.order", "delete"),), calls=(Effect("sale.order", "action_confirm"),))
    model = Model("await server.delete(...)", "again", "and again")
    steps = await _written(model, [([], wide)] * 3)
    assert not steps[-1].is_good
    assert len(steps[-1].beyond) == 3
    assert "not allowed: it uses delete on sale.order" in model.asked[1].turns[-1]


def test_what_is_beyond() -> None:
    assert beyond(Effects(models_read=("sale.order",), writes=(Effect("sale.order", "create"),)), [ORDER]) == []
    assert beyond(Effects(unknown=(UnknownEffect(3, "a model whose name is computed"),)), [ORDER]) == ["a model whose name is computed (line 3)"]
    assert beyond(Effects(integrations=(Effect("email", "send"),)), []) == []


async def test_a_model_without_end_and_one_without_words() -> None:
    with pytest.raises(DependencyError, match="does not stop"):
        await _written(Model("x" * (MAX_ANSWER_CHARS + 1)), [])
    with pytest.raises(DependencyError, match="wrote nothing"):
        await _written(Model(""), [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("```python\nreturn 1\n```", "return 1\n"),
        ("Here:\n```py\nreturn 1\n```\nand ```\nx\n```", "return 1\n"),
        ("return 1", "return 1\n"),
        ("```python\nreturn 1", "return 1\n"),
        ('```\ntext = "`a`"\nreturn text\n```', 'text = "`a`"\nreturn text\n'),
    ],
)
def test_the_code_of_an_answer(answer: str, code: str) -> None:
    assert code_in(answer) == code


async def test_deltas_are_what_the_model_wrote() -> None:
    model = Model("return {}")

    async def check(code: str) -> tuple[list[Remark], Effects]:
        return [], Effects()

    assert [step.text async for step in write_tool(model, WISH, check) if isinstance(step, Delta)] == ["return {}"]


def test_the_prompt_holds_what_the_model_must_know() -> None:
    prompt = tool_prompt(WISH)
    [asked] = prompt.turns
    for part in (
        "make_order",
        "sale.order",
        '[["state", "=", "sale"]]',
        '{"origin": "phone"}',
        "partner_id (many2one, required, → res.partner): The customer.",
    ):
        assert part in asked
    assert "class Server:" in prompt.system


def test_the_prompt_of_a_stage() -> None:
    draft = AgentDraft(
        display_name="Sofia",
        stages=[DraftStage(name="order", prompt="Old.", tools=["make_order", "end_call"])],
        tool_definitions=[DraftTool(name="make_order", description="Makes it.", code="return {}")],
    )
    [asked] = stage_prompt("Take an order.", draft, "order", ["name"]).turns
    for part in ("Sofia", "- make_order: Makes it.", "{name}", "Old.", "Take an order."):
        assert part in asked


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["phone"],
    "properties": {
        "phone": {"type": "string"},
        "email": {"type": "string", "format": "email"},
        "size": {"type": "string", "enum": ["large", "small"]},
        "quantity": {"type": "integer", "minimum": 3, "maximum": 9},
        "price": {"type": ["number", "null"], "maximum": 10},
        "urgent": {"type": "boolean"},
        "lines": {"type": "array", "minItems": 2, "items": {"type": "object", "properties": {"product": {"type": "string", "maxLength": 3}}}},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "given": {"default": "as it is"},
    },
}


def test_example_arguments_fit_their_schema() -> None:
    args = example_of(SCHEMA)
    assert violations(SCHEMA, args) == []
    assert (args["phone"], args["size"], args["quantity"], args["given"]) == ("+12025550147", "large", 3, "as it is")
    assert args["lines"] == [{"product": "cha"}] * 2


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"properties": {"a": 3}}, {"properties": {"a": {"$ref": "#"}}}, {"anyOf": [[]]}])
def test_odd_schemas_give_something(schema: dict[str, Any]) -> None:
    assert isinstance(example_of(schema), dict)
