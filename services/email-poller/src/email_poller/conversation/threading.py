"""Which conversation a mail belongs to (rule M5). Pure."""

from dataclasses import dataclass
from typing import Literal

from email_poller.conversation.records import MailSession
from email_poller.mime.incoming import IncomingMail
from email_poller.mime.message_ids import token_in

_MAX_KEYS = 40


def thread_keys(mail: IncomingMail) -> tuple[str, ...]:
    """Under which names the thread may be known, best first.

    The mail itself, what it answers, its references from the newest back, then our tokens in them.
    """
    message_ids = tuple(dict.fromkeys((mail.message_id, *mail.in_reply_to, *reversed(mail.references))))
    tokens = dict.fromkeys(token_key(token) for token in map(token_in, message_ids[1:]) if token)
    return (*message_ids[: _MAX_KEYS - len(tokens)], *tokens)[:_MAX_KEYS]


def token_key(token: str) -> str:
    """Name of a thread by the token in our Message-IDs."""
    return f"token/{token}"


@dataclass(frozen=True, slots=True)
class Placement:
    """`new`: begins a conversation. `next`: the next turn of one. `stranger`: somebody else writes into it. `people`: it was passed on."""

    kind: Literal["new", "next", "stranger", "people"]
    session: MailSession | None = None


def place(mail: IncomingMail, session: MailSession | None) -> Placement:
    """`session`: the one found by `thread_keys`, None when there is none (any more)."""
    if session is None:
        return Placement("new")
    if session.address != mail.address:
        return Placement("stranger", session)
    if session.state == "handed_off":
        return Placement("people", session)
    return Placement("new") if session.state == "ended" else Placement("next", session)
