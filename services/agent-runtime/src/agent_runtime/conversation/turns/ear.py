"""The listening half of the turn machine: when has the caller finished, and what was said."""

from enum import StrEnum

from agent_runtime.conversation.turns.events import TurnTimes
from agent_runtime.providers.ports import Transcript

FINALIZE_TIMEOUT_MS = 1000.0
"""A recogniser that does not answer `finalize` must not keep the caller waiting longer than this."""


class EarState(StrEnum):
    """Quiet: nobody speaks."""

    QUIET = "quiet"
    TALKING = "talking"
    ENDPOINTING = "endpointing"


class Ear:
    """Collects transcripts between the start and the end of the caller's turn."""

    def __init__(self, silence_threshold_ms: float) -> None:
        self._threshold_ms = silence_threshold_ms
        self.state = EarState.QUIET
        self._finals: list[str] = []
        self._interim = ""
        self._speech_end_ms = 0.0
        self._finalize_ms = 0.0
        self._final_ms: float | None = None
        self._vendor_is_sure = False
        self._is_stale = False

    def started(self) -> None:
        """The caller speaks; what was said before in this turn is kept."""
        self.state = EarState.TALKING
        self._final_ms, self._vendor_is_sure, self._is_stale = None, False, False

    def stopped(self, silence_ms: float, now_ms: float) -> bool:
        """The caller fell silent; True: finalize now."""
        if self.state is EarState.QUIET:
            return False
        self._begin_endpointing(now_ms - silence_ms, now_ms)
        return True

    def transcript(self, event: Transcript, now_ms: float, *, may_begin: bool) -> bool:
        """Take a transcript. True: finalize now, because text came without detected speech (allowed by `may_begin`)."""
        if self._is_stale:
            self._is_stale = not event.answers_finalize
            return False
        if self.state is EarState.QUIET and not (may_begin and event.text.strip() and event.is_final):
            return False
        if event.is_final:
            if event.text.strip():
                self._finals.append(event.text.strip())
            self._interim = ""
        else:
            self._interim = event.text.strip()
        begins = self.state is EarState.QUIET
        if begins:
            self._begin_endpointing(now_ms, now_ms)
        if self.state is EarState.ENDPOINTING:
            if event.answers_finalize:
                self._final_ms = now_ms
            self._vendor_is_sure = self._vendor_is_sure or event.ends_turn
        return begins and not event.answers_finalize

    def due_ms(self) -> float | None:
        """When the turn is over if nothing else happens."""
        if self.state is not EarState.ENDPOINTING:
            return None
        if self._vendor_is_sure:
            return self._finalize_ms
        silent_ms = self._speech_end_ms + self._threshold_ms
        return silent_ms if self._final_ms is not None else max(silent_ms, self._finalize_ms + FINALIZE_TIMEOUT_MS)

    def take(self, now_ms: float) -> tuple[str, TurnTimes]:
        """End the turn: its text (empty: it was noise), and its times."""
        times = TurnTimes(self._speech_end_ms, self._finalize_ms, self._final_ms, now_ms)
        pieces = [*self._finals, self._interim] if self._interim else self._finals
        # What answers too late belongs to this turn and must not open the next one.
        self._is_stale = self._final_ms is None and not self._vendor_is_sure
        text = " ".join(pieces)
        self._finals, self._interim, self.state = [], "", EarState.QUIET
        return text, times

    def add_typed(self, text: str) -> None:
        """Put something that was not spoken into the running turn."""
        self._finals.append(text)

    def _begin_endpointing(self, speech_end_ms: float, now_ms: float) -> None:
        self.state = EarState.ENDPOINTING
        self._speech_end_ms, self._finalize_ms = speech_end_ms, now_ms
        self._final_ms, self._vendor_is_sure = None, False
