"""The bytes of an outgoing message. Header injection is refused by the standard library's policy. Pure."""

import hashlib
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, parseaddr
from typing import Final

from tool_sandbox.backends.port import BackendError
from tool_sandbox.integrations.port import Mail

_ADDRESS: Final = re.compile(r"[^@\s<>\"(),:;\\]+@[^@\s<>\"(),:;\\]+\.[^@\s<>\"(),:;\\.]+")
MAX_BODY_CHARS: Final = 200_000


def composed(mail: Mail, sender: str, sender_name: str) -> EmailMessage:
    """Raises BackendError(kind validation) for an address that is none and for line ends in headers."""
    for address in (mail.to, sender):
        if not _ADDRESS.fullmatch(address) or parseaddr(address)[1] != address:
            raise BackendError(f"'{address[:100]}' is no e-mail address", kind="validation", vendor="email")
    if len(mail.body_text) + len(mail.body_html or "") > MAX_BODY_CHARS:
        raise BackendError(f"a mail may have {MAX_BODY_CHARS} characters at most", kind="validation", vendor="email")
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(sender_name, addr_spec=sender)
        message["To"] = mail.to
        message["Subject"] = mail.subject
    except ValueError as err:
        raise BackendError("subject and addresses are single lines", kind="validation", vendor="email") from err
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = message_id(mail.key, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body_text)
    if mail.body_html:
        message.add_alternative(mail.body_html, subtype="html")
    return message


def message_id(key: str, sender: str) -> str:
    """The same for the same key: who gets a message twice sees that it is one."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
