"""A received mail as a value, from its bytes or only its header block."""

import re
from dataclasses import dataclass

from callstage_domain.errors import CallerError
from imap_tools.message import MailMessage
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from email_poller.mime.message_ids import find_message_ids, missing_message_id

MAX_TEXT_CHARS = 20_000
"""More than anybody types; the rest of a longer mail is cut so that one mail cannot fill the model's context."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_RECIPIENT_HEADERS = ("delivered-to", "x-original-to")
_HTML_CONFIG = ParserConfig(css=CSS_PROFILES["strict"], display_links=False)
_MAX_HTML_CHARS = 400_000


class UnreadableMail(CallerError):
    """The mail's bytes cannot be understood at all."""

    code = "mail_unreadable"


@dataclass(frozen=True, slots=True)
class Attachment:
    """What the agent is told of an attached file."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """`headers`: names in lower case, each with all its values in order. `text` is the whole body, quotes included; empty for a header block."""

    message_id: str
    address: str
    name: str
    recipients: tuple[str, ...]
    subject: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    headers: dict[str, tuple[str, ...]]
    text: str
    attachments: tuple[Attachment, ...]

    def header(self, name: str) -> str:
        """The first value, empty when there is none."""
        return next(iter(self.headers.get(name, ())), "").strip()


def read_mail(raw: bytes) -> IncomingMail:
    """Parse a mail or its header block. Raises UnreadableMail."""
    try:
        return _read(raw)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as err:
        raise UnreadableMail("the mail cannot be parsed") from err


def _read(raw: bytes) -> IncomingMail:
    message = MailMessage.from_bytes(raw)
    headers = {name.lower(): tuple(str(value) for value in values) for name, values in message.headers.items()}
    sender = message.from_values
    message_ids = find_message_ids(" ".join(headers.get("message-id", ())))
    return IncomingMail(
        message_id=message_ids[0] if message_ids else missing_message_id(raw),
        address=sender.email.strip().lower() if sender else "",
        name=one_line(sender.name) if sender else "",
        recipients=_recipients(message, headers),
        subject=one_line(message.subject),
        in_reply_to=find_message_ids(" ".join(headers.get("in-reply-to", ()))),
        references=find_message_ids(" ".join(headers.get("references", ()))),
        headers=headers,
        text=_body(message),
        attachments=_attachments(message),
    )


def _attachments(message: MailMessage) -> tuple[Attachment, ...]:
    parts = (part for part in message.attachments if part.filename or part.content_disposition == "attachment")
    return tuple(Attachment(one_line(part.filename) or "unnamed", part.size) for part in parts)


def one_line(text: str) -> str:
    """Header text without line breaks and control characters, at most 500 characters."""
    return _CONTROL.sub(" ", _encodable(text)).strip()[:500]


def _encodable(text: str) -> str:
    """Without the lone surrogates that stand for undecodable bytes."""
    return text.encode("utf-8", "replace").decode()


def _recipients(message: MailMessage, headers: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    listed = [value.email for value in (*message.to_values, *message.cc_values)]
    delivered = [value.strip().strip("<>") for name in _RECIPIENT_HEADERS for value in headers.get(name, ())]
    return tuple(dict.fromkeys(address.strip().lower() for address in (*listed, *delivered) if address.strip()))


def _body(message: MailMessage) -> str:
    text = message.text
    if not text.strip() and message.html.strip():
        text = html_to_text(message.html)
    return _encodable(text).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def html_to_text(html: str) -> str:
    """The words of an HTML mail, laid out as text."""
    lines = get_text(html[:_MAX_HTML_CHARS], _HTML_CONFIG).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
