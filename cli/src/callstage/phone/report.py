"""What is shown of a call: live lines, then transcript, tool runs and latencies; or one JSON document."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from callstage.phone.call import Outcome
from callstage.phone.record import id_of, latency_of
from callstage.phone.timeline import Happening
from callstage.rows import Row, rows_in
from callstage.waterfall import print_waterfalls

_COLOURS = {"you": "cyan", "agent": "green", "carrier": "dim", "phone": "dim"}
_PARTS = (
    ("endpointing_ms", "end of turn"),
    ("stt_ms", "STT"),
    ("llm_first_token_ms", "LLM token"),
    ("llm_first_sentence_ms", "LLM sentence"),
    ("tools_ms", "tools"),
    ("tts_first_byte_ms", "TTS"),
    ("transport_ms", "network"),
    ("response_ms", "total"),
)


def live_line(console: Console, happening: Happening) -> None:
    """One line as it happens."""
    minutes, seconds = divmod(happening.at_s, 60)
    colour = _COLOURS[happening.who]
    console.print(
        f"[dim]{int(minutes):02d}:{seconds:04.1f}[/] [{colour}]{happening.who:<8}{escape(happening.text)}[/]", highlight=False, soft_wrap=True
    )


def as_document(outcome: Outcome, happenings: list[Happening], recording: Path | None, record: Row | None, problem: str) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "answered": outcome.was_answered,
        "ended_by": outcome.ended_by,
        "duration_s": round(outcome.duration_s, 3),
        "greeting_ms": outcome.greeting_ms,
        "exchanges": [asdict(exchange) for exchange in outcome.exchanges],
        "call_id": id_of(record or {}) or outcome.call_id,
        "carrier_call_id": outcome.carrier_call_id,
        "recording": str(recording) if recording else None,
        "happenings": [asdict(happening) for happening in happenings],
        "record": record,
        "record_problem": problem or None,
    }


def print_report(console: Console, outcome: Outcome, recording: Path | None, record: Row | None, problem: str) -> None:
    """For people."""
    console.print()
    if record is None:
        console.print(f"No transcript: {escape(problem)}", soft_wrap=True)
    else:
        _print_transcript(console, record)
        _print_tools(console, record)
        if not print_waterfalls(console, record):
            _print_parts(console, record)
    _print_heard(console, outcome)
    if recording is not None:
        console.print(f"Recording (you left, the agent right): {escape(str(recording))}", soft_wrap=True, highlight=False)


def _print_transcript(console: Console, record: Row) -> None:
    console.print(f"[bold]Transcript[/] of call {escape(id_of(record))}{_ending(record)}", highlight=False)
    turns = rows_in(record, "transcript")
    if not turns:
        console.print("  (nothing was said)")
    for turn in turns:
        who, colour = ("agent", "green") if turn.get("role") == "assistant" else ("you", "cyan")
        stage = f"[dim]{escape(str(turn.get('stage') or ''))}[/]"
        cut = " [dim](interrupted)[/]" if turn.get("interrupted") else ""
        console.print(f"  [{colour}]{who:<6}[/] {escape(str(turn.get('text', '')))}{cut}  {stage}", highlight=False, soft_wrap=True)


def _ending(record: Row) -> str:
    """Why it ended, and whose fault that was."""
    reason, fault = record.get("ended_reason"), record.get("fault")
    blamed = f" (at fault: {fault})" if fault not in (None, "", "nobody") else ""
    return f", ended: {escape(str(reason))}{blamed}" if reason else ""


def _print_tools(console: Console, record: Row) -> None:
    runs = rows_in(record, "tool_runs")
    if not runs:
        return
    console.print("\n[bold]Tools[/]")
    for run in runs:
        arguments = ", ".join(f"{name}={value!r}" for name, value in dict(run.get("arguments") or {}).items())
        answer = run.get("error_code") or run.get("result") or ""
        took = f"{run['duration_ms']} ms" if run.get("duration_ms") is not None else ""
        line = f"  {run.get('tool', '?')}({arguments})  {run.get('status', '')}  {took}  {answer}"
        console.print(escape(line.rstrip()), highlight=False, soft_wrap=True)


def _print_parts(console: Console, record: Row) -> None:
    measured = [(turn, parts) for turn in rows_in(record, "transcript") if (parts := latency_of(turn))]
    if not measured:
        return
    table = Table(title="Latency of each answer, ms, by the platform", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("turn", justify="right")
    for _, heading in _PARTS:
        table.add_column(heading, justify="right")
    for turn, parts in measured:
        table.add_row(str(turn.get("turn", "")), *(f"{parts[name]:.0f}" if name in parts else "" for name, _ in _PARTS))
    console.print()
    console.print(table)


def _print_heard(console: Console, outcome: Outcome) -> None:
    if not outcome.was_answered:
        return
    console.print("\n[bold]By this phone[/] (your last sound to the agent's first, ms)")
    if outcome.greeting_ms is not None:
        console.print(f"  {outcome.greeting_ms:6.0f}  greeting, after dialling", highlight=False)
    for exchange in outcome.exchanges:
        answer = "  none" if exchange.answer_ms is None else f"{exchange.answer_ms:6.0f}"
        console.print(f"  {answer}  {escape(exchange.text)}", highlight=False, soft_wrap=True)
