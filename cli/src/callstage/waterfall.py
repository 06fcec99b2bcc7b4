"""The answers of a call as bars on one time axis: what the caller waited for, and who took how long. At most 100 columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from rich.console import Console
from rich.text import Text

from callstage.rows import Row, rows_in

WIDEST = 100
_LABEL, _TIME, _DETAIL = 13, 8, 27
_STEPS_MS = (50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000)
_MOST_TICKS = 5
_COLOURS = {"end of turn": "yellow", "STT": "cyan", "LLM": "magenta", "tool": "blue", "voice": "green", "first packet": "white", "heard": "white"}


@dataclass(frozen=True, slots=True)
class Bar:
    """From `start_ms` to `end_ms`; until `first_ms` it is a wait for the first result."""

    label: str
    start_ms: float
    first_ms: float
    end_ms: float
    detail: str = ""
    is_moment: bool = False
    """True: a mark, not a bar."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the agent; bars count from `zero_ms` of the call."""

    turn: int
    stage: str
    zero_ms: float
    heard_ms: float | None
    bars: tuple[Bar, ...]
    was_interrupted: bool = False
    follows_speech: bool = True

    @property
    def end_ms(self) -> float:
        """Where the last thing ends that the caller waited for."""
        return self.heard_ms if self.heard_ms is not None else max((bar.end_ms for bar in self.bars), default=0.0)


def print_waterfalls(console: Console, record: Row) -> bool:
    """False, and nothing is printed, when the record has no waterfall."""
    answers = answers_in(record)
    if not answers:
        return False
    width = min(WIDEST, console.width)
    bar_width = max(20, width - _LABEL - _TIME - _DETAIL - 3)
    scale = _Scale(answers, bar_width)
    console.print("\n[bold]Answers[/], ms from the end of the caller's speech; ░ waiting for the first result, █ working, ▲ moment", highlight=False)
    for answer in answers:
        console.print(_heading(answer), soft_wrap=True)
        for bar in answer.bars:
            console.print(_line(bar, answer, scale, bar_width), soft_wrap=True, highlight=False)
        console.print(Text(" " * (_LABEL + 1) + scale.ticks(), style="dim"), soft_wrap=True)
    return True


def answers_in(record: Row) -> list[Answer]:
    """The lines of the agent that say how they came about."""
    found: list[Answer] = []
    for turn in rows_in(record, "transcript"):
        waterfall: Any = turn.get("waterfall")
        bars = tuple(sorted(_bars(cast(Row, waterfall)), key=lambda bar: bar.start_ms)) if isinstance(waterfall, dict) else ()
        if not bars or turn.get("role") != "assistant":
            continue
        told = cast(Row, waterfall)
        speech_end = _moment(told, "speech_end_ms")
        zero = speech_end if speech_end is not None else min(bar.start_ms for bar in bars)
        found.append(
            Answer(
                int(turn.get("turn", 0)),
                str(turn.get("stage") or ""),
                zero,
                _moment(told, "heard_ms"),
                bars,
                bool(turn.get("interrupted")),
                speech_end is not None,
            )
        )
    return found


def _bars(waterfall: Row) -> Iterator[Bar]:
    yield from _bar("end of turn", waterfall, "speech_end_ms", "", "decided_ms", str(waterfall.get("reason") or ""))
    stt: Any = waterfall.get("stt")
    if isinstance(stt, dict):
        yield from _bar("STT", cast(Row, stt), "finalize_ms", "", "final_ms", _by(cast(Row, stt)))
    for llm in rows_in(waterfall, "llm"):
        tokens = f"{llm.get('input_tokens') or 0}→{llm.get('output_tokens') or 0} tok" if llm.get("output_tokens") else ""
        yield from _bar("LLM", llm, "request_ms", "first_token_ms", "done_ms", " ".join(part for part in (_flags(llm), tokens, _by(llm)) if part))
    for tool in rows_in(waterfall, "tools"):
        name = str(tool.get("tool") or "")
        failed = "" if tool.get("status") == "ok" else str(tool.get("status"))
        yield from _bar("tool", tool, "start_ms", "", "end_ms", f"{failed} {name}".strip())
    tts: Any = waterfall.get("tts")
    if isinstance(tts, dict):
        row = cast(Row, tts)
        made = "cached" if row.get("is_cached") else f"{row.get('characters') or 0} chars"
        yield from _bar("voice", row, "request_ms", "first_byte_ms", "done_ms", " ".join(part for part in (_flags(row), made, _by(row)) if part))
    first, heard = _moment(waterfall, "first_packet_ms"), _moment(waterfall, "heard_ms")
    if first is not None and first != heard:
        yield Bar("first packet", first, first, first, is_moment=True)
    if heard is not None:
        yield Bar("heard", heard, heard, heard, is_moment=True)


def _bar(label: str, row: Row, start: str, first: str, end: str, detail: str) -> Iterator[Bar]:
    start_ms, end_ms = _moment(row, start), _moment(row, end)
    if start_ms is None or end_ms is None:
        return
    first_ms = _moment(row, first) if first else start_ms
    yield Bar(label, start_ms, end_ms if first_ms is None else first_ms, end_ms, detail)


def _moment(row: Row, name: str) -> float | None:
    value: Any = row.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _by(row: Row) -> str:
    return " ".join(str(row[name]) for name in ("provider", "model") if row.get(name))


def _flags(row: Row) -> str:
    names = {"is_eager": "eager", "is_hedged": "hedged", "is_fallback": "fallback", "was_dropped": "dropped"}
    return " ".join(word for name, word in names.items() if row.get(name))


class _Scale:
    """One axis for all answers, so that a slow one looks slow."""

    def __init__(self, answers: Sequence[Answer], width: int) -> None:
        waits = [answer.end_ms - answer.zero_ms for answer in answers]
        ends = [bar.end_ms - answer.zero_ms for answer in answers for bar in answer.bars]
        # What goes on after the caller hears the answer may take long; it is cut rather than that it squeezes the rest.
        self.end_ms = max(1.0, min(max(ends), 1.4 * max(waits)))
        self._width = width
        self._step_ms = next((step for step in _STEPS_MS if self.end_ms / step <= _MOST_TICKS), _STEPS_MS[-1])

    def column(self, offset_ms: float) -> int:
        """Of the bar area, within it."""
        return max(0, min(self._width - 1, round(offset_ms / self.end_ms * (self._width - 1))))

    def ticks(self) -> str:
        """The axis in words."""
        line = [" "] * (self._width + _TIME)
        moment = 0
        while moment <= self.end_ms:
            text, column = str(moment), self.column(moment)
            line[column : column + len(text)] = text
            moment += self._step_ms
        return "".join(line).rstrip()


def _heading(answer: Answer) -> Text:
    waited = f"heard after {answer.heard_ms - answer.zero_ms:.0f} ms" if answer.heard_ms is not None and answer.follows_speech else ""
    words = [f"Turn {answer.turn}", answer.stage, waited, "interrupted" if answer.was_interrupted else ""]
    return Text("  ".join(word for word in words if word), style="bold")


def _line(bar: Bar, answer: Answer, scale: _Scale, width: int) -> Text:
    start, first, end = (scale.column(moment - answer.zero_ms) for moment in (bar.start_ms, bar.first_ms, bar.end_ms))
    drawn = " " * start + ("▲" if bar.is_moment else "░" * (first - start) + "█" * (end - first) or "█")
    if bar.end_ms - answer.zero_ms > scale.end_ms and not bar.is_moment:
        drawn = drawn[: width - 1] + "▸"
    took = f"+{bar.start_ms - answer.zero_ms:.0f}" if bar.is_moment else f"{bar.end_ms - bar.start_ms:.0f}"
    text = Text(f"{bar.label:<{_LABEL}} ")
    text.append(f"{drawn[:width]:<{width}}", style=_COLOURS.get(bar.label, ""))
    text.append(f"{took:>{_TIME - 2}}  ")
    text.append(bar.detail[:_DETAIL], style="dim")
    text.rstrip()
    return text
