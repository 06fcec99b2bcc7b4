"""Rows of signing in. Signing in begins without a tenant: the e-mail address finds it."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.db.access_tables import SignInRow, TenantRow, UserRow
from control_api.db.tables import now


class SignInRepository:
    """Users by address, and their sessions."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def active_user(self, email: str) -> UserRow | None:
        """The user who may sign in with this address."""
        statement = (
            select(UserRow).join(TenantRow, TenantRow.id == UserRow.tenant_id).where(UserRow.email == email, UserRow.is_active, TenantRow.is_active)
        )
        return (await self._session.scalars(statement)).first()

    async def add(self, user: UserRow, sign_in_id: str, expires_at: datetime) -> None:
        """A new session; sessions that are over are removed."""
        await self._session.execute(delete(SignInRow).where(SignInRow.expires_at < now()))
        self._session.add(SignInRow(tenant_id=user.tenant_id, id=sign_in_id, user_id=user.id, expires_at=expires_at))
