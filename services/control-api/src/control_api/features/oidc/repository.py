"""Rows of signing in with OpenID Connect. As with a password, signing in begins without a tenant: the account finds it."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.db.access_tables import TenantRow, UsedNonceRow, UserIdentityRow, UserRow
from control_api.db.tables import now


class IdentityRepository:
    """People by their account at the provider, and nonces that were used."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def use(self, nonce_hash: str, expires_at: datetime) -> bool:
        """False when it was used before; those that are over are removed."""
        await self._session.execute(delete(UsedNonceRow).where(UsedNonceRow.expires_at < now()))
        statement = insert(UsedNonceRow).values(id=nonce_hash, expires_at=expires_at).on_conflict_do_nothing().returning(UsedNonceRow.id)
        return await self._session.scalar(statement) is not None

    async def linked_user(self, issuer: str, subject: str) -> tuple[UserRow, bool] | None:
        """Who signs in with this account, and whether they may."""
        statement = (
            select(UserRow, UserRow.is_active & TenantRow.is_active)
            .join(UserIdentityRow, (UserIdentityRow.tenant_id == UserRow.tenant_id) & (UserIdentityRow.user_id == UserRow.id))
            .join(TenantRow, TenantRow.id == UserRow.tenant_id)
            .where(UserIdentityRow.issuer == issuer, UserIdentityRow.subject == subject)
        )
        found = (await self._session.execute(statement)).first()
        return None if found is None else (found[0], found[1])

    async def has_identity(self, user: UserRow, issuer: str) -> bool:
        """Whether an account of this provider belongs to the person already."""
        is_theirs = (UserIdentityRow.tenant_id == user.tenant_id, UserIdentityRow.user_id == user.id, UserIdentityRow.issuer == issuer)
        return (await self._session.scalars(select(UserIdentityRow.subject).where(*is_theirs))).first() is not None
