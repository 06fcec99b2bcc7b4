"""The recording of a call's decisions (rule K6): everything the turn machine and the stage engine were told, when, and what they wanted done.

A recording is JSON: no audio, no provider answers beyond what became part of the conversation. A process that took a call over has one of its own.
"""

import base64
import dataclasses
import zlib
from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import Any, cast, get_args

import msgspec
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError

from agent_runtime.conversation.turns import events as turn_events
from agent_runtime.conversation.turns.events import Effect, TurnEvent
from agent_runtime.stages.entries import Entry, entry_json

FORMAT = 1
MAX_PACKED_BYTES = 700_000
"""An event must stay below NATS' limit of 1 MiB with everything around it."""

TurnItem = tuple[float, TurnEvent, Sequence[Effect]]


@dataclasses.dataclass(frozen=True, slots=True)
class AskedItem:
    """The model was asked. `system` is the index of the prompt in the recording's list, `messages` a digest of the history."""

    system: int
    messages: str
    tools: tuple[str, ...]
    today: str
    is_opening: bool = False
    offers_tools: bool = True


Item = tuple[str, float, Any]
"""`turn`: (event, effects). `entry`: an entry of the journal. `asked`: an `AskedItem`. The number is the session's clock in milliseconds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Recording:
    """As JSON values, except that items are read with `turn_event`, `effect` and `parse_entry` when they are needed."""

    call_id: str
    agent_id: str
    deployment: int
    snapshot: dict[str, Any]
    policy: dict[str, Any]
    begun_at_ms: float
    """Of the turn machine, on the session's clock."""
    before: list[dict[str, Any]] = dataclasses.field(default_factory=list[dict[str, Any]])
    """What the journal held when this process took the conversation on."""
    items: list[list[Any]] = dataclasses.field(default_factory=list[list[Any]])
    prompts: list[str] = dataclasses.field(default_factory=list[str])
    is_cut: bool = False
    """The call was longer than what is kept; the rest is missing."""
    format: int = FORMAT


def slim_snapshot(snapshot: AgentSnapshot) -> dict[str, Any]:
    """What decisions depend on: without tool code, addresses and integrations."""
    tools = {name: tool.model_copy(update={"code": None}) for name, tool in snapshot.tools.items()}
    return snapshot.model_copy(update={"tools": tools, "tools_webhook_url": None, "integrations": {}}).model_dump(mode="json")


def tagged(value: object) -> list[Any]:
    """A turn event or effect as [class name, fields]."""
    return [type(value).__name__, _plain(value)]


def turn_event(name: str, fields: dict[str, Any]) -> TurnEvent:
    """Raises CallerError for a kind or a field that this release does not know."""
    return cast("TurnEvent", _made(name, fields))


def effect(name: str, fields: dict[str, Any]) -> Effect:
    """Raises CallerError for a kind or a field that this release does not know."""
    return cast("Effect", _made(name, fields))


def encoded_item(item: Item) -> list[Any]:
    """As it is in the recording."""
    kind, at_ms, value = item
    if kind == "turn":
        event, effects = value
        return [kind, at_ms, *tagged(event), [tagged(wanted) for wanted in effects]]
    if kind == "entry":
        return [kind, at_ms, msgspec.Raw(entry_json(cast("Entry", value)))]
    return [kind, at_ms, _plain(value)]


def to_json(recording: Recording) -> bytes:
    """For files and for packing."""
    return msgspec.json.encode(recording)


def from_json(data: bytes) -> Recording:
    """Raises CallerError for what is no recording, or one of a newer release."""
    try:
        recording = msgspec.json.decode(data, type=Recording)
    except msgspec.MsgspecError as err:
        raise CallerError(f"this is not the recording of a call: {err}") from err
    if recording.format != FORMAT:
        raise CallerError(f"the recording has format {recording.format}; this release reads {FORMAT}")
    return recording


def packed(recording: Recording) -> str:
    """For an event; empty when it is too large for one. Milliseconds of CPU: run it in a thread."""
    data = base64.b64encode(zlib.compress(to_json(recording), 6))
    return data.decode() if len(data) <= MAX_PACKED_BYTES else ""


def unpacked(data: str) -> bytes:
    """The JSON in what `packed` made. Raises CallerError."""
    try:
        return zlib.decompress(base64.b64decode(data))
    except (ValueError, zlib.error) as err:
        raise CallerError("the recording is damaged") from err


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)


def _made(name: str, fields: dict[str, Any]) -> object:
    kind = _kinds().get(name)
    if kind is None:
        raise CallerError(f"this release knows no turn event or effect '{name}'")
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as err:
        raise CallerError(f"{name} of the recording cannot be read: {err}") from err


@cache
def _kinds() -> dict[str, type]:
    """Events and effects by name; whatever joins their unions can be recorded."""
    members = [*_members(turn_events.TurnEvent), *_members(turn_events.Effect)]
    return {member.__name__: member for member in members if dataclasses.is_dataclass(member) or issubclass(member, Enum)}


def _members(union: Any) -> list[type]:
    return list(get_args(union))
