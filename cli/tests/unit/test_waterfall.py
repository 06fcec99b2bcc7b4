"""Proves K5 in part: a call's answers are drawn as bars on one axis, readable in 100 columns and without colours."""

import io
from typing import Any

import pytest
from callstage.waterfall import answers_in, print_waterfalls
from rich.console import Console

GREETING: dict[str, Any] = {"tts": {"request_ms": 10, "first_byte_ms": 12, "done_ms": 15, "provider": "flite", "is_cached": True}, "heard_ms": 30}
ANSWER: dict[str, Any] = {
    "speech_end_ms": 4000,
    "decided_ms": 4710,
    "reason": "silence",
    "stt": {"finalize_ms": 4200, "final_ms": 4290, "provider": "deepgram", "model": "nova-3"},
    "llm": [
        {"request_ms": 4711, "done_ms": 4930, "provider": "openai", "was_dropped": True},
        {
            "request_ms": 4931,
            "first_token_ms": 4990,
            "done_ms": 5100,
            "provider": "groq",
            "input_tokens": 900,
            "output_tokens": 21,
            "is_fallback": True,
        },
    ],
    "tools": [{"tool": "track_order", "start_ms": 4930, "end_ms": 5110, "status": "timed_out"}],
    "tts": {"request_ms": 5150, "first_byte_ms": 5230, "done_ms": 8900, "provider": "elevenlabs", "characters": 64},
    "first_packet_ms": 5260,
    "heard_ms": 5300,
}


def _record(*waterfalls: dict[str, Any] | None) -> dict[str, Any]:
    lines = [{"turn": index, "role": "assistant", "stage": "order", "waterfall": waterfall} for index, waterfall in enumerate(waterfalls)]
    return {"transcript": [{"turn": 9, "role": "user", "text": "hi", "waterfall": None}, *lines]}


def _drawn(record: dict[str, Any], **options: Any) -> list[str]:
    out = io.StringIO()
    assert print_waterfalls(Console(file=out, width=options.pop("width", 100), **options), record)
    return out.getvalue().splitlines()


def test_every_part_has_a_bar_with_its_time_and_maker() -> None:
    lines = _drawn(_record(GREETING, ANSWER))
    by_label = {line[:12].strip(): line for line in lines if line[:1] not in ("", " ", "T", "A")} | {
        "tool": next(line for line in lines if "tool" in line)
    }
    assert by_label["end of turn"].split()[-2:] == ["710", "silence"]
    assert "deepgram nova-3" in by_label["STT"]
    assert "fallback 900→21 tok groq" in by_label["LLM"]
    assert "dropped openai" in "\n".join(lines)
    assert "180  timed_out track_order" in by_label["tool"]
    assert by_label["heard"].split() == ["heard", "▲", "+1300"]
    assert "Turn 1  order  heard after 1300 ms" in lines
    assert all(len(line) <= 100 for line in lines)


def test_all_answers_share_one_axis() -> None:
    quick = {**ANSWER, "decided_ms": 4100, "llm": [], "tools": [], "tts": None, "first_packet_ms": None, "heard_ms": 4130}
    lines = _drawn(_record(ANSWER, quick))
    axes = {line for line in lines if line.startswith("  ") and line.split()[0] == "0"}
    assert len(axes) == 1
    heard = [line.index("▲") for line in lines if line.startswith("heard")]
    assert heard[0] > 5 * (heard[1] - 14)


def test_what_goes_on_after_the_answer_is_heard_is_cut_with_a_sign() -> None:
    voice = next(line for line in _drawn(_record(ANSWER)) if line.startswith("voice"))
    assert "▸" in voice
    assert "3750" in voice


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_it_fits_wherever_it_is_shown(width: int) -> None:
    assert all(len(line) <= max(100, width) for line in _drawn(_record(GREETING, ANSWER), width=width))


def test_without_colours_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _drawn(_record(ANSWER), force_terminal=True, color_system="truecolor")
    assert not [line for line in plain if "\x1b[3" in line or "\x1b[9" in line]
    monkeypatch.delenv("NO_COLOR")
    assert [line for line in _drawn(_record(ANSWER), force_terminal=True, color_system="truecolor") if "\x1b[3" in line]


def test_a_record_of_an_older_platform_has_none() -> None:
    record = {"transcript": [{"turn": 1, "role": "assistant", "text": "Hi", "latency": {"stt_ms": 3}}]}
    assert answers_in(record) == []
    assert not print_waterfalls(Console(file=io.StringIO()), record)
