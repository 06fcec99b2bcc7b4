"""Rows of users."""

from sqlalchemy import delete, func, select

from control_api.db.access_tables import SignInRow, UserIdentityRow, UserRow
from control_api.db.rows import Page, PageRequest, TenantRows


class UserRepository(TenantRows):
    """People of one tenant."""

    async def get(self, user_id: str, *, lock: bool = False) -> UserRow | None:
        """By id."""
        return await self.first(UserRow, UserRow.id == user_id, lock=lock)

    async def list_page(self, request: PageRequest) -> Page[UserRow]:
        """Oldest first."""
        return await self.page(UserRow, request, order=(UserRow.created_at, UserRow.id), newest_first=False)

    async def is_taken(self, email: str) -> bool:
        """An address signs in to one tenant of the platform."""
        return await self.session.scalar(select(func.count()).select_from(UserRow).where(UserRow.email == email)) != 0

    async def active_owners(self) -> int:
        """How many could still manage the tenant; the rows stay locked."""
        owners = await self.session.scalars(self.of(UserRow, UserRow.role == "owner", UserRow.is_active.is_(True)).with_for_update())
        return len(owners.all())

    async def end_sessions(self, user_id: str) -> None:
        """Sign the person out everywhere."""
        await self.session.execute(delete(SignInRow).where(SignInRow.tenant_id == self.tenant_id, SignInRow.user_id == user_id))

    async def unlink(self, user_id: str) -> None:
        """Forget the person's accounts at OpenID Connect providers."""
        is_theirs = (UserIdentityRow.tenant_id == self.tenant_id, UserIdentityRow.user_id == user_id)
        await self.session.execute(delete(UserIdentityRow).where(*is_theirs))
