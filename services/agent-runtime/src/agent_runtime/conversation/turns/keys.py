"""Keys of the phone that become a turn: collected until the caller pauses, or presses `#` (rule X3)."""

from agent_runtime.conversation.turns.events import KeyPressed

KEYPAD_PAUSE_MS = 1500.0


class Keys:
    """One call."""

    def __init__(self) -> None:
        self._typed = ""
        self.due_ms: float | None = None
        self.said = 0
        """Number of the last key."""

    def __bool__(self) -> bool:
        return bool(self._typed)

    def press(self, key: KeyPressed, now_ms: float) -> bool:
        """One more. True: that was all."""
        self.said = key.said
        if key.digit == "#" and self._typed:
            return True
        self._typed += key.digit
        self.due_ms = now_ms + KEYPAD_PAUSE_MS
        return key.digit == "#"

    def take(self) -> str:
        """As the model is told."""
        text, self._typed, self.due_ms = f"[keypad: {self._typed}]", "", None
        return text
