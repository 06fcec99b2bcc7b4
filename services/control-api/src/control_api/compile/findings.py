"""What the deploy checks may say, and how to repair it (rule S5)."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `line` is 1-based in the tool's own code."""

    code: str
    severity: Severity
    message: str
    stage: str | None = None
    tool: str | None = None
    line: int | None = None
    call_id: str | None = None


HINTS: dict[str, str] = {
    "agent_too_large": "Shorten the longest prompts and tool codes, or move long knowledge into a tool that looks it up.",
    "duplicate_stage": "Rename one of the two stages; transitions find their stage by its name.",
    "duplicate_tool": "Rename or remove one of the two tools; stages find their tools by name.",
    "unknown_tool": "Add the tool to `tool_definitions`, correct its name, or take it out of the list.",
    "preload_not_code": "Preload tools run unseen while the greeting is spoken; only tools with code can. Give it code or take it off the preload.",
    "webhook_url_missing": "Set `tools_webhook_url` to the address that answers these tools; until then the model is told that they failed.",
    "bad_parameters": 'Write a JSON Schema of an object: {"type": "object", "properties": {"size": {"type": "string"}}, "required": ["size"]}.',
    "tool_without_code": "Write its code (the body of an async function that returns a dict), or make it a webhook tool.",
    "syntax": "Correct the line that is named; the code is the body of an async Python function.",
    "type_error": "Correct the line that is named: it fails when it runs. If the checker is wrong, deploy all the same: types do not block.",
    "code_not_type_checked": "Ask for the findings again in a moment; until then mistakes in types show only when the tool runs.",
    "first_stage_missing": "Set `first_stage` to the name of one of the stages, or leave it out to begin with the first.",
    "unreachable_stage": "Add a transition to it in another stage, make it the first stage, or remove it.",
    "transition_to_missing_stage": "Correct the name in `to_stage`, or add a stage of that name.",
    "transition_on_foreign_tool": "Add the tool to this stage's tools, or let the transition wait for one of them.",
    "missing_end_call": "Add `end_call` to the stage's tools, or the agent cannot hang up there.",
    "line_tool_in_chat": "Take it out of the stage's tools: only calls have a keypad.",
    "undefined_variable": 'Write a fallback, as in {name|there}, or set the variable in a tool: session["name"] = …',
    "realtime_unused": "Remove the realtime provider, or make this a voice agent.",
    "unknown_provider": "Correct the name of the provider, or make sure that the installation has it: calls are refused otherwise.",
    "fallbacks_of_one_vendor": "Add a provider of another vendor to `fallbacks`, or leave `fallbacks` out: every vendor with a key then stands by.",
    "test_failed": "Look at the test in the Test tab: repair the draft, or delete the test when the new way is the wanted one.",
    "no_tests": "Save a conversation as a test in the Test tab, or deploy without asking for tests.",
    "call_goes_otherwise": "Look at the call and at the stage where it parts: repair the draft, or deploy without asking when the new way is wanted.",
    "call_not_rehearsed": "Look at the call yourself, or ask for fewer calls when there was no time left.",
    "no_calls_rehearsed": "Turn on recording and disclosure in the agent, deploy, and wait for calls; or deploy without asking for recent calls.",
    "fallback_repeated": "Take the repeated entry out of `fallbacks`: it is asked for what it has just failed at.",
}
"""By code: what an editor does about it."""
