"""Plays a caller against the offline brain; the tools answer what the test says."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agent_runtime.providers.ports import LlmRequest, Message, ToolCallRequest, ToolSpec
from agent_runtime.providers.vendors.offline.brain import decide
from callstage_domain.builtin_tools import standard_tool

TODAY = date(2026, 11, 20)
Result = Mapping[str, Any] | str | Callable[[dict[str, Any]], Mapping[str, Any] | str]


def tool(name: str, description: str, required: Sequence[str], /, **properties: dict[str, Any]) -> ToolSpec:
    """A tool with its parameters as keyword arguments."""
    return ToolSpec(name, description, {"type": "object", "properties": properties, "required": list(required)})


def standard(name: str) -> ToolSpec:
    """A built-in or standard webhook tool."""
    found = standard_tool(name)
    assert found is not None
    return ToolSpec(found.name, found.description, found.parameters)


def text(description: str, **more: Any) -> dict[str, Any]:
    """A string parameter."""
    return {"type": "string", "description": description, **more}


def whole(description: str, **more: Any) -> dict[str, Any]:
    """An integer parameter."""
    return {"type": "integer", "description": description, **more}


@dataclass(frozen=True)
class NextStage:
    """Where a tool leads: the new system prompt and tools, and what is handed over (fields of the result allowed)."""

    system: str
    tools: tuple[ToolSpec, ...]
    handover: str = ""


@dataclass
class Caller:
    """One conversation. `says` gives the agent's answer; `calls` are the tools called so far."""

    system: str
    tools: tuple[ToolSpec, ...]
    results: Mapping[str, Result] = field(default_factory=dict[str, Result])
    stages: Mapping[str, NextStage] = field(default_factory=dict[str, NextStage])
    messages: list[Message] = field(default_factory=list[Message])
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    handover: str = ""

    def says(self, words: str) -> str:
        """One turn of the caller."""
        self.messages.append(Message("user", words))
        return self.answer()

    def note(self, words: str) -> str:
        """A note of the platform in the history."""
        self.messages.append(Message("system", words))
        return self.answer()

    def answer(self) -> str:
        """Ask the brain until it speaks, or the call is over."""
        for _ in range(5):
            section = f"\n\n# Handover\nThe step before is done. Begin your next answer by telling this: {self.handover}" if self.handover else ""
            reply = decide(LlmRequest(self.system + section, tuple(self.messages), self.tools), TODAY)
            if not reply.tool:
                self.handover = ""
                self.messages.append(Message("assistant", reply.text))
                return reply.text
            call = ToolCallRequest(f"c{len(self.messages)}", reply.tool, json.dumps(reply.arguments))
            self.calls.append((reply.tool, reply.arguments))
            self.messages.append(Message("assistant", reply.text, (call,)))
            if reply.tool in ("end_call", "transfer_to_human"):
                return reply.text
            self._run(call, reply.arguments)
        raise AssertionError("the brain calls tools without end")

    def _run(self, call: ToolCallRequest, arguments: dict[str, Any]) -> None:
        given = self.results.get(call.name, {"message": "Done."})
        result = given(arguments) if callable(given) else given
        content = result if isinstance(result, str) else json.dumps(dict(result))
        self.messages.append(Message("tool", content, tool_call_id=call.id, tool_name=call.name))
        stage = self.stages.get(call.name)
        if stage is not None and not content.startswith("Error"):
            values = {**arguments, **(result if isinstance(result, Mapping) else {})}
            self.system, self.tools, self.handover = stage.system, stage.tools, stage.handover.format(**values)
