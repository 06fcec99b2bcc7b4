"""Reply of the audit log."""

from datetime import datetime
from typing import Any

from control_api.web.schema import Reply


class AuditEntry(Reply):
    """Who changed what, when, before and after (rule AC6)."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    action: str
    entity: str
    entity_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(Reply):
    """Newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None
