"""Who a test session says that it is: the claims of its token (rules D4, V8)."""

from typing import Any

from control_api.compile.draft import AgentDraft
from control_api.db.agent_tables import AgentRow
from control_api.features.agent_tests.runtime import Forked
from control_api.features.deployments.schemas import TestSessionAsk


def draft_claims(row: AgentRow, draft: AgentDraft, ask: TestSessionAsk, forked: Forked | None) -> dict[str, Any]:
    """What was asked for, else the caller of the session that is gone on with, else the draft's own test caller."""
    sender = ask.sender_email or draft.test_sender_email
    # As the mailbox gives them to an agent that answers mails.
    of_sender = {"email": sender} if sender and draft.channel == "chat" else {}
    variables = {**of_sender, **ask.variables}
    return {
        "tenant_id": row.tenant_id,
        "agent_id": row.agent_id,
        "deployment": 0,
        "test": True,
        "caller_phone": ask.caller_phone or (forked.caller_phone if forked else None) or draft.test_caller_phone,
        **({"variables": variables} if variables else {}),
    }
