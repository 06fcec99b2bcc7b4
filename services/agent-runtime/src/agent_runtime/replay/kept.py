"""A conversation as a test keeps it: the recording of a call, or steps that a person wrote. On the wire zlib of JSON."""

import json
import zlib
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from callstage_domain.agent import AgentSnapshot
from callstage_domain.errors import CallerError
from pydantic import TypeAdapter, ValidationError

from agent_runtime.conversation.call_recorder import CallRecorder
from agent_runtime.conversation.recording import Recording, from_json, to_json
from agent_runtime.replay.anonymous import anonymous
from agent_runtime.replay.fixture import recordings_in
from agent_runtime.replay.script import Step
from agent_runtime.stages.entries import Entry

MAX_BYTES = 16 << 20
_STEPS: TypeAdapter[tuple[Step, ...]] = TypeAdapter(tuple[Step, ...])


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """Either `parts` (one for each process that carried the call) or `steps`."""

    parts: tuple[Recording, ...] = ()
    steps: tuple[Step, ...] = ()

    def without_people(self) -> "KeptConversation":
        """Raises CallerError when something personal would be left; steps are a person's own words and stay."""
        return KeptConversation(tuple(anonymous(list(self.parts))), self.steps) if self.parts else self

    def packed(self) -> bytes:
        """For the wire and the database."""
        if self.steps:
            return zlib.compress(msgspec.json.encode({"steps": [step.model_dump(mode="json") for step in self.steps]}))
        return zlib.compress(b'{"parts":[' + b",".join(to_json(part) for part in self.parts) + b"]}")

    def entries(self) -> list[dict[str, Any]]:
        """The journal of the whole conversation, in order."""
        found: list[dict[str, Any]] = list(self.parts[0].before) if self.parts else []
        for part in self.parts:
            found += [item[2] for item in part.items if item[0] == "entry"]
        return found


def unpacked(data: bytes) -> KeptConversation:
    """Raises CallerError for what is neither a recording nor steps."""
    try:
        unzip = zlib.decompressobj()
        text = unzip.decompress(data, MAX_BYTES)
        document: Any = json.loads(text)
    except (zlib.error, ValueError) as err:
        raise CallerError("the recording is damaged") from err
    steps: Any = cast("dict[str, Any]", document).get("steps") if isinstance(document, dict) else None
    if steps is None:
        parts = recordings_in(text)
        if not parts:
            raise CallerError("nothing was recorded")
        return KeptConversation(parts=tuple(parts))
    try:
        return KeptConversation(steps=_STEPS.validate_python(steps))
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CallerError(f"steps.{place}: {first['msg']}") from err


def of_journal(entries: list[Entry], session_id: str, snapshot: AgentSnapshot) -> KeptConversation:
    """From the journal of a session, when no recording of its calls is there: what was decided about stages and tools, nothing of the turns."""
    recorder = CallRecorder(lambda: 0.0)
    for entry in entries:
        recorder.entry(entry)
    return KeptConversation(parts=(from_json(to_json(recorder.recording(session_id, snapshot, ()))),))
