"""Gemini's live session, without sockets.

It answers as soon as the caller falls silent: that answer is kept until it is asked for, and interrupted when he goes on. What it remembers
cannot be edited, only added to; where its memory differs from the history it is told so before the next answer.
"""

import itertools
from typing import Any, Final

import orjson
from callstage_audio.g711 import ulaw_to_pcm16
from callstage_audio.resample import Resampler
from callstage_domain.audio import AudioFormat

from agent_runtime.providers import failures
from agent_runtime.providers.dialogue import NOTHING, Reply
from agent_runtime.providers.ports import LlmDone, LlmRequest, ToolCallRequest, ToolSpec
from agent_runtime.providers.realtime import AnswerAudio, AnswerCall, AnswerEnded, AnswerText, Leaving, RealtimeEvent, RealtimeSetup
from agent_runtime.providers.realtime_dialogue import Reaction
from agent_runtime.providers.realtime_mirror import Difference, Known, Wanted, difference, wanted_of
from agent_runtime.providers.speech_dialogue import SETTLED
from agent_runtime.providers.vendors.gemini import live_wire as wire
from agent_runtime.providers.vendors.gemini.client import VENDOR
from agent_runtime.providers.vendors.gemini.live_ear import LiveEar

_LATE_TEXT_S: Final = 0.3
"""The transcript may lag so far behind the last sound."""
_OUT: Final = AudioFormat.PCM16_24K
_ASKED: Final = "asked"
_UNASKED: Final = "unasked"
"""Ids of answers that the vendor takes for heard: those that were asked for, and those that came early and complete for nothing."""


class LiveDialogue:
    """See `RealtimeDialogue`."""

    vendor = VENDOR

    def __init__(self, setup: RealtimeSetup, model: str, voice: str) -> None:
        handle, remembered = setup.resume or (None, [])
        wanted = wanted_of(setup.request.messages)
        # The last words of the caller are asked about, not history.
        self._history = [] if handle else wanted[:-1] if wanted and wanted[-1].kind == "user" else wanted
        self.opening = (wire.setup(setup, model, voice, has_history=bool(self._history), handle=handle),)
        self.is_ready = False
        self.handover: tuple[str, list[Known]] | None = None
        self._model = model
        self._can_change = wire.changes_in_session(model)
        self._task = _task(setup.request)
        self._ids = itertools.count(1)
        self._known: list[Known] = [*remembered] if handle else self._learnt(self._history)
        self._ear = LiveEar()
        self._is_ulaw = setup.hears is AudioFormat.PCMU_8K
        self._resampler = Resampler(setup.hears.rate_hz, 16_000) if setup.hears.rate_hz != 16_000 else None
        self._is_open = False
        self._held: list[bytes] | None = None
        """Speech over an answer in the making, which it would stop: kept until the answer is complete or given up."""
        self._held_stop = False
        self._number = 0
        self._asked = 0
        self._is_running = False
        self._ignores = False
        """Output of an answer that was given up may still come."""
        self._owes_end = False
        """The vendor has still to say that an earlier answer is complete."""
        self._answer: Known | None = None
        self._fresh: list[Known] = []
        """What answer `_number` has brought so far."""
        self._ends_s: float | None = None
        self._usage = (0, 0)
        self._owed: set[str] = set()
        """Calls of the model that it still waits for an outcome of."""

    @property
    def due_s(self) -> float | None:
        """See `RealtimeDialogue`."""
        return min((due for due in (self._ear.due_s, self._ends_s) if due is not None), default=None)

    def settled(self) -> Reaction:
        """The history of a session that begins in the middle of a conversation; it is not answered."""
        turns = [wire.turn(item) for item in self._history]
        return Reply((wire.content(turns, is_complete=True),)) if turns else NOTHING

    def is_current(self, request: LlmRequest) -> bool:
        """See `RealtimeSession`."""
        return self._can_change or (self._task == _task(request) and not difference(self._known, wanted_of(request.messages)).added)

    def caller_began(self) -> Reaction:
        """See `RealtimeDialogue`."""
        if self._held is not None:
            self._held_stop = False
            return NOTHING
        if self._is_running and self._asked == self._number and not self._ignores:
            self._held = []
            return NOTHING
        return self._began()

    def hear(self, audio: bytes) -> Reaction:
        """See `RealtimeDialogue`."""
        pcm16 = ulaw_to_pcm16(audio) if self._is_ulaw else audio
        if self._resampler is not None:
            pcm16 = self._resampler.push(pcm16)
        if self._held is not None and not self._held_stop:
            self._held.append(pcm16)
            return NOTHING
        return Reply((wire.audio(pcm16),)) if pcm16 and self._is_open else NOTHING

    def caller_stopped(self, request: LlmRequest, quiet_ms: float, now_s: float) -> Reaction:
        """See `RealtimeDialogue`. The answer to it begins now."""
        if self._held is not None:
            self._held_stop = True
            return NOTHING
        if not self._is_open:
            return Reply(events=(SETTLED,))
        told = self._told(request, difference(self._known, wanted_of(request.messages)), is_complete=False) if self._can_change else []
        return Reply((*told, self._stopped(now_s)))

    def ask(self, request: LlmRequest, heard_ms: float | None) -> tuple[int | None, Reaction]:
        """See `RealtimeDialogue`."""
        for item in self._known:
            item.is_open = False
        is_early = self._asked < self._number
        before = [item for item in self._known if not is_early or item not in self._fresh]
        found = difference(before, wanted_of(request.messages))
        is_same = self._task == _task(request)
        is_begun = is_early and bool(before) and before[-1].kind == "user"
        if is_begun and is_same and not found.added and not found.cut:
            self._asked = self._number
            self._known = [item for item in found.sequence if isinstance(item, Known)] + self._fresh
            for item in self._fresh:
                item.id = _ASKED if item.kind == "assistant" else item.id
            return self._number, NOTHING
        if not self._can_change and (not is_same or found.cut or any(item.kind == "assistant" for item in found.added)):
            return None, NOTHING
        return self._triggered(request, difference(self._known, wanted_of(request.messages)))

    def cancel(self, number: int, now_s: float) -> Reaction:
        """Its rest is ignored; the vendor stops making it when the caller is heard."""
        if number != self._number or not self._is_running:
            return NOTHING
        self._stop_listening()
        return self._release(now_s)

    def elapsed(self, now_s: float) -> Reaction:
        """See `RealtimeDialogue`."""
        if self._ends_s is not None and self._ends_s <= now_s:
            self._owes_end = True
            return self._ended(now_s)
        return Reply(events=(self._ear.settled(),)) if self._ear.due_s is not None and self._ear.due_s <= now_s else NOTHING

    def read(self, message: str | bytes, now_s: float) -> Reaction:
        """See `RealtimeDialogue`."""
        try:
            body: dict[str, Any] = orjson.loads(message)
            events: list[RealtimeEvent] = []
            messages: tuple[str, ...] = ()
            self._note(body, events)
            if "toolCall" in body:
                events += self._calls(body["toolCall"]["functionCalls"])
                released = self._release(now_s)
                events += released.events
                messages = released.messages
            if "serverContent" in body:
                told = self._content(body["serverContent"], now_s)
                events += told.events
                messages += told.messages
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise failures.malformed(VENDOR, "stream") from err
        return Reply(messages, tuple(events))

    def _note(self, body: dict[str, Any], events: list[RealtimeEvent]) -> None:
        """Everything beside the conversation."""
        if "setupComplete" in body:
            self.is_ready = True
        if "goAway" in body:
            events.append(Leaving(wire.seconds(body["goAway"].get("timeLeft", "0s"))))
        if (usage := body.get("usageMetadata")) is not None:
            self._usage = (int(usage.get("promptTokenCount") or 0), int(usage.get("responseTokenCount") or 0))
        if (update := body.get("sessionResumptionUpdate")) is not None:
            handle = update.get("newHandle")
            self.handover = (handle, [*self._known]) if handle and update.get("resumable") else None
        if "toolCallCancellation" in body:
            self._owed -= set(body["toolCallCancellation"]["ids"])

    def _content(self, content: dict[str, Any], now_s: float) -> Reaction:
        events: list[RealtimeEvent] = []
        if (heard := content.get("inputTranscription")) is not None:
            self._heard(str(heard.get("text") or ""), bool(heard.get("finished")), now_s, events)
        spoken = content.get("outputTranscription")
        parts = (content.get("modelTurn") or {}).get("parts") or ()
        if self._is_running and not self._ignores:
            audio = b"".join(wire.sound(part["inlineData"]["data"]) for part in parts if "inlineData" in part)
            events += self._said(audio, str((spoken or {}).get("text") or ""))
        is_over = bool(content.get("interrupted") or content.get("turnComplete"))
        if is_over and self._answer is None and (self._ignores or self._owes_end or not content.get("turnComplete")):
            self._ignores = False
            self._owes_end = self._owes_end and not content.get("turnComplete")
        elif is_over and self._is_running:
            ended = self._ended(now_s)
            self._owes_end = not content.get("turnComplete")
            return Reply(ended.messages, (*events, *ended.events))
        elif content.get("generationComplete") and self._answer is not None:
            self._ends_s = now_s + _LATE_TEXT_S
        return Reply(events=tuple(events))

    def _heard(self, text: str, is_last: bool, now_s: float, events: list[RealtimeEvent]) -> None:
        told = self._ear.piece(text, now_s, is_last=is_last)
        speech = next((item for item in reversed(self._known) if item.kind == "user"), None)
        if speech is not None and speech.is_open and not self._is_open:
            speech.text = self._ear.text.strip()
        if told is not None:
            events.append(told)

    def _said(self, audio: bytes, text: str) -> list[RealtimeEvent]:
        if not audio and not text:
            return []
        if self._answer is None:
            self._answer = Known(_ASKED if self._asked == self._number else self._id(), "assistant")
            self._known.append(self._answer)
            self._fresh.append(self._answer)
        self._answer.text += text
        self._answer.audio_ms += _OUT.duration_ms(len(audio))
        events: list[RealtimeEvent] = [AnswerText(self._number, text)] if text else []
        return [*events, AnswerAudio(self._number, audio)] if audio else events

    def _calls(self, calls: list[dict[str, Any]]) -> list[RealtimeEvent]:
        if not self._is_running or self._ignores:
            return []
        events: list[RealtimeEvent] = []
        for call in calls:
            wants = ToolCallRequest(str(call["id"]), str(call["name"]), orjson.dumps(call.get("args") or {}).decode())
            self._fresh.append(Known(self._id(), "call", key=wants.id))
            self._known.append(self._fresh[-1])
            self._owed.add(wants.id)
            events.append(AnswerCall(self._number, wants))
        self._is_running, self._ends_s, self._answer = False, None, None
        return [*events, AnswerEnded(self._number, LlmDone("tool_calls", *self._spent()))]

    def _began(self) -> Reaction:
        if self._is_running:
            self._stop_listening()
        self._is_open = True
        # He goes on so soon that his last words were still waited for: what there is of them counts.
        before = (self._ear.settled(),) if self._ear.due_s is not None else ()
        self._ear.began()
        return Reply((wire.realtime(activityStart={}),), before)

    def _stopped(self, now_s: float) -> str:
        self._is_open = False
        self._ear.ended(now_s)
        self._known.append(Known(self._id(), "user", self._ear.text.strip(), is_open=True))
        self._expect()
        return wire.realtime(activityEnd={})

    def _triggered(self, request: LlmRequest, found: Difference) -> tuple[int, Reaction]:
        """Ask for an answer to something that was not spoken in this session: text, outcomes of tools, the beginning of a call."""
        if self._is_running:
            self._stop_listening()
        if self._can_change:
            messages = self._told(request, found, is_complete=True)
        else:
            results = self._outcomes(found)
            said = " ".join(item.text for item in found.added if item.kind in ("user", "system"))
            self._known = self._applied(found)
            messages = [wire.results(results)] if results and not said else [wire.realtime(text=said or wire.GO_ON)]
        self._expect()
        self._asked = self._number
        return self._number, Reply(tuple(messages))

    def _told(self, request: LlmRequest, found: Difference, *, is_complete: bool) -> list[str]:
        """Make the vendor's memory agree with the history, as far as it can be."""
        messages: list[str] = []
        if self._task != _task(request):
            self._task = _task(request)
            messages.append(wire.context_update(request, self._model))
        notes = [wire.cut_note(text) for _, text in found.cut]
        notes += [wire.cut_note("") for item in found.dropped if item.id in (_ASKED, _UNASKED)]
        for item, text in found.cut:
            item.text = text
        results = self._outcomes(found)
        turns = notes + [wire.turn(item) for item in found.added if item not in results]
        self._known = self._applied(found)
        if turns or (is_complete and not results):
            messages.append(wire.content(turns or [wire.turn(Wanted("user", wire.GO_ON))], is_complete=is_complete and not results))
        if results:
            messages.append(wire.results(results))
        return messages

    def _outcomes(self, found: Difference) -> list[Wanted]:
        """Those that the model waits for; of others it can only be told."""
        results = [item for item in found.added if item.kind == "result" and item.key in self._owed]
        self._owed -= {item.key for item in results}
        return results

    def _applied(self, found: Difference) -> list[Known]:
        applied: list[Known] = []
        for item in found.sequence:
            applied += self._learnt([item]) if isinstance(item, Wanted) else [item]
        return applied

    def _learnt(self, items: list[Wanted]) -> list[Known]:
        return [Known(self._id(), item.kind, item.text, item.key) for item in items]

    def _expect(self) -> None:
        self._number += 1
        self._is_running, self._answer, self._ends_s, self._fresh = True, None, None, []

    def _stop_listening(self) -> None:
        """What comes of the running answer from now on is not wanted."""
        self._ignores = self._ignores or self._answer is not None
        self._is_running, self._answer, self._ends_s, self._owes_end = False, None, None, True

    def _ended(self, now_s: float) -> Reaction:
        said = self._answer
        self._is_running, self._answer, self._ends_s = False, None, None
        if said is not None:
            said.id = _ASKED if self._asked == self._number else _UNASKED
            end = AnswerEnded(self._number, LlmDone("stop", *self._spent()))
        else:
            # The model may think that there is nothing to say; a caller who has ended his turn waits for an answer.
            end = AnswerEnded(self._number, failure=failures.failed(VENDOR, "first_byte"))
        released = self._release(now_s)
        return Reply(released.messages, (end, *released.events))

    def _spent(self) -> tuple[int, int]:
        """Tokens in and out. The vendor may tell them when the answer is long over: then they go with the next one."""
        usage, self._usage = self._usage, (0, 0)
        return usage

    def _release(self, now_s: float) -> Reaction:
        """The caller's speech that was held back."""
        if self._held is None:
            return NOTHING
        held, has_stopped, self._held, self._held_stop = self._held, self._held_stop, None, False
        began = self._began()
        messages = [*began.messages, *(wire.audio(audio) for audio in held if audio)]
        if has_stopped:
            # What the answer has become in the history is not known here yet: the next one is told.
            messages.append(self._stopped(now_s))
        return Reply(tuple(messages), began.events)

    def _id(self) -> str:
        return f"k{next(self._ids)}"


def _task(request: LlmRequest) -> tuple[str, tuple[ToolSpec, ...]]:
    return request.system, request.tools
