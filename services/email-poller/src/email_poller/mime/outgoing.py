"""Building the mails that we send (rules M7, M8). The same input gives the same bytes, so that a resend is the same mail."""

import hashlib
import html
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from callstage_kit.signature import clean_signature

from email_poller.mime.incoming import html_to_text, one_line
from email_poller.mime.plain_text import strip_markdown

# Long Message-IDs must not be folded into encoded words, which no client matches: RFC 5322 allows lines up to 998.
_POLICY = SMTP.clone(max_line_length=998)
_REPLY_PREFIX = re.compile(r"^\s*(?:re|aw|antw|sv|vs|rv|ref|tr)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """An answer before it is a mail. `text` may hold markdown; `references` ends with the mail that is answered."""

    message_id: str
    sender: str
    recipient: str
    recipient_name: str
    subject: str
    in_reply_to: str
    references: tuple[str, ...]
    text: str
    signature_html: str | None
    sent_at: datetime


def reply_subject(subject: str) -> str:
    """`Re: …`, once, whatever language the customer's client speaks."""
    clean = one_line(subject)
    return clean if _REPLY_PREFIX.match(clean) else f"Re: {clean}".strip()


def build_reply(draft: ReplyDraft) -> bytes:
    """The mail: plain text, with a signature also HTML."""
    message = _envelope(draft.message_id, draft.sender, draft.recipient, draft.recipient_name, reply_subject(draft.subject), draft.sent_at)
    message["In-Reply-To"] = draft.in_reply_to
    message["References"] = " ".join(draft.references)
    # RFC 3834 §3.1.7: other machines see that this is one, and do not answer.
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    text = strip_markdown(draft.text)
    signature = clean_signature(draft.signature_html) if draft.signature_html else ""
    if not signature:
        message.set_content(text + "\n", cte="quoted-printable")
        return message.as_bytes()
    message.set_content(f"{text}\n\n-- \n{html_to_text(signature)}\n", cte="quoted-printable")
    message.add_alternative(_as_html(text, signature), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{hashlib.sha256(draft.message_id.encode()).hexdigest()[:32]}")
    return message.as_bytes()


def build_transcript(message_id: str, sender: str, recipient: str, customer: str, subject: str, body: str, sent_at: datetime) -> bytes:
    """The conversation for the team; answering it writes to the customer."""
    message = _envelope(message_id, sender, recipient, "", f"Passed on: {one_line(subject) or customer}", sent_at)
    message["Reply-To"] = _address(customer, "")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, cte="quoted-printable")
    return message.as_bytes()


def _envelope(message_id: str, sender: str, recipient: str, name: str, subject: str, sent_at: datetime) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender, "")
    message["To"] = _address(recipient, name)
    message["Subject"] = subject
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = message_id
    return message


def _address(address: str, name: str) -> Address | str:
    local, _, domain = address.rpartition("@")
    try:
        return Address(one_line(name), local, domain)
    except (ValueError, IndexError):
        # An address that is legal on the wire and not in Python's grammar goes out without the name.
        return one_line(address)


def _as_html(text: str, signature: str) -> str:
    paragraphs = (html.escape(part, quote=False).replace("\n", "<br>\n") for part in text.split("\n\n"))
    body = "\n".join(f"<p>{part}</p>" for part in paragraphs)
    return f"<!DOCTYPE html>\n<html><body>\n{body}\n<br>\n{signature}\n</body></html>\n"
