"""The listening half of the turn machine: when has the caller finished, and what was said."""

from enum import StrEnum

from agent_runtime.conversation.turns.events import TurnTimes
from agent_runtime.providers.ports import Transcript

FINALIZE_TIMEOUT_MS = 1000.0
"""A recogniser that settled something before does not always answer `finalize`: the caller does not wait for it longer than this."""
UNSETTLED_TIMEOUT_MS = 3500.0
"""With nothing or an interim text in hand an early answer would be one to half a sentence. Then what there is counts; the rest is not lost."""


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
        self.said = 0
        """Number of the last stop."""
        self._finals: list[str] = []
        self._interim = ""
        self._speech_end_ms = 0.0
        self._finalize_ms = 0.0
        self._final_ms: float | None = None
        self._vendor_is_sure = False
        self._is_late = False
        self._taken = ""

    def started(self) -> None:
        """The caller speaks; what was said before in this turn is kept."""
        self.state = EarState.TALKING
        self._final_ms, self._vendor_is_sure = None, False
        # Whatever comes from now on may be new: a repeated word is better than a lost one.
        self._taken = ""

    def stopped(self, silence_ms: float, now_ms: float, said: int = 0) -> bool:
        """The caller fell silent; True: finalize now."""
        self.said = said or self.said
        if self.state is EarState.QUIET:
            return False
        self._is_late = False
        self._begin_endpointing(now_ms - silence_ms, now_ms)
        return True

    def transcript(self, event: Transcript, now_ms: float, *, may_begin: bool) -> bool:
        """Take a transcript. True: finalize now, because text came without detected speech (allowed by `may_begin`).

        A final text that was too late for its turn is a turn of its own, or the beginning of the next one.
        """
        text, is_late = event.text.strip(), self._is_late
        if is_late and event.is_final:
            text = _without_beginning(text, self._taken)
            self._taken = ""
            self._is_late = not event.answers_finalize
        if self.state is EarState.QUIET and not (event.is_final and text and (may_begin or is_late)):
            return False
        if event.is_final:
            if text:
                self._finals.append(text)
            self._interim = ""
        else:
            self._interim = text
        begins = self.state is EarState.QUIET
        if begins:
            # A late text keeps the times of its own speech, by which it is overdue.
            self._begin_endpointing(*((self._speech_end_ms, self._finalize_ms) if is_late else (now_ms, now_ms)))
        if self.state is EarState.ENDPOINTING:
            if event.answers_finalize:
                self._final_ms = now_ms
            self._vendor_is_sure = self._vendor_is_sure or event.ends_turn
        return begins and not is_late and not event.answers_finalize

    def due_ms(self) -> float | None:
        """When the turn is over if nothing else happens."""
        if self.state is not EarState.ENDPOINTING:
            return None
        if self._vendor_is_sure:
            return self._finalize_ms
        silent_ms = self._speech_end_ms + self._threshold_ms
        return silent_ms if self._final_ms is not None else max(silent_ms, self._finalize_ms + self._timeout_ms)

    def take(self, now_ms: float) -> tuple[str, TurnTimes]:
        """End the turn: its text (empty: it was noise), and its times."""
        times = TurnTimes(self._speech_end_ms, self._finalize_ms, self._final_ms, now_ms)
        pieces = [*self._finals, self._interim] if self._interim else self._finals
        text = " ".join(pieces)
        self._is_late = self._final_ms is None and not self._vendor_is_sure
        self._taken = self._interim if self._is_late else ""
        self._finals, self._interim, self.state = [], "", EarState.QUIET
        return text, times

    def add_typed(self, text: str) -> None:
        """Put something that was not spoken into the running turn."""
        self._finals.append(text)

    @property
    def _timeout_ms(self) -> float:
        return FINALIZE_TIMEOUT_MS if self._finals and not self._interim else UNSETTLED_TIMEOUT_MS

    def _begin_endpointing(self, speech_end_ms: float, now_ms: float) -> None:
        self.state = EarState.ENDPOINTING
        self._speech_end_ms, self._finalize_ms = speech_end_ms, now_ms
        self._final_ms, self._vendor_is_sure = None, False


def _without_beginning(text: str, beginning: str) -> str:
    """`text` without the words that it begins with, whatever their case and punctuation; all of it when it begins otherwise."""
    words, known = text.split(), [_bare(word) for word in beginning.split()]
    return " ".join(words[len(known) :]) if [_bare(word) for word in words[: len(known)]] == known else text


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
