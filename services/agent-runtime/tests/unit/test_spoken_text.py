"""Proves S7: what goes to speech has no markdown and no emoji, and reads numbers, money, dates and phone numbers as a person does."""

import pytest
from agent_runtime.conversation.spoken_text import spoken
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Hello** _you_", "Hello you"),
        ("- first item", "first item"),
        ("See [our site](https://x.y)", "See our site"),
        ("`code` # no", "code # no"),
        ("Great 🎉👍🏽!", "Great !"),
        ("It is $12.50.", "It is twelve dollars and fifty cents."),
        ("It is $1,200", "It is one thousand, two hundred dollars"),
        ("5% off", "five percent off"),
        ("On 2026-11-20.", "On November twentieth, twenty twenty-six."),
        ("Call +1 555 010 1234.", "Call plus one, five five five, zero one zero, one two three four."),
        ("At 3:05 pm", "At three oh five pm"),
        ("At 3:00 pm", "At three pm"),
        ("At 15:00", "At fifteen hundred"),
        ("Order SO0042", "Order SO0042"),
        ("I have 21 of them.", "I have twenty-one of them."),
        ("Number 1234567", "Number one two three, four five six, seven"),
        ("3.5 hours", "three point five hours"),
        ("Bad date 2026-13-45", "Bad date 2026-13-45"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert spoken(text, "en-US") == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Son 21", "es", "Son veintiuno"),
        ("Das kostet 12,50 €", "de", "Das kostet zwölf Euro und fünfzig Cent"),
        ("Um 14:30", "de-DE", "Um vierzehn Uhr dreißig"),
        ("À 9:00", "fr", "À neuf heures"),
        ("20%", "fr", "vingt pour cent"),
        ("Zijn er 21?", "nl", "Zijn er 21?"),
    ],
)
def test_other_languages(text: str, language: str, expected: str) -> None:
    assert spoken(text, language) == expected


@given(st.text(max_size=60), st.sampled_from(["en", "es", "fr", "de", "nl"]))
def test_never_fails(text: str, language: str) -> None:
    assert "**" not in spoken(f"**{text}**x", language)
