"""What a browser may say on a socket in text mode (rules WS2, WS7). Pure."""

from dataclasses import dataclass
from typing import Final

import msgspec

MAX_MESSAGE_CHARS: Final = 64 << 10
MAX_TEXT_CHARS: Final = 4000
MAX_ID_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Typed:
    """A turn of the writer. `id` is the client's own: the same text sent again under it, after a lost connection, is answered once."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The writer ends the conversation."""


@dataclass(frozen=True, slots=True)
class Offence:
    """Something that makes no sense here; `code` as in the `error` message."""

    why: str
    code: str = "invalid_message"


class _Message(msgspec.Struct):
    type: str
    text: str = ""
    id: str = ""


_decoder = msgspec.json.Decoder(_Message)


def parse(frame: str | bytes) -> Typed | Stopped | Offence:
    """One frame."""
    if isinstance(frame, bytes):
        return Offence("a conversation in text takes no audio")
    if len(frame) > MAX_MESSAGE_CHARS:
        return Offence("the message is larger than 64 KiB", "text_too_long")
    try:
        message = _decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeError):
        return Offence("the message is not a JSON object with a type")
    match message:
        case _Message(type="text", text=text) if len(text) > MAX_TEXT_CHARS:
            return Offence(f"a message has at most {MAX_TEXT_CHARS} characters", "text_too_long")
        case _Message(type="text", text=text, id=message_id) if text.strip() and len(message_id) <= MAX_ID_CHARS:
            return Typed(text.strip(), message_id)
        case _Message(type="stop"):
            return Stopped()
        case _:
            return Offence(f"cannot use a message of type '{message.type[:40]}' like this")
