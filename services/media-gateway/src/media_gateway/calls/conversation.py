"""A call's place at a runtime: opened, lost, opened again on another one with what was not answered yet (rule C5)."""

import json
from dataclasses import dataclass, replace
from typing import Any, Literal

from callstage_contracts.convert import audio_format_to_pb
from callstage_contracts.pb.runtime.v1 import runtime_pb2 as pb
from callstage_domain.audio import AudioFormat
from callstage_domain.call import EndedReason

from media_gateway.bridge.runtime_link import ChannelListener, RuntimeLink
from media_gateway.bridge.runtime_links import RuntimeLinks
from media_gateway.calls.ears import Ears
from media_gateway.calls.facts import CallFacts
from media_gateway.playout.account import Cut, Playing, Report

_Kind = Literal["started", "stopped", "text", "digit"]
_TURN_TAKES_MS = 3000
"""Of caller audio: longer than a recogniser needs for a turn. Noise is never answered."""


@dataclass(frozen=True, slots=True)
class _Said:
    """Something of the caller that is not known to be in the journal. Times are ms of caller audio; `decided_ms` is its place in the audio."""

    decided_ms: float
    kind: _Kind
    number: int
    at_ms: int = 0
    silence_ms: int = 0
    value: str = ""


class Conversation:
    """Messages up, in the runtime's words. Does nothing while no link is there, but keeps what has to be said again."""

    def __init__(self, links: RuntimeLinks, listener: ChannelListener, opening: pb.OpenCall, ears: Ears) -> None:
        self._links = links
        self._listener = listener
        self._opening = opening
        self._ears = ears
        self._link: RuntimeLink | None = None
        self._channel = 0
        self._base_ms = 0
        self._unanswered: list[_Said] = []
        self._answered_ms = 0.0
        self._numbers = 0
        self._is_ready = False
        self._was_ready = False
        self.awaits_answer = False
        """A turn is stored and nothing was said to it yet."""
        # Nobody listens yet: everything is kept until the runtime has opened the call.
        ears.keep_from(0)

    @property
    def is_open(self) -> bool:
        """True while a runtime has the call."""
        return self._link is not None

    @property
    def link(self) -> RuntimeLink | None:
        """The runtime that has the call."""
        return self._link

    def open(self, *, lookup_wait_ms: int, playing: Playing | None, avoid: RuntimeLink | None = None) -> bool:
        """Give the call to a runtime; False when none is there. After the first time: go on from what the caller has heard (`playing`)."""
        link = self._links.choose(avoid)
        if link is None:
            return False
        self.leave(EndedReason.SHUTDOWN, moves=True)
        self._link, self._channel, self._is_ready = link, link.attach(self._listener), False
        self._ears.keep_from(int(self._ears.heard_ms))
        request = pb.OpenCall()
        request.CopyFrom(self._opening)
        request.lookup_wait_ms = lookup_wait_ms
        if playing is not None:
            request.resume.CopyFrom(pb.Resume(utterance_id=playing.utterance_id, heard_ms=playing.heard_ms, sent_ms=playing.sent_ms))
        link.send(pb.CallUp(channel=self._channel, open=request))
        # From now on a re-opened call is this very call, whatever it was opened as.
        if not self._opening.HasField("resume") or self._opening.resume.new_call or self._opening.resume.new_gateway:
            self._opening.resume.CopyFrom(pb.Resume())
        return True

    def lost(self) -> None:
        """The link is gone; from here on everything the caller says has to be said again."""
        self._link, self._is_ready = None, False
        self._ears.keep_from(int(self._ears.heard_ms))

    def opened(self, said: int) -> None:
        """The runtime listens. It has what the caller did up to number `said`; what came after that is said again."""
        if self._was_ready:
            self._forget(said)
        else:
            # The numbers go on where the gateway that had this call before stopped.
            self._numbers += said
            self._unanswered = [replace(one, number=one.number + said) for one in self._unanswered]
        self._say_again()
        self._is_ready = self._was_ready = True
        self._keep_unanswered()

    def taken(self, said: int) -> None:
        """What the caller did up to number `said` is in the journal."""
        self.dismissed(said)
        self.awaits_answer = True

    def dismissed(self, said: int) -> None:
        """What the caller did up to number `said` needs no answer."""
        self._forget(said)
        if self._is_ready:
            self._keep_unanswered()

    @property
    def awaits_turn(self) -> bool:
        """True while something that the caller has just done is on its way into the journal: no good moment to be moved."""
        last = self._unanswered[-1] if self._unanswered else None
        return last is not None and self._ears.heard_ms - last.decided_ms < _TURN_TAKES_MS

    def leave(self, reason: str | None = None, *, moves: bool = False) -> None:
        """Give the call back, with the reason when it is over, or when it `moves` to another gateway."""
        if self._link is None:
            return
        if reason is not None:
            self._send(close=pb.CloseCall(reason=reason, moves=moves))
        self._link.detach(self._channel)
        self._link, self._is_ready = None, False

    def audio(self, audio: bytes, *, at_once: bool = False) -> None:
        """Caller audio, whole frames. `at_once`: not only when there is more of it. Before the runtime listens it is only kept."""
        if self._link is not None and self._is_ready:
            self._link.send_audio(self._channel, audio, at_once=at_once)

    def started(self, at_ms: int) -> None:
        """The caller began to speak."""
        self._say("started", at_ms)

    def stopped(self, at_ms: int, silence_ms: int) -> None:
        """The caller has been silent for `silence_ms`."""
        self._say("stopped", at_ms, silence_ms)

    def text(self, text: str) -> None:
        """The caller typed."""
        self._say("text", value=text)

    def digit(self, digit: str) -> None:
        """The caller pressed a key."""
        self._say("digit", value=digit)

    def heard(self, report: Report) -> None:
        """How far the caller has heard an utterance."""
        message = pb.PlayoutReport(
            utterance_id=report.utterance_id,
            heard_ms=report.heard_ms,
            is_started=report.is_started,
            is_finished=report.is_finished,
            late_ms=report.late_ms,
        )
        self._send(playout=message)

    def interrupted(self, cut: Cut, *, is_held: bool = False) -> None:
        """An utterance was thrown away, or is held until the runtime says how it goes on."""
        self._send(interrupted=pb.Interrupted(utterance_id=cut.utterance_id, heard_ms=cut.heard_ms, is_held=is_held))

    def lookup(self, variables_json: str) -> None:
        """The caller lookup is done."""
        self._send(lookup=pb.CallerLookup(variables_json=variables_json))

    def _say(self, kind: _Kind, at_ms: int = 0, silence_ms: int = 0, value: str = "") -> None:
        self._numbers += 1
        said = _Said(self._ears.heard_ms, kind, self._numbers, at_ms, silence_ms, value)
        self._unanswered.append(said)
        # A caller who is never answered must not fill the memory: the oldest go first, as the audio does.
        del self._unanswered[:-200]
        if self._is_ready:
            self._send_said(said)

    def _forget(self, said: int) -> None:
        """Everything up to that number but the beginning of speech that has not ended yet."""
        self._answered_ms = max(
            (one.decided_ms for one in self._unanswered if one.number <= said and one.kind == "stopped"), default=self._answered_ms
        )
        last_start = next((one for one in reversed(self._unanswered) if one.kind in ("started", "stopped")), None)
        is_speaking = last_start is not None and last_start.kind == "started"
        self._unanswered = [one for one in self._unanswered if one.number > said or (is_speaking and one is last_start)]

    def _keep_unanswered(self) -> None:
        self._ears.forget()
        if self._unanswered:
            first = self._unanswered[0]
            self._ears.keep_from(first.at_ms if first.kind == "started" else int(first.decided_ms))

    def _send_said(self, said: _Said) -> None:
        at_ms = max(0, said.at_ms - self._base_ms)
        match said.kind:
            case "started":
                self._send(speech_started=pb.SpeechStarted(at_ms=at_ms))
            case "stopped":
                self._send(speech_stopped=pb.SpeechStopped(at_ms=at_ms, silence_ms=said.silence_ms, said=said.number))
            case "text":
                self._send(text=pb.TextInput(text=said.value, said=said.number))
            case "digit":
                self._send(dtmf=pb.DtmfInput(digit=said.value, said=said.number))

    def _say_again(self) -> None:
        audio, self._base_ms = self._ears.unanswered()
        # What lies before the beginning of new speech may be the end of a turn that is answered: it must not be understood a second time.
        surplus_ms = min(self._answered_ms - self._base_ms, self._ears.format.duration_ms(len(audio)))
        if surplus_ms > 0:
            audio, self._base_ms = audio[self._ears.format.size_bytes(surplus_ms) :], int(self._base_ms + surplus_ms)
        position_ms = float(self._base_ms)
        for said in self._unanswered:
            audio, position_ms = self._send_kept(audio, position_ms, said.decided_ms)
            if said is self._unanswered[-1] and said.kind == "stopped":
                # The silence has lasted all the while.
                silent_ms = said.silence_ms + int(self._ears.heard_ms - said.decided_ms)
                self._send_said(replace(said, silence_ms=silent_ms))
            else:
                self._send_said(said)
        self._send_kept(audio, position_ms, None)

    def _send_kept(self, audio: bytes, position_ms: float, until_ms: float | None) -> tuple[bytes, float]:
        """Send kept audio up to a time, in pieces of at most a second; returns what is left and where it begins."""
        uplink = self._ears.format
        size = len(audio) if until_ms is None else min(len(audio), uplink.size_bytes(max(0.0, until_ms - position_ms)))
        for start in range(0, size, uplink.size_bytes(1000)):
            self._send_audio(audio[start : min(size, start + uplink.size_bytes(1000))])
        return audio[size:], position_ms + uplink.duration_ms(size)

    def _send_audio(self, audio: bytes) -> None:
        if self._link is not None:
            self._link.send_audio(self._channel, audio)

    def _send(self, **body: Any) -> None:
        if self._link is not None:
            self._link.send(pb.CallUp(channel=self._channel, **body))


def opening_of(facts: CallFacts, uplink: AudioFormat, downlink: AudioFormat) -> pb.OpenCall:
    """The first message about a call."""
    opening = pb.OpenCall(
        context=facts.context(),
        uplink=audio_format_to_pb(uplink),
        downlink=audio_format_to_pb(downlink),
        request_variables_json=json.dumps(facts.variables) if facts.variables else "",
    )
    if facts.resume != "none":
        opening.resume.CopyFrom(pb.Resume(new_call=facts.resume == "session", new_gateway=facts.resume == "takeover"))
    return opening
