"""What pages say on their console, and errors that nobody caught."""

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError


class Complaints:
    """Errors of all pages of the contexts that are listened to, but for those that were excused."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._excused: list[str] = []

    def listen(self, context: BrowserContext) -> None:
        """From now on."""
        context.on("console", self._console)
        context.on("weberror", self._error)

    def excuse(self, text: str) -> None:
        """Complaints that hold this text are expected: Chromium writes a line for each reply of 400 and above."""
        self._excused.append(text)

    @property
    def open(self) -> list[str]:
        """Those that nobody excused, each with the address it came from."""
        return [line for line in self._heard if not any(text in line for text in self._excused)]

    def take(self) -> list[str]:
        """The open ones until now; later ones are counted anew."""
        taken, self._heard = self.open, []
        return taken

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._heard.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self._heard.append(f"uncaught: {error.error}")
