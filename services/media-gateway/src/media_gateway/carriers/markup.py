"""The verbs that TwiML and TeXML share."""

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

CONTENT_TYPE = "application/xml"


def document(*verbs: str) -> str:
    """The whole answer."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'


def say(text: str) -> str:
    """Speak with the carrier's own voice."""
    return f"<Say>{escape(text)}</Say>"


def greeting(text: str) -> tuple[str, ...]:
    """`say`, or nothing."""
    return (say(text),) if text else ()


def dial(number: str, *, timeout_s: int = 30) -> str:
    """Ring an E.164 number and connect the caller to it; the call ends when that leg ends."""
    return f'<Dial timeout="{timeout_s}">{escape(number)}</Dial>'


def redirect(url: str) -> str:
    """Ask this address what to do next."""
    return f'<Redirect method="POST">{escape(url)}</Redirect>'


def connect_stream(attributes: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    """Hand the media to a WebSocket until that socket closes."""
    inside = "".join(f"<Parameter name={quoteattr(name)} value={quoteattr(value)}/>" for name, value in parameters.items())
    listed = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<Connect><Stream{listed}>{inside}</Stream></Connect>"


HANG_UP = "<Hangup/>"
REJECT = "<Reject/>"


def say_and_hang_up(text: str) -> str:
    """One sentence and the end."""
    return document(say(text), HANG_UP)
