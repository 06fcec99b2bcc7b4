"""Reading the audit log; it is written by `UnitOfWork.audit`."""

from control_api.access.caller import Caller
from control_api.db.access_tables import AuditRow
from control_api.db.database import Database
from control_api.db.rows import Page, PageRequest
from control_api.features.audit.repository import AuditRepository


class AuditService:
    """Looks things up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_page(self, caller: Caller, request: PageRequest, *, entity: str | None, entity_id: str | None) -> Page[AuditRow]:
        """A page of entries."""
        async with self._database.session() as session:
            return await AuditRepository(session, caller.tenant_id).list_page(request, entity=entity, entity_id=entity_id)
