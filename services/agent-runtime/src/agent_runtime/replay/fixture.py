"""Recorded calls as files: what the API gives, and what tests keep."""

import json
from typing import Any, cast

import msgspec
from callstage_domain.errors import CallerError

from agent_runtime.conversation.recording import Recording, from_json, to_json


def recordings_in(data: bytes) -> list[Recording]:
    """All parts of one call: from a fixture, or from the reply of `/v1/calls/{id}/journal`. Raises CallerError."""
    try:
        document: Any = json.loads(data)
    except ValueError as err:
        raise CallerError("this is not JSON") from err
    found: Any = cast("dict[str, Any]", document).get("parts") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise CallerError("this is not the recording of a call")
    parts = cast("list[dict[str, Any]]", found)
    return [from_json(msgspec.json.encode(part.get("recording", part))) for part in parts]


def fixture_text(recordings: list[Recording]) -> str:
    """One decision a line, so that a change can be read in a diff."""
    return '{"parts": [\n' + ",\n".join(_part_text(recording) for recording in recordings) + "\n]}\n"


def _part_text(recording: Recording) -> str:
    values = cast("dict[str, Any]", json.loads(to_json(recording)))
    lists = {name: values.pop(name) for name in ("before", "items", "prompts")}
    lines = [f"{json.dumps(name)}: {_line(value)}" for name, value in values.items()]
    for name, members in lists.items():
        inner = ",\n".join(_line(member) for member in members)
        lines.append(f"{json.dumps(name)}: [\n{inner}\n]" if members else f"{json.dumps(name)}: []")
    return "{\n" + ",\n".join(lines) + "\n}"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
