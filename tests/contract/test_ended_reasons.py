"""Proves K5: why a call ends is a closed set that names who is at fault; whatever ends a call takes its reason from it, and none is unused."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from callstage_domain.call import EndedReason, Fault, ended_reason, fault_of

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("services", "libs") for path in sorted((ROOT / folder).glob("*/src/**/*.py")) if "testing" not in path.parts]
ENDS = {"CallEnded": "reason", "CallRejected": "reason", "Outcome": "reason", "Ending": "reason", "HangUp": "reason", "FailCall": "code"}
"""What ends a call, or says why it did, and the argument that holds the reason."""


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.expr, int]]:
    """(name, reason, line) of each place that ends a call."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ENDS:
            continue
        told = next((keyword.value for keyword in node.keywords if keyword.arg == ENDS[name]), node.args[0] if node.args else None)
        if told is not None:
            yield name, told, node.lineno


def test_every_reason_has_a_fault_and_every_fault_a_reason() -> None:
    assert {reason.fault for reason in EndedReason} == set(get_args(Fault))
    assert {"caller", "agent", "tool", "provider", "carrier", "platform"} < set(get_args(Fault))
    assert all(fault_of(reason) == reason.fault for reason in EndedReason)


def test_no_place_that_ends_a_call_makes_a_reason_up() -> None:
    made_up: list[str] = []
    found: set[str] = set()
    for path in SOURCES:
        for name, told, line in _calls(ast.parse(path.read_text())):
            if name == "Outcome" and "media_gateway" not in path.parts:
                continue
            found.add(name)
            if isinstance(told, ast.Constant | ast.JoinedStr):
                made_up.append(f"{path.relative_to(ROOT)}:{line} {name}({ast.unparse(told)})")
    assert made_up == []
    # The names above are those in use: a new way to end a call belongs there.
    assert found == set(ENDS)


def test_no_reason_is_unused() -> None:
    used: set[str] = set()
    for path in SOURCES:
        if path.name == "call.py" and "callstage_domain" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "EndedReason":
                used.add(node.attr)
    assert used == {reason.name for reason in EndedReason}


@pytest.mark.parametrize("reason", list(EndedReason))
def test_a_reason_on_the_wire_is_itself(reason: EndedReason) -> None:
    assert ended_reason(str(reason)) is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("internal", EndedReason.INTERNAL_ERROR),
        ("provider_missing", EndedReason.PROVIDER_FAILED),
        ("model_not_allowed", EndedReason.PLAN_LIMIT),
        ("what a newer release says", EndedReason.INTERNAL_ERROR),
        ("", EndedReason.INTERNAL_ERROR),
    ],
)
def test_failure_codes_and_unknown_words_stay_in_the_set(text: str, reason: EndedReason) -> None:
    assert ended_reason(text) is reason
