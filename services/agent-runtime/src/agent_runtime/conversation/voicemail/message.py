"""When a message is complete, and what was said in it. Pure; times are milliseconds on the session's clock."""

from typing import Final

from agent_runtime.conversation.turns.events import KeyPressed, SpeechStarted, SpeechStopped, TurnEvent
from agent_runtime.providers.ports import Transcript

MAX_MS: Final = 180_000.0
"""Rule X2."""
FIRST_WORDS_MS: Final = 10_000.0
"""Nobody begins to speak after so long a silence."""
SILENCE_MS: Final = 5_000.0
"""Behind the last word; people think while they leave a message."""
END_KEY: Final = "#"


class Message:
    """From the tone on."""

    def __init__(self, begun_ms: float) -> None:
        self.begun_ms = begun_ms
        self.ended_ms: float | None = None
        self.has_speech = False
        self._is_speaking = False
        self._quiet_since_ms = begun_ms
        self._finals: list[str] = []
        self._interim = ""

    @property
    def text(self) -> str:
        """What was understood so far."""
        return " ".join([*self._finals, self._interim]).strip()

    @property
    def due_ms(self) -> float:
        """When to look at it again."""
        limit_ms = self.begun_ms + MAX_MS
        if self._is_speaking:
            return limit_ms
        return min(limit_ms, self._quiet_since_ms + (SILENCE_MS if self.has_speech else FIRST_WORDS_MS))

    def on(self, event: TurnEvent, now_ms: float) -> None:
        """Something the caller did."""
        match event:
            case SpeechStarted():
                self._is_speaking = self.has_speech = True
            case SpeechStopped():
                self._is_speaking, self._quiet_since_ms = False, now_ms - event.silence_ms
            case Transcript():
                self._heard(event)
                if event.text and not self._is_speaking:
                    # Softer than the gateway's ear wants it, and understood all the same.
                    self.has_speech, self._quiet_since_ms = True, max(self._quiet_since_ms, min(now_ms, self.ended_ms or now_ms))
            case KeyPressed(digit=digit) if digit == END_KEY:
                self.end(now_ms)
            case _:
                pass

    def tick(self, now_ms: float) -> None:
        """Silence and length end it."""
        if now_ms >= self.due_ms:
            self.end(now_ms)

    def end(self, now_ms: float) -> None:
        """The first end counts; what is understood late still belongs to it."""
        self.ended_ms = now_ms if self.ended_ms is None else self.ended_ms

    def _heard(self, transcript: Transcript) -> None:
        if not transcript.is_final:
            self._interim = transcript.text
            return
        self._interim = ""
        if transcript.text:
            self._finals.append(transcript.text)
