"""Proves RE1: any bytes are either JSON that can be kept everywhere, or a problem that says where it is wrong."""

import json
from typing import Any

import pytest
from callstage_domain.errors import CallerError
from control_api.web.json_body import MAX_DEPTH, parse
from hypothesis import given
from hypothesis import strategies as st

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3))


@given(_VALUES)
def test_what_can_be_kept_is_unchanged(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_the_callers_error(body: bytes) -> None:
    try:
        value = parse(body)
    except CallerError as err:
        value = err.details["errors"]
    assert json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"a": [1, {"b": "x\\u0000"}]}', "a.1.b"),
        (b'{"a": "\\udc00"}', "a"),
        (b'{"a": {"\\ud800": 1}}', "a"),
        (b'{"a": 1e400}', "a"),
        (b'{"a": -Infinity}', "body"),
        (b'"\\u0000"', "body"),
        (b"[" * (MAX_DEPTH + 1) + b"1" + b"]" * (MAX_DEPTH + 1), "body"),
        (b"[" * 200_000, "body"),
        (b"9" * 10_000, "body"),
        (b"", "body"),
        (b"\xef\xbb\xbf{}", "body"),
    ],
)
def test_the_place_is_named(body: bytes, field: str) -> None:
    with pytest.raises(CallerError) as caught:
        parse(body)
    [error] = caught.value.details["errors"]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    assert error["field"] == field


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(b'["\\ud83d\\ude00", "\\u00fc"]') == ["\N{GRINNING FACE}", "ü"]
