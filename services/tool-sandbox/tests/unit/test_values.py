"""Proves T1 T6 T9: results as bounded JSON, redaction, log bounds, programs and their line numbers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from callstage_domain.errors import ModelFacingError
from tool_sandbox.caller_lookup import same_phone
from tool_sandbox.execution.program import to_check, to_run
from tool_sandbox.execution.run_log import RunLog
from tool_sandbox.outcome import HostCallRecord, RunOutcome, RunStatus
from tool_sandbox.redaction import Redactor
from tool_sandbox.values import ValueRefused, as_json, backend_time


def _json(value: object, **options: Any) -> Any:
    return orjson.loads(as_json(value, max_bytes=1000, **options))


def test_kinds_of_values() -> None:
    value = {1: (1, 2), "d": date(2026, 1, 31), "m": Decimal("1.5"), "b": b"ab", "n": float("inf"), "e": ValueError("x"), None: True}
    assert _json(value) == {"1": [1, 2], "d": "2026-01-31", "m": 1.5, "b": "YWI=", "n": None, "e": "x", "None": True}
    moment = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert _json([moment], time_text=backend_time) == ["2026-01-31 09:30:00"]


def _deep() -> object:
    value: list[object] = []
    for _ in range(5000):
        value = [value]
    return value


@pytest.mark.parametrize("value", ["x" * 1001, ["x" * 300] * 4, 1 << 70, _deep(), [[]] * 300_000, {(1, 2): 1}, "\ud800"])
def test_values_that_are_refused(value: object) -> None:
    with pytest.raises(ValueRefused):
        as_json(value, max_bytes=1000)


def test_strict_refuses_what_is_not_data() -> None:
    assert _json(print) == "<builtin_function_or_method>"
    with pytest.raises(ValueRefused, match="cannot be sent"):
        _json([object()], is_strict=True)


def test_redaction_by_value_longest_first() -> None:
    redactor = Redactor(["secret-1", "secret-1-long", 'quo"te-1', "abc"])
    assert redactor.text("a secret-1-long b secret-1 abc csk_live_12345678x") == "a [secret] b [secret] abc [secret]"
    assert orjson.loads(redactor.json(orjson.dumps({"k": 'quo"te-1'}))) == {"k": "[secret]"}


def test_log_bounds_and_floods() -> None:
    floods: list[bool] = []
    log = RunLog(max_lines=3, max_bytes=100, on_flood=lambda: floods.append(True))
    log.write("stdout", "a\nb")
    log.write("stdout", "c\nd\ne\nf\n")
    assert log.lines() == ["a", "bc", "d", "… further lines were dropped"]
    for _ in range(100):
        log.write("stdout", "x" * 100)
    assert floods
    assert len(log.lines()) == 4


def test_long_lines_are_cut() -> None:
    log = RunLog(max_lines=10, max_bytes=10, on_flood=lambda: None)
    log.write("stdout", "short\n" + "x" * 50 + "\nafter\n")
    assert log.lines() == ["short", "xxxx", "… further lines were dropped"]


@pytest.mark.parametrize("code", ["return 1", "# only a comment", "", "x = '''\na\n'''\nreturn x", "if x:\n\treturn 1", "return 1\r\n"])
def test_programs_are_valid_python_around_the_body(code: str) -> None:
    import ast

    program = to_run(code)
    compile(program.source, "tool", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert program.own_line(program.first_line + 1) == 1
    assert program.own_line(program.first_line) == 0
    assert program.own_line(10_000) == 0
    compile(to_check(code).source, "tool", "exec")


def test_code_that_is_too_long() -> None:
    with pytest.raises(ModelFacingError, match="longer than"):
        to_run("x = 1\n" * 50_000)


def test_outcomes_survive_the_ledger() -> None:
    outcome = RunOutcome(
        RunStatus.OK, {"a": 1}, run_llm=False, session={"b": 2}, logs=["l"], host_calls=[HostCallRecord("x", 3, False)], duration_ms=5
    )
    assert RunOutcome.from_json(outcome.to_json()) == outcome


@pytest.mark.parametrize(
    ("left", "right", "region", "same"),
    [
        ("+32471234567", "0471 23 45 67", "BE", True),
        ("+12025551234", "(202) 555-1234", "US", True),
        ("+12025551234", "+1 202-555-1234", "BE", True),
        ("+12025551234", "+44 2025551234", "US", False),
        ("+32471234567", "+33471234567", "BE", False),
        ("+32471234567", "471234567", "US", True),
        ("+32471234567", "garbage", "BE", False),
    ],
)
def test_phone_forms(left: str, right: str, region: str, same: bool) -> None:
    assert same_phone(left, right, region) is same
