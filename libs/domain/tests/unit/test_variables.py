"""Proves V1, V2, V3, V5, V6: rendering of variables in prompts and spoken phrases."""

import pytest
from callstage_domain.variables import names_in, render
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("Hello {name}.", {"name": "Anna"}, "Hello Anna."),
        ("Hello {name}.", {}, "Hello ."),
        ("Hello {name|there}.", {}, "Hello there."),
        ("Hello {name|there}.", {"name": ""}, "Hello there."),
        ("Hello {name|there}.", {"name": "Anna"}, "Hello Anna."),
        ("Known: {found}", {"found": False}, "Known: False"),
        ("{{literal}}", {"literal": "x"}, "{literal}"),
        ("{{0800-EXAMPLE}}", {}, "{0800-EXAMPLE}"),
        ("{0800-EXAMPLE}", {}, "{0800-EXAMPLE}"),
        ("a { b } c", {"b": 1}, "a 1 c"),
        ("lone { and } 1 }", {"and": "x"}, "lone x 1 }"),
        ("{1} { 2 }", {}, "{1} { 2 }"),
        ("{total}", {"total": 0}, "0"),
        ("{a|x y}", {}, "x y"),
    ],
)
def test_renders(template: str, values: dict[str, object], expected: str) -> None:
    assert render(template, values) == expected


def test_double_braces_are_variables_only_for_names_of_the_request() -> None:
    values = {"name": "John", "phone": "1"}
    assert render("{{name}} {{phone}} {{0800-EXAMPLE}}", values, request_names={"name"}) == "John {phone} {0800-EXAMPLE}"


def test_a_value_with_braces_is_never_rendered_again() -> None:
    assert render("Hi {name}", {"name": "{secret}", "secret": "42"}) == "Hi {secret}"
    assert render("{{name}}", {"name": "{{other}}", "other": "x"}, request_names={"name", "other"}) == "{{other}}"


@given(st.text(), st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text()))
def test_never_fails_and_keeps_text_without_braces(template: str, values: dict[str, str]) -> None:
    rendered = render(template, values)
    if "{" not in template and "}" not in template:
        assert rendered == template


def test_names_in_tells_which_have_a_fallback() -> None:
    assert names_in("{a} {{b}} {c|d}") == [("a", False), ("c", True)]
