"""OpenAI's realtime session, without sockets. Hearing is what it is in a transcription session; answers are asked for one by one.

The vendor's conversation can be edited: before each answer it is made to agree with the history, to the millisecond that was heard.
"""

import itertools
from base64 import b64decode
from dataclasses import replace
from typing import Any, Final, Literal

import orjson

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue import NOTHING, Reply
from agent_runtime.providers.ports import LlmDone, LlmRequest, SttRequest, ToolCallRequest
from agent_runtime.providers.realtime import AnswerAudio, AnswerCall, AnswerEnded, AnswerText, RealtimeEvent, RealtimeSetup
from agent_runtime.providers.realtime_dialogue import Reaction
from agent_runtime.providers.realtime_mirror import Known, Wanted, difference, wanted_of, words
from agent_runtime.providers.vendors.openai import realtime_wire as wire
from agent_runtime.providers.vendors.openai.transcription import TranscriptionDialogue

_EDIT: Final = "edit_"
"""Event id of a change to the conversation: one that fails leaves the model with a little more than was heard, which is no reason to stop."""
_INCOMPLETE: Final[dict[str, Literal["length", "content_filter"]]] = {"max_output_tokens": "length", "content_filter": "content_filter"}


class RealtimeOpenAiDialogue:
    """See `RealtimeDialogue`."""

    vendor = wire.VENDOR
    handover = None

    def __init__(self, setup: RealtimeSetup, transcription: str, voice: str, answer_s: float) -> None:
        self.opening = (wire.update(wire.opening(setup, transcription, voice)),)
        self.is_ready = False
        self._finds_pauses = wire.hears_pauses(setup.options)
        self._task = wire.task(setup.request)
        self._format, self._speaks = setup.hears, setup.speaks
        self._hearing = TranscriptionDialogue(transcription, SttRequest(setup.hears, setup.language), answer_s)
        self._heard_ms = 0.0
        self._known: list[Known] = []
        self._ids = itertools.count(1)
        self._asked = 0
        self._waiting: tuple[int, LlmRequest, float | None] | None = None
        """An answer to be asked for as soon as the one before is stopped."""
        self._running = 0
        """Number of the answer that is made; 0: none."""
        self._is_cancelled = False
        self._formed: dict[str, Known] = {}

    @property
    def due_s(self) -> float | None:
        """See `RealtimeDialogue`."""
        return self._hearing.due_s

    def settled(self) -> Reaction:
        """Nothing: the history follows when an answer is asked for."""
        return NOTHING

    def is_current(self, request: LlmRequest) -> bool:
        """Everything about a session can be changed."""
        return True

    def caller_began(self) -> Reaction:
        """Nothing: audio speaks for itself."""
        return NOTHING

    def hear(self, audio: bytes) -> Reaction:
        """See `RealtimeDialogue`."""
        self._heard_ms += self._format.duration_ms(len(audio))
        appended = self._hearing.audio(audio)
        return Reply((appended,)) if appended else NOTHING

    def caller_stopped(self, request: LlmRequest, quiet_ms: float, now_s: float) -> Reaction:
        """Commit, unless the vendor does it when it is sure."""
        return NOTHING if self._finds_pauses else self._hearing.finalize(now_s, self._heard_ms, quiet_ms)

    def ask(self, request: LlmRequest, heard_ms: float | None) -> tuple[int, Reaction]:
        """See `RealtimeDialogue`."""
        self._asked += 1
        if self._running:
            self._waiting = (self._asked, request, heard_ms)
            return self._asked, self.cancel(self._running)
        return self._asked, self._ask(self._asked, request, heard_ms)

    def cancel(self, number: int, now_s: float = 0.0) -> Reaction:
        """See `RealtimeDialogue`."""
        if self._waiting is not None and self._waiting[0] == number:
            self._waiting = None
        if number != self._running or self._is_cancelled:
            return NOTHING
        self._is_cancelled = True
        return Reply((wire.message("response.cancel"),))

    def elapsed(self, now_s: float) -> Reaction:
        """See `RealtimeDialogue`."""
        return self._hearing.elapsed(now_s)

    def read(self, message: str | bytes, now_s: float) -> Reaction:
        """See `RealtimeDialogue`."""
        try:
            event: dict[str, Any] = orjson.loads(message)
            kind = str(event["type"])
            if kind.startswith("response."):
                return self._answer(kind, event)
            if kind.startswith("input_audio_buffer.") or ".input_audio_transcription." in kind:
                return self._heard(kind, event, message, now_s)
            if kind == "session.updated":
                self.is_ready = True
            elif kind == "error":
                return self._error(event["error"], message, now_s)
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise failures.malformed(wire.VENDOR, "stream") from err
        return NOTHING

    def _ask(self, number: int, request: LlmRequest, heard_ms: float | None) -> Reaction:
        messages: list[str] = []
        if (task := wire.task(request)) != self._task:
            self._task = task
            messages.append(wire.update(task))
        messages += self._agreed(request, heard_ms)
        messages.append(wire.message("response.create", event_id=f"ask_{number}"))
        self._running, self._is_cancelled = number, False
        return Reply(tuple(messages))

    def _agreed(self, request: LlmRequest, heard_ms: float | None) -> list[str]:
        """Make the conversation what the history says."""
        found = difference(self._known, wanted_of(request.messages))
        messages = [self._edit("conversation.item.delete", item_id=item.id) for item in found.dropped]
        for item, text in found.cut:
            has, keeps = words(item.text), words(text)
            until_ms = heard_ms if heard_ms is not None else item.audio_ms * len(keeps) / max(1, len(has))
            item.audio_ms, item.text, heard_ms = max(0.0, min(until_ms, item.audio_ms)), text, None
            messages.append(self._edit("conversation.item.truncate", item_id=item.id, content_index=0, audio_end_ms=int(item.audio_ms)))
        previous, agreed = "root", list[Known]()
        for item in found.sequence:
            if isinstance(item, Wanted):
                made = Known(f"cs_{next(self._ids)}", item.kind, item.text, item.key)
                messages.append(self._edit("conversation.item.create", previous_item_id=previous, item=wire.item(item, made.id)))
                item = made
            agreed.append(item)
            previous = item.id
        self._known = agreed
        return messages

    def _edit(self, kind: str, **fields: Any) -> str:
        return wire.message(kind, event_id=f"{_EDIT}{next(self._ids)}", **fields)

    def _heard(self, kind: str, event: dict[str, Any], message: str | bytes, now_s: float) -> Reaction:
        if kind == "input_audio_buffer.committed":
            self._known.append(Known(str(event["item_id"]), "user", is_open=True))
        elif kind.endswith((".completed", ".failed")):
            if kind.endswith(".failed"):
                # Words that nobody can tell are a noise; the session is as good as before.
                event = {**event, "type": kind.replace(".failed", ".completed"), "transcript": ""}
                message = orjson.dumps(event)
            for item in self._known:
                if item.id == event["item_id"]:
                    item.text, item.is_open = str(event["transcript"]).strip(), False
        told = self._hearing.read(message, now_s)
        if not self._finds_pauses:
            return told
        sure = tuple(replace(text, ends_turn=True) if getattr(text, "is_final", False) else text for text in told.events)
        return Reply(told.messages, sure)

    def _answer(self, kind: str, event: dict[str, Any]) -> Reaction:
        if kind == "response.done":
            return self._done(event["response"])
        if kind == "response.output_item.added":
            self._form(event["item"])
        if self._is_cancelled:
            return NOTHING
        number = self._running
        match kind:
            case "response.output_audio.delta":
                audio = b64decode(event["delta"])
                if (item := self._formed.get(str(event["item_id"]))) is not None:
                    item.audio_ms += self._speaks.duration_ms(len(audio))
                return Reply(events=(AnswerAudio(number, audio),))
            case "response.output_audio_transcript.delta":
                text = str(event["delta"])
                if (item := self._formed.get(str(event["item_id"]))) is not None:
                    item.text += text
                return Reply(events=(AnswerText(number, text),))
            case "response.output_item.done" if event["item"]["type"] == "function_call":
                call = event["item"]
                wants = ToolCallRequest(str(call["call_id"]), str(call["name"]), str(call["arguments"]))
                return Reply(events=(AnswerCall(number, wants),))
            case _:
                return NOTHING

    def _form(self, item: dict[str, Any]) -> None:
        if item["type"] == "function_call":
            self._known.append(Known(str(item["id"]), "call", key=str(item["call_id"])))
        elif item["type"] == "message":
            known = self._formed[str(item["id"])] = Known(str(item["id"]), "assistant")
            self._known.append(known)

    def _done(self, response: dict[str, Any]) -> Reaction:
        number, was_cancelled = self._running, self._is_cancelled
        self._running, self._is_cancelled = 0, False
        self._formed.clear()
        events: tuple[RealtimeEvent, ...] = () if was_cancelled else (_outcome(number, response),)
        if self._waiting is None:
            return Reply(events=events)
        asked, self._waiting = self._waiting, None
        return Reply(self._ask(*asked).messages, events)

    def _error(self, error: dict[str, Any], message: str | bytes, now_s: float) -> Reaction:
        code, event_id = error.get("code"), str(error.get("event_id") or "")
        if code == "input_audio_buffer_commit_empty":
            return self._hearing.read(message, now_s)
        if code == "response_cancel_not_active" or event_id.startswith(_EDIT):
            return NOTHING
        failure = wire.failure(code, error.get("type"))
        if not event_id.startswith("ask_") or code == "session_expired":
            raise failure
        number, self._running = self._running, 0
        return Reply(events=(AnswerEnded(number, failure=failure),))


def _outcome(number: int, response: dict[str, Any]) -> AnswerEnded:
    status, details = response["status"], response.get("status_details") or {}
    if status == "failed":
        error = details.get("error") or {}
        return AnswerEnded(number, failure=wire.failure(error.get("code"), error.get("type")))
    usage = response.get("usage") or {}
    has_calls = any(item["type"] == "function_call" for item in response.get("output") or ())
    reason: Literal["stop", "tool_calls", "length", "content_filter"] = "tool_calls" if has_calls else "stop"
    if status == "incomplete":
        reason = _INCOMPLETE.get(str(details.get("reason")), "length")
    return AnswerEnded(number, LlmDone(reason, int(usage.get("input_tokens") or 0), int(usage.get("output_tokens") or 0)))
