"""What a kept conversation is about, for people."""

from typing import Any

from agent_runtime.replay.kept import KeptConversation
from agent_runtime.replay.script import Calls, Ends, InStage, Says

MAX_LINES = 400
_MAX_CHARS = 500


def summary(kept: KeptConversation) -> dict[str, Any]:
    """`history` is a list of {kind: said | tool | stage, role, text, stage, tool, status}; the rest are counts and names in order."""
    history = _of_steps(kept) if kept.steps else _of_entries(kept.entries())
    ends = [line["text"] for line in history if line["kind"] == "end"]
    return {
        "user_turns": sum(line["kind"] == "said" and line["role"] == "user" for line in history),
        "stages": list(dict.fromkeys(line["stage"] for line in history if line["kind"] == "stage")),
        "tools": [line["tool"] for line in history if line["kind"] == "tool"],
        "ended_reason": ends[-1] if ends else "",
        "history": [line for line in history if line["kind"] != "end"][:MAX_LINES],
    }


def _of_entries(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for entry in entries:
        match entry["kind"]:
            case "user_said":
                lines.append(_line("said", role="user", text=entry["text"]))
            case "heard" if entry["text"]:
                lines.append(_line("said", role="assistant", text=entry["text"]))
            case "tool_finished":
                lines.append(_line("tool", tool=entry["name"], status=entry["status"], text=entry["content"]))
            case "stage_moved":
                lines.append(_line("stage", stage=entry["stage"], text=entry.get("by_tool", "")))
            case "end_requested" | "ended":
                lines.append(_line("end", text=entry["reason"]))
            case _:
                pass
    return lines


def _of_steps(kept: KeptConversation) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for step in kept.steps:
        match step:
            case Says():
                lines.append(_line("said", role="user", text=step.text))
            case Calls():
                lines.append(_line("tool", tool=step.tool, status=step.status))
            case InStage():
                lines.append(_line("stage", stage=step.stage))
            case Ends():
                lines.append(_line("end", text=step.reason))
    return lines


def _line(kind: str, *, role: str = "", text: str = "", stage: str = "", tool: str = "", status: str = "") -> dict[str, Any]:
    return {"kind": kind, "role": role, "text": text[:_MAX_CHARS], "stage": stage, "tool": tool, "status": status}
