"""Which runtime has the call: one is sought and waited for, and another one takes over when it is lost or leaves (rule C5)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from callstage_domain.call import EndedReason
from callstage_kit.telemetry.metrics import RESUMES_TOTAL

from media_gateway.bridge.runtime_links import RuntimeLinks
from media_gateway.calls.conversation import Conversation
from media_gateway.calls.facts import CallFacts
from media_gateway.calls.room import Room
from media_gateway.playout.account import Cut, Playing

FIRST_LINK_TIMEOUT_MS: Final = 1_000
LINK_TIMEOUT_MS: Final = 10_000
OPENED_TIMEOUT_MS: Final = 5_000
_MOST_ATTEMPTS: Final = 3


class Placement:
    """One call. `fall_back` ends it without a runtime: why, and the code of what failed."""

    def __init__(
        self,
        facts: CallFacts,
        room: Room,
        conversation: Conversation,
        links: RuntimeLinks,
        fall_back: Callable[[EndedReason, str], None],
        log: Any,
    ) -> None:
        self._facts = facts
        self._room = room
        self._conversation = conversation
        self._links = links
        self._fall_back = fall_back
        self._log = log
        self._has_opened = False
        self._was_answered = False
        self._attempts = 0
        self._waiting_since_ms = _now_ms()
        self._lookup_json: str | None = None
        self._playing_at_loss: Playing | None = None

    def seek(self) -> bool:
        """Give the call to a runtime; False when none is there."""
        lookup_wait_ms = 0
        if self._facts.lookup_until_ms and self._lookup_json is None:
            lookup_wait_ms = max(1, self._facts.lookup_until_ms - int(time.time() * 1000))
        playing = self._still_playing() if self._was_answered and self._attempts else None
        if not self._conversation.open(lookup_wait_ms=lookup_wait_ms, playing=playing, avoid=self._conversation.link):
            return False
        if self._was_answered:
            RESUMES_TOTAL.labels("runtime").inc()
            self._log.info("call_reopened", heard_ms=playing.heard_ms if playing else 0)
        self._attempts += 1
        self._waiting_since_ms = _now_ms()
        if self._lookup_json is not None:
            self._conversation.lookup(self._lookup_json)
        return True

    def wait(self, now_ms: float) -> None:
        """A tick passes. Without a runtime that has opened the call, this does not go on for ever."""
        if self._has_opened:
            return
        waited_ms = now_ms - self._waiting_since_ms
        if self._conversation.is_open:
            if waited_ms > OPENED_TIMEOUT_MS:
                self._log.warning("runtime_does_not_answer", attempts=self._attempts)
                self.try_elsewhere(EndedReason.RUNTIME_LOST, "runtime_lost")
        elif not self.seek() and waited_ms > (LINK_TIMEOUT_MS if self._was_answered else FIRST_LINK_TIMEOUT_MS):
            self._fall_back(EndedReason.RUNTIME_LOST, "runtime_lost")

    def try_elsewhere(self, reason: EndedReason, code: str) -> None:
        """The present one does not take the call."""
        link = self._conversation.link
        other = self._links.choose(link)
        if self._attempts >= _MOST_ATTEMPTS or other is None or other is link:
            self._fall_back(reason, code)
        else:
            self.seek()

    def opened(self) -> bool:
        """The runtime has the call. True the first time."""
        is_first = not self._was_answered
        self._has_opened = self._was_answered = True
        self._attempts = 1
        self._playing_at_loss = None
        return is_first

    def lost(self, *, is_over: bool) -> None:
        """All calls of the link look for another one at once; audio that was sent keeps playing."""
        self._conversation.lost()
        self._has_opened = False
        self._attempts = 1
        self._waiting_since_ms = _now_ms()
        # Nobody is there to decide until the next runtime has the call.
        self._room.holds_on_barge_in = False
        if not is_over:
            self._playing_at_loss = self._playing_at_loss or self._room.player.playing()
            self._log.warning("runtime_link_lost", was_speaking=self._playing_at_loss is not None)
            self.seek()
            # Not with the next tick: the caller may be in silence already.
            self._links.flush()
            self._room.player.abandon()

    @property
    def may_change(self) -> bool:
        """True when its runtime is about to stop and another one is there."""
        link = self._conversation.link
        return link is not None and link.is_leaving and self._has_opened and self._links.choose(link) not in (None, link)

    def change(self) -> None:
        """Go on with another one."""
        self._has_opened = False
        self._attempts = 1
        self.seek()

    def looked_up(self, lookup_json: str) -> None:
        """The caller lookup is done: this runtime is told, and any that follows."""
        self._lookup_json = lookup_json
        self._conversation.lookup(lookup_json)

    def cut_off(self, cuts: Sequence[Cut], *, is_held: bool = False) -> None:
        """The runtime's voice was silenced there."""
        for cut in cuts:
            self._conversation.interrupted(cut, is_held=is_held)
            left = self._playing_at_loss
            if left is not None and left.utterance_id == cut.utterance_id:
                self._playing_at_loss = Playing(cut.utterance_id, cut.heard_ms, cut.heard_ms)

    def _still_playing(self) -> Playing:
        """Of what the lost runtime said; its last audio may have been played to the end, or cut off, before another one was found."""
        left, now = self._playing_at_loss, self._room.player.playing()
        if left is None or (now is not None and now.utterance_id == left.utterance_id):
            return now or Playing("", 0, 0)
        return replace(left, heard_ms=left.sent_ms)


def _now_ms() -> float:
    return time.monotonic() * 1000
