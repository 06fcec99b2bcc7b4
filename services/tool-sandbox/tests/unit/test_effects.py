"""Proves T12: the effect summary of tool code, complete or saying that it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tool_sandbox.checks.effects import EffectSummary, effects


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return {}", EffectSummary()),
        ('return await server.search_read("res.partner", domain=[])', EffectSummary(reads=("res.partner",))),
        ('return await server.read(model="res.partner", ids=[1])', EffectSummary(reads=("res.partner",))),
        (
            'n = await server.create("sale.order", vals={})\nawait server.write("sale.order", [n], {"x": 1})\nawait server.delete("sale.order", [n])',
            EffectSummary(writes=(("sale.order", "create"), ("sale.order", "delete"), ("sale.order", "write"))),
        ),
        ('await server.call("sale.order", "action_confirm", ids=[1])', EffectSummary(calls=(("sale.order", "action_confirm"),))),
        ('await server.call("sale.order", "search_count", domain=[])', EffectSummary(reads=("sale.order",))),
        (
            'm = "a" if args else "b"\nawait server.create(m if args else "c", {})',
            EffectSummary(writes=(("a", "create"), ("b", "create"), ("c", "create"))),
        ),
        ('m = "a"\nm = "b"\nawait server.create(m, {})', EffectSummary(writes=(("a", "create"), ("b", "create")))),
        ('for m in ("a", "b"):\n    await server.read(m, [1])', EffectSummary(reads=("a", "b"))),
        (
            'for m, how in (("a", "go"), ("b", "stop")):\n    await server.call(m, how, [1])',
            EffectSummary(calls=(("a", "go"), ("a", "stop"), ("b", "go"), ("b", "stop"))),
        ),
        ('s = server\nput = s.write\nawait put("a", [1], {})', EffectSummary(writes=(("a", "write"),))),
        (
            'mail = kwargs.get("integrations", {}).get("email")\nif mail:\n    await mail.send("a@b.c", "s", "t")',
            EffectSummary(integrations=(("email", "send"),)),
        ),
        (
            'i = kwargs["integrations"] or {}\nc = i["calendar"]\ns = await c.get_available_slots("1")\nawait i.get("whatsapp").send("+1", "x")',
            EffectSummary(integrations=(("calendar", "get_available_slots"), ("whatsapp", "send"))),
        ),
    ],
)
def test_what_is_written_is_found(code: str, expected: EffectSummary) -> None:
    assert effects(code) == expected


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ('await server.create(args["model"], {})', 1),
        ('x = 1\nawait server.create(f"a.{x}", {})', 2),
        ('m = "a"\nm += ".b"\nawait server.write(m, [1], {})', 3),
        ('await server.call("a", args["method"])', 1),
        ("async def put(s):\n    await s.create('a', {})\nawait put(server)", 3),
        ('await getattr(server, "create")("a", {})', 1),
        ("both = [server]\nawait both[0].create('a', {})", 1),
        ("server = args\nawait server.create('a', {})", 1),
        ('i = kwargs.get("integrations", {})\nawait i.get(args["kind"]).send()', 2),
        ("everything = kwargs\nreturn everything", 1),
        ('await server.create(*args["all"])', 1),
        ('def m(model):\n    return server.create(model, {})\nawait m("a")', 2),
        ("return x +", 0),
    ],
)
def test_what_cannot_be_read_is_said(code: str, line: int) -> None:
    summary = effects(code)
    assert not summary.is_complete
    assert line in [found for found, _ in summary.unknown], summary
    assert summary.changes_something


def test_a_tool_that_only_reads_changes_nothing() -> None:
    assert not effects('return await server.search_read("res.partner", limit=1)').changes_something
    assert effects('await server.create("res.partner", {})').changes_something


@given(st.text(max_size=300))
def test_any_text_has_a_summary(text: str) -> None:
    summary = effects(text)
    assert summary.is_complete or summary.unknown
