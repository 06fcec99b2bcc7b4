"""Proves A2 (offline llm): numbers, days, times, codes, questions made from parameter descriptions, results as speech."""

from datetime import date
from typing import Any

import pytest
from agent_runtime.providers.vendors.offline.brain.answers import Hearing, read
from agent_runtime.providers.vendors.offline.brain.moments import find_date, find_time
from agent_runtime.providers.vendors.offline.brain.numbers import find_numbers, spelled_code
from agent_runtime.providers.vendors.offline.brain.results import read_result
from agent_runtime.providers.vendors.offline.brain.slots import slots_of
from agent_runtime.providers.vendors.offline.brain.words import tokens
from dialogues import tool
from hypothesis import given
from hypothesis import strategies as st

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("three", [3]),
        ("twenty-one", [21]),
        ("two hundred and five", [205]),
        ("three thousand four hundred", [3400]),
        ("one and two", [1, 2]),
        ("two point five", [2.5]),
        ("1,250 pieces", [1250]),
        ("half a dozen", [6]),
        ("a couple of", [2]),
        ("the third", [3]),
        ("13.50", [13.5]),
        ("no number", []),
    ],
)
def test_spoken_numbers(said: str, values: list[float]) -> None:
    assert [number.value for number in find_numbers(tokens(said))] == values


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("four five one two", "4512"),
        ("My order number is for five, one, two.", "4512"),
        ("A B four double five", "AB455"),
        ("it is 4512", "4512"),
        ("SO-2041", "SO-2041"),
        ("no digits here", ""),
    ],
)
def test_spelled_codes(said: str, code: str) -> None:
    assert spelled_code(tokens(said)) == code


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("today", "2026-11-20"),
        ("tomorrow evening", "2026-11-21"),
        ("the day after tomorrow", "2026-11-22"),
        ("on Monday", "2026-11-23"),
        ("Friday", "2026-11-27"),
        ("March third", "2027-03-03"),
        ("the 24th of December", "2026-12-24"),
        ("December 24 2027", "2027-12-24"),
        ("2026-12-01", "2026-12-01"),
        ("February thirtieth", None),
        ("whenever", None),
    ],
)
def test_spoken_days(said: str, day: str | None) -> None:
    found = find_date(tokens(said), FRIDAY)
    assert (found.value if found else None) == day


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("at seven in the evening", "19:00"),
        ("7 pm", "19:00"),
        ("7:30", "19:30"),
        ("half past seven", "19:30"),
        ("quarter to eight", "19:45"),
        ("nine o'clock", "09:00"),
        ("at nine thirty", "09:30"),
        ("noon", "12:00"),
        ("ten in the morning", "10:00"),
        ("14:15", "14:15"),
        ("two people", None),
    ],
)
def test_spoken_times(said: str, time: str | None) -> None:
    found = find_time(tokens(said))
    assert (found.value if found else None) == time


@pytest.mark.parametrize(
    ("name", "schema", "question"),
    [
        ("product_name", {"type": "string", "description": "The product name."}, "What is the product name?"),
        ("customerName", {"type": "string"}, "What is the customer name?"),
        ("quantity", {"type": "integer"}, "How many would you like?"),
        ("n", {"type": "integer", "description": "Number of people"}, "How many people?"),
        ("n", {"type": "integer", "description": "The number of the guests."}, "How many guests?"),
        ("order_number", {"type": "integer", "description": "The number of the order."}, "What is the order number?"),
        ("order_id", {"type": "integer", "description": "Number of order"}, "What is the order number?"),
        ("order", {"type": "integer", "description": "The number of the customer's order."}, "What is your order number?"),
        ("order_number", {"type": "integer"}, "What is the order number?"),
        ("who", {"type": "string", "description": "Who the appointment is for."}, "Please tell me who the appointment is for."),
        ("when", {"type": "string", "description": "When the caller wants to be called back."}, "Please tell me when you want to be called back."),
        ("first_name", {"type": "string", "description": "The caller's first name, if given."}, "What is your first name?"),
        ("size", {"type": "string", "enum": ["small", "extra_large"]}, "What is the size: small or extra large?"),
        (
            "urgent",
            {"type": "boolean", "description": "True when the caller says that it is urgent."},
            "Please tell me whether you say that it is urgent, yes or no.",
        ),
        ("city", {"type": ["string", "null"], "description": "Which city do you live in?"}, "Which city do you live in?"),
    ],
)
def test_questions_come_from_descriptions(name: str, schema: dict[str, Any], question: str) -> None:
    assert slots_of(tool("t", "", [name], **{name: schema}))[0].question == question


@pytest.mark.parametrize(
    ("schema", "name", "said", "value"),
    [
        ({"type": "integer"}, "quantity", "I'd like a dozen", 12),
        ({"type": "integer"}, "quantity", "two point five", None),
        ({"type": "number"}, "amount", "two point five", 2.5),
        ({"type": "integer"}, "quantity", "just one", 1),
        ({"type": "integer"}, "quantity", "order to large pizzas", 2),
        ({"type": "boolean"}, "urgent", "Yes, please.", True),
        ({"type": "boolean"}, "urgent", "not really", False),
        ({"type": "boolean"}, "urgent", "banana", None),
        ({"type": "string", "enum": ["small", "large"]}, "size", "Larg", "large"),
        ({"type": "string", "enum": ["pick_up", "delivery"]}, "way", "I'll pick up", "pick_up"),
        ({"type": "string", "enum": ["small", "large"]}, "size", "green", None),
        ({"type": "string"}, "email", "it's anna underscore b at mail dot example dot com", "anna_b@mail.example.com"),
        ({"type": "string"}, "email", "no idea", None),
        ({"type": "string"}, "phone", "zero one five one two three four five", "01512345"),
        ({"type": "string"}, "phone", "+1 (202) 555-0100", "+12025550100"),
        ({"type": "string"}, "phone", "twelve", None),
        ({"type": "string"}, "customer_name", "It's Anna Maria, please", "Anna Maria"),
        ({"type": "string"}, "last_name", "Anna Miller", "Miller"),
        ({"type": "string"}, "product_name", "I would like to have the blue helmet, please.", "blue helmet"),
        ({"type": "string"}, "notes", "My dog is very old", "My dog is very old"),
        ({"type": "string"}, "notes", "um", None),
        ({"type": "string", "pattern": "^[A-Z]{2}\\d+$"}, "policy_number", "A B one two", "AB12"),
        ({"type": "string", "pattern": "^[A-Z]{2}\\d+$"}, "policy_number", "one two", None),
    ],
)
def test_values_are_read_by_type(schema: dict[str, Any], name: str, said: str, value: Any) -> None:
    slot = slots_of(tool("t", "", [name], **{name: schema}))[0]
    assert read(slot, Hearing(said, FRIDAY), is_asked=True) == value


@pytest.mark.parametrize(
    ("content", "spoken", "is_error"),
    [
        ('{"message": "Booked. See you."}', "Booked. See you.", False),
        ('{"total": 26, "currency": "USD"}', "The total is 26 and the currency is USD.", False),
        ('{"success": true}', "That is done.", False),
        ('{"found": false}', "I could not find that.", False),
        ('{"orders": [{"status": "open"}, {"status": "sent"}]}', "I found 2 entries. The first one: The status is open.", False),
        ("[]", "I found nothing.", False),
        ('"plain"', "Plain.", False),
        ("null", "That is done.", False),
        ("Error: no such order", "No such order.", True),
        ('{"error": {"message": "not allowed"}}', "Not allowed.", True),
        ('{"status": "failed", "message": "try later"}', "Try later.", True),
    ],
)
def test_results_are_spoken(content: str, spoken: str, is_error: bool) -> None:
    outcome = read_result(content)
    assert (outcome.text, outcome.is_error) == (spoken, is_error)


@given(
    st.text(max_size=120),
    st.sampled_from(["integer", "string", "boolean", "number", "array"]),
    st.sampled_from(["x", "phone", "date", "time", "email", "name", "id"]),
)
def test_no_utterance_breaks_the_reader(said: str, declared: str, name: str) -> None:
    slot = slots_of(tool("t", said, [name], **{name: {"type": declared, "description": said}}))[0]
    value = read(slot, Hearing(said, FRIDAY), is_asked=True)
    assert value is None or isinstance(value, (str, int, float, bool, list))
