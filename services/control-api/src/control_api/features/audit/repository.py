"""Rows of the audit log."""

from control_api.db.access_tables import AuditRow
from control_api.db.rows import Page, PageRequest, TenantRows


class AuditRepository(TenantRows):
    """Entries of one tenant."""

    async def list_page(self, request: PageRequest, *, entity: str | None, entity_id: str | None) -> Page[AuditRow]:
        """Newest first, of one entity when named."""
        wanted = [AuditRow.entity == entity] if entity else []
        wanted += [AuditRow.entity_id == entity_id] if entity_id else []
        return await self.page(AuditRow, request, *wanted, order=(AuditRow.id,))
