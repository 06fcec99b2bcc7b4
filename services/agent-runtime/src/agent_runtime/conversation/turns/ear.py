"""The listening half of the turn machine: when has the caller finished, and what was said."""

from enum import StrEnum

from agent_runtime.conversation.turns.endpointing import Endpointer, ModelUse, Pace, Wait
from agent_runtime.conversation.turns.events import TurnTimes
from agent_runtime.conversation.turns.speculation import same_words
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

    def __init__(self, endpointer: Endpointer) -> None:
        self._endpointer = endpointer
        self.state = EarState.QUIET
        self.pause = 0
        """Number of the last pause."""
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
        self._has_news = self._is_likely_end = False
        """Whether words came since the caller last began to speak, and whether they look like the last ones."""
        self._is_judged = False
        self._probability: float | None = None

    def started(self) -> None:
        """The caller speaks; what was said before in this turn is kept."""
        self.state = EarState.TALKING
        self._final_ms, self._vendor_is_sure = None, False
        self._has_news = self._is_likely_end = False
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
        before = self._text
        if event.is_final:
            if text:
                self._finals.append(text)
            self._interim = ""
        else:
            self._interim = text
        if text:
            self._has_news = True
            self._is_likely_end = event.is_likely_end or event.ends_turn or (event.is_final and self._settles_likely(before))
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
        silent_ms = self._speech_end_ms + self._wait().ms
        return silent_ms if self._final_ms is not None else max(silent_ms, self._finalize_ms + self._timeout_ms)

    def take(self, now_ms: float) -> tuple[str, TurnTimes]:
        """End the turn: its text (empty: it was noise), and its times."""
        reason = "vendor" if self._vendor_is_sure else "timeout" if self._final_ms is None else self._wait().reason
        times = TurnTimes(self._speech_end_ms, self._finalize_ms, self._final_ms, now_ms, reason)
        text = self._text
        self._is_late = self._final_ms is None and not self._vendor_is_sure
        self._taken = self._interim if self._is_late else ""
        self._finals, self._interim, self.state = [], "", EarState.QUIET
        return text, times

    def add_typed(self, text: str) -> None:
        """Put something that was not spoken into the running turn."""
        self._finals.append(text)

    def likely_text(self, *, in_speech: bool) -> str | None:
        """What the turn will be if it ends now; None while it probably does not. `in_speech`: before the silence is sure, too."""
        if not self._has_news:
            return None
        if self.state is EarState.ENDPOINTING:
            # By the words alone: what is prepared when the model has doubts is paid for, and may yet be right.
            is_likely = self._is_likely_end or self._vendor_is_sure or self._endpointer.wait(self._text).pace is not Pace.PATIENT
            return self._text if is_likely else None
        return self._text if in_speech and self.state is EarState.TALKING and self._is_likely_end else None

    def wants_judgement(self, now_ms: float, use: ModelUse) -> bool:
        """True once a pause, when the end-of-turn model could change its length."""
        if self.state is not EarState.ENDPOINTING or self._is_judged or self._vendor_is_sure or not self._has_news:
            return False
        self._is_judged = self._endpointer.is_worth_asking(self._text, now_ms - self._speech_end_ms, use)
        return self._is_judged

    def judged(self, pause: int, probability: float) -> None:
        """What the model says of a pause; too late for any but the present one."""
        if pause == self.pause and self.state is EarState.ENDPOINTING:
            self._probability = probability

    @property
    def text(self) -> str:
        """What was understood of the turn so far."""
        return self._text

    @property
    def is_settled(self) -> bool:
        """True: the caller is silent, and nothing more comes of what he said."""
        return self.state is EarState.ENDPOINTING and (self._final_ms is not None or self._vendor_is_sure)

    def forget(self) -> None:
        """What was said was no turn. Unless it is settled, words may still come of it."""
        self._is_late, self._taken = self.state is EarState.ENDPOINTING and not self.is_settled, ""
        self.state, self._finals, self._interim = EarState.QUIET, [], ""

    def _settles_likely(self, before: str) -> bool:
        """A final text that looks like the last one by itself, or settles what did."""
        return self._endpointer.looks_finished(self._text) or (self._is_likely_end and same_words(before, self._text))

    @property
    def _text(self) -> str:
        return " ".join([*self._finals, self._interim] if self._interim else self._finals)

    def _wait(self) -> Wait:
        return self._endpointer.wait(self._text, self._probability)

    @property
    def _timeout_ms(self) -> float:
        return FINALIZE_TIMEOUT_MS if self._finals and not self._interim else UNSETTLED_TIMEOUT_MS

    def _begin_endpointing(self, speech_end_ms: float, now_ms: float) -> None:
        self.state = EarState.ENDPOINTING
        self.pause += 1
        self._is_judged, self._probability = False, None
        self._speech_end_ms, self._finalize_ms = speech_end_ms, now_ms
        self._final_ms, self._vendor_is_sure = None, False


def _without_beginning(text: str, beginning: str) -> str:
    """`text` without the words that it begins with, whatever their case and punctuation; all of it when it begins otherwise."""
    words, known = text.split(), [_bare(word) for word in beginning.split()]
    return " ".join(words[len(known) :]) if [_bare(word) for word in words[: len(known)]] == known else text


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
