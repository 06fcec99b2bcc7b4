"""What tool code prints and logs, kept within bounds (rule T9)."""

from collections.abc import Callable

_FLOOD_FACTOR = 64


class RunLog:
    """Lines of one run. Beyond the bounds lines are dropped; a run that goes on printing is ended through `on_flood`."""

    def __init__(self, *, max_lines: int, max_bytes: int, on_flood: Callable[[], None]) -> None:
        self._max_lines = max_lines
        self._bytes_left = max_bytes
        self._flood_left = max_bytes * _FLOOD_FACTOR
        self._on_flood = on_flood
        self._partial = ""
        self._lines: list[str] = []
        self._dropped = False

    def write(self, _: str, text: str) -> None:
        """Print callback of the worker: any piece of text, whole lines or not."""
        self._flood_left -= len(text)
        if self._flood_left < 0:
            self._on_flood()
            return
        if self._dropped:
            return
        room = max(0, self._bytes_left - len(self._partial))
        lines = (self._partial + text[:room]).split("\n")
        self._partial = lines.pop()
        for line in lines:
            self.add(line)
        if len(text) > room:
            self._drop()

    def add(self, line: str) -> None:
        """A whole line."""
        if len(self._lines) >= self._max_lines or len(line) > self._bytes_left:
            self._drop()
            return
        self._bytes_left -= len(line)
        self._lines.append(line)

    def _drop(self) -> None:
        if self._dropped:
            return
        self._dropped = True
        if self._partial and len(self._lines) < self._max_lines:
            self._lines.append(self._partial)
        self._partial = ""
        self._lines.append("… further lines were dropped")

    def lines(self) -> list[str]:
        """Everything kept, in order."""
        if self._partial:
            self.add(self._partial)
            self._partial = ""
        return list(self._lines)
