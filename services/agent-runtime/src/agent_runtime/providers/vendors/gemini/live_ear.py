"""The words of the caller as Gemini's live sessions tell them: in pieces, of which none says that it is the last. Pure."""

from typing import Final

from agent_runtime.providers.ports import Transcript

_SETTLED_S: Final = 0.25
"""No further piece for so long: that was all."""
_WORDLESS_S: Final = 1.5
"""So long the first piece may take; then what was heard was no speech."""


class LiveEar:
    """One session."""

    def __init__(self) -> None:
        self.text = ""
        """Of the speech that is under way, or that ended last."""
        self.due_s: float | None = None
        self._is_over = False

    def began(self) -> None:
        """The caller speaks."""
        self.text, self.due_s, self._is_over = "", None, False

    def ended(self, now_s: float) -> None:
        """He fell silent; an answer is due."""
        self._is_over = True
        self.due_s = now_s + (_SETTLED_S if self.text.strip() else _WORDLESS_S)

    def piece(self, text: str, now_s: float, *, is_last: bool) -> Transcript | None:
        """More of what he said; None: too late to be of use."""
        self.text += text
        if self._is_over:
            if self.due_s is None:
                return None
            if is_last:
                return self.settled()
            self.due_s = now_s + _SETTLED_S
        said = self.text.strip()
        return Transcript(said, is_final=False) if said else None

    def settled(self) -> Transcript:
        """That was all."""
        self.due_s = None
        return Transcript(self.text.strip(), is_final=True, answers_finalize=True)
