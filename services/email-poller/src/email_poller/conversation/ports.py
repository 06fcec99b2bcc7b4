"""What answering a mail needs from outside."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from callstage_contracts.events import Event
from callstage_domain.errors import DependencyError

from email_poller.conversation.records import OutgoingMail


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One question to the agent. The same `turn_id` is answered the same way, however often it is asked."""

    tenant_id: str
    agent_id: str
    deployment: int
    session_id: str
    turn_id: str
    text: str
    email: str
    name: str
    subject: str
    to_address: str


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """`session_id` is the conversation's from now on."""

    text: str
    session_id: str
    is_ended: bool
    is_handed_off: bool


AGENT_AWAY: Final = "agent_away"
"""Code of a DependencyError: no agent process took the question. An outage of the platform is no failure at this mail."""


class MailRefused(DependencyError):
    """The mail server is well and does not take this one mail; others may go on. Not `retryable`: for good."""

    code = "mail_refused"


class Agent(Protocol):
    """agent-runtime."""

    async def answer(self, turn: AgentTurn) -> AgentAnswer:
        """Raises DependencyError; `retryable` says whether asking again may help."""
        ...


class MailFolders(Protocol):
    """An open, logged-in connection to the mailbox. Every call raises DependencyError when the server fails."""

    @property
    def folder(self) -> str:
        """The folder that is watched."""
        ...

    @property
    def uid_validity(self) -> int:
        """Of that folder."""
        ...

    async def is_in_sent(self, message_id: str) -> bool:
        """Whether the Sent folder holds this message; False when the server has no such folder."""
        ...

    async def file_sent(self, source: bytes) -> None:
        """Put a copy into the Sent folder, when there is one."""
        ...

    async def mark_seen(self, uid: str) -> None:
        """Set `\\Seen`."""
        ...


class Outbox(Protocol):
    """The mailbox's SMTP server."""

    async def send(self, mail: OutgoingMail, *, before_body: Callable[[], Awaitable[bool]]) -> bool:
        """`before_body` runs when the server has taken sender and recipient; False gives up. Returns whether the mail was sent.

        Raises MailRefused, or DependencyError when the server as a whole fails.
        """
        ...


Publish = Callable[[Event], None]
