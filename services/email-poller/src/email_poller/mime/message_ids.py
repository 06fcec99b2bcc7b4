"""Message-IDs: finding them in headers, and our own, which carry the conversation's token (rules M5, M9)."""

import hashlib
import re

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,480}>")
_OWN = re.compile(r"^<cs\.(?P<token>[0-9a-f]{20})\.(?:f?\d+)@(?P<domain>[^>]+)>$", re.IGNORECASE)
_MAX_REFERENCES = 20


def find_message_ids(header: str) -> tuple[str, ...]:
    """Every `<…>` of a header in order, each once (RFC 5322 §3.6.4); folded or broken headers give what can be read."""
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(header)))


def missing_message_id(raw: bytes) -> str:
    """A stable stand-in for a mail without Message-ID."""
    return f"<{hashlib.sha256(raw).hexdigest()[:40]}@missing.invalid>"


def thread_token(session_id: str) -> str:
    """Names the conversation in Message-IDs without giving away the session id, which would allow to resume it."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:20]


def own_message_id(session_id: str, number: str, domain: str) -> str:
    """The fixed Message-ID of our mail `number` in a conversation: a turn such as `3`, or `f3` for the transcript sent after it."""
    return f"<cs.{thread_token(session_id)}.{number}@{domain}>"


def token_in(message_id: str) -> str | None:
    """The conversation's token when the Message-ID has our form."""
    match = _OWN.match(message_id)
    return match["token"].lower() if match else None


def is_own_message_id(message_id: str, domain: str) -> bool:
    """Whether a mail with this Message-ID was sent by us from that domain."""
    match = _OWN.match(message_id)
    return match is not None and match["domain"].lower() == domain.lower()


def references_for_reply(references: tuple[str, ...], message_id: str) -> tuple[str, ...]:
    """References of the answer: the thread so far and the mail that is answered; the first and the newest when it grew long."""
    chain = tuple(reference for reference in dict.fromkeys(references) if reference != message_id)
    if len(chain) >= _MAX_REFERENCES:
        chain = (chain[0], *chain[-(_MAX_REFERENCES - 2) :])
    return (*chain, message_id)
