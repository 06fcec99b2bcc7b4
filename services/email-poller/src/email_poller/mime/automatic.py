"""Mail that no person wrote is never answered (rule M4; RFC 3834 §2)."""

import re

from email_poller.mime.incoming import IncomingMail
from email_poller.mime.message_ids import is_own_message_id

_BULK = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_SUPPRESSED = frozenset({"all", "autoreply", "oof"})
_DAEMONS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "maildaemon"})
_NOBODY = re.compile(r"^(?:no|do-?not|donot|dont)[-_.]?reply|^(?:bounces?|auto-?reply|autoresponder)(?:$|[-_.+=])")
_MARKERS = ("list-id", "x-autoreply", "x-autorespond", "x-failed-recipients", "x-mail-autoreply", "x-autoresponse")


def automatic_reason(mail: IncomingMail, own_address: str) -> str | None:
    """Why this mail must not be answered, as a word for the log; None when a person seems to have written it."""
    local, _, _ = mail.address.partition("@")
    if not local or "@" not in mail.address:
        return "no_sender"
    if mail.address == own_address.lower() or is_own_message_id(mail.message_id, own_address.rpartition("@")[2]):
        return "own"
    if local in _DAEMONS or _is_bounce(mail):
        return "bounce"
    if _NOBODY.match(local):
        return "no_reply"
    return _marked_automatic(mail)


def _is_bounce(mail: IncomingMail) -> bool:
    return mail.header("return-path") == "<>" or mail.header("content-type").lower().startswith("multipart/report")


def _marked_automatic(mail: IncomingMail) -> str | None:
    # Auto-Submitted may carry parameters and comments: `auto-replied; owner-email="…"`.
    submitted = re.split(r"[;(\s]", mail.header("auto-submitted").lower(), maxsplit=1)[0]
    if submitted and submitted != "no":
        return "auto_submitted"
    if mail.header("precedence").lower() in _BULK:
        return "bulk"
    suppressed = {word.strip() for word in mail.header("x-auto-response-suppress").lower().split(",")}
    if suppressed & _SUPPRESSED:
        return "response_suppressed"
    return next((f"header_{name}" for name in _MARKERS if name in mail.headers), None)
