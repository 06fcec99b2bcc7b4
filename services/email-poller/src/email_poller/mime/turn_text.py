"""What the customer said in this mail: without quoted history and signature, with the attachments named (rule M6)."""

import re

from mailparser_reply import EmailReplyParser

from email_poller.mime.incoming import MAX_TEXT_CHARS, Attachment, IncomingMail

_PARSER = EmailReplyParser(languages=["en", "de", "es", "fr"])
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_OUTLOOK_RULE = re.compile(r"^_{10,}\s*$", re.MULTILINE)
_ATTRIBUTION_AND_QUOTE = re.compile(r"(?:^(?!>)[^\n]{0,300}:[ ]*\n\n?)?(?:^>[^\n]*(?:\n|$))+", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_NOTHING = "(The mail has no text.)"
_LONG_LINE_CHARS = 1_000


def turn_text(mail: IncomingMail) -> str:
    """The text handed to the agent. A mail without words gives its subject."""
    said = latest_reply(mail.text) or mail.subject or _NOTHING
    if not mail.attachments:
        return said
    listed = ", ".join(f"{attachment.name} ({_size(attachment)})" for attachment in mail.attachments[:20])
    return f"{said}\n\n[Attachments: {listed}]".strip()


def latest_reply(text: str) -> str:
    """The newest part of a mail's text. A mail that is nothing but a quote keeps it, because the answer is then written inside."""
    bounded = _bounded(text)
    above_rule = _OUTLOOK_RULE.split(bounded, maxsplit=1)[0]
    newest = _PARSER.parse_reply(above_rule) or ""
    newest = _without_signature(_ATTRIBUTION_AND_QUOTE.sub("", newest)).strip()
    return newest or _without_signature(bounded).strip()


def _without_signature(text: str) -> str:
    """Up to the delimiter of RFC 3676 §4.3. Mailers strip its trailing space, so that it is optional here."""
    match = _SIGNATURE.search(text)
    return text[: match.start()] if match and text[: match.start()].strip() else text


def _bounded(text: str) -> str:
    """At most MAX_TEXT_CHARS without runs of empty lines and overlong lines, on which the parser's patterns take seconds."""
    lines = [line.rstrip() for line in text[:MAX_TEXT_CHARS].splitlines()]
    broken = "\n".join(line[i : i + _LONG_LINE_CHARS] for line in lines for i in range(0, max(len(line), 1), _LONG_LINE_CHARS))
    return _EMPTY_LINES.sub("\n\n", broken)


def _size(attachment: Attachment) -> str:
    kilobytes = attachment.size_bytes / 1024
    return f"{attachment.size_bytes} bytes" if kilobytes < 1 else f"{kilobytes:.0f} kB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f} MB"
