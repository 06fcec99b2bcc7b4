"""Every key in Redis, so that no two services use one name for two things. All keys expire."""

from typing import Final

SESSION_TTL_S: Final = 24 * 3600
"""Rule WS6."""
LEDGER_TTL_S: Final = 24 * 3600
TICKET_TTL_S: Final = 60
"""Rule C4."""
LOOKUP_TTL_S: Final = 60
MAIL_TTL_S: Final = 30 * 24 * 3600
"""People answer mails after days; a thread that rested longer begins anew."""
CALL_STATE_TTL_S: Final = 2 * 3600


def journal(session_id: str) -> str:
    """List: append-only entries of a conversation."""
    return f"cs:journal:{session_id}"


def fence(session_id: str) -> str:
    """Integer: the newest owner's fencing token; only its holder may append to the journal."""
    return f"cs:fence:{session_id}"


def session_owner(session_id: str) -> str:
    """String: tenant id of the session, checked before a resume."""
    return f"cs:session:{session_id}"


def ticket_used(ticket_id: str) -> str:
    """String: set once, when a stream ticket is used."""
    return f"cs:ticket:{ticket_id}"


def caller_lookup(call_id: str) -> str:
    """List of one: the caller lookup's result, waited for with BLPOP."""
    return f"cs:lookup:{call_id}"


def call_state(call_id: str) -> str:
    """String: `running` or `ended`; read by the resume URL."""
    return f"cs:call:{call_id}"


def call_slots() -> str:
    """Sorted set: every call that has a slot, by the time (ms) at which its lease runs out."""
    return "cs:slots"


def tenant_slots(tenant_id: str) -> str:
    """Sorted set: the same for the calls of one tenant (rule AC4)."""
    return f"cs:slots:{tenant_id}"


def gateway_leases() -> str:
    """Sorted set: `instance|slots` of every media-gateway, by the time (ms) at which its lease runs out."""
    return "cs:gateways"


def carrier_call(carrier_call_id: str) -> str:
    """String: the resume token of the call with this carrier id, so that a repeated webhook or a status callback finds the call."""
    return f"cs:carriercall:{carrier_call_id}"


def ledger(tenant_id: str, run_key: str) -> str:
    """Hash: state, outcome and host-call journal of one tool run."""
    return f"cs:ledger:{tenant_id}:{run_key}"


def mailbox_lease(mailbox: str) -> str:
    """String: which poller has this mailbox."""
    return f"cs:mailbox:{mailbox}"


def mail_thread(tenant_id: str, message_id: str) -> str:
    """String: session id of the thread a message belongs to."""
    return f"cs:mailthread:{tenant_id}:{message_id}"


def mail_state(tenant_id: str, message_id: str) -> str:
    """Hash: how far the handling of one mail got (rule M9)."""
    return f"cs:mail:{tenant_id}:{message_id}"


def mail_session(tenant_id: str, session_id: str) -> str:
    """String: JSON of a mail conversation: with whom, how many turns, what was written."""
    return f"cs:mailsession:{tenant_id}:{session_id}"


def mail_pending(mailbox: str) -> str:
    """Set: Message-IDs whose answer exists and is not yet out of the door completely (rule M9)."""
    return f"cs:mailpending:{mailbox}"


def rate(scope: str, key: str) -> str:
    """Counter of a rate limit window."""
    return f"cs:rate:{scope}:{key}"


def text_turn(session_id: str, turn_id: str) -> str:
    """String: the reply already given to a text turn."""
    return f"cs:textturn:{session_id}:{turn_id}"


def embed_hash(token_id: str, identity_hash: str) -> str:
    """String: set once, when a visitor's identity hash is used (rule E4)."""
    return f"cs:embedhash:{token_id}:{identity_hash}"
