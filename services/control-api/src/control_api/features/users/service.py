"""People of a tenant: owners manage them (rule AC1)."""

from callstage_domain.errors import Conflict, Forbidden, NotFound
from sqlalchemy.ext.asyncio import AsyncSession

from control_api.access.caller import Caller
from control_api.db.access_tables import UserRow
from control_api.db.rows import Page, PageRequest
from control_api.db.unit_of_work import Writer
from control_api.features.identity.passwords import hash_password, is_password
from control_api.features.ids import new_row_id
from control_api.features.users.repository import UserRepository
from control_api.features.users.schemas import OwnAccountPatch, UserCreate, UserPatch, UserReply
from control_api.web.problems import FieldError


class UserService:
    """Create, change, remove."""

    def __init__(self, writer: Writer, *, has_oidc: bool) -> None:
        self._writer = writer
        self._has_oidc = has_oidc

    async def list_page(self, caller: Caller, request: PageRequest) -> Page[UserRow]:
        """A page of people."""
        async with self._writer.database.session() as session:
            return await UserRepository(session, caller.tenant_id).list_page(request)

    async def get(self, caller: Caller, user_id: str) -> UserRow:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            return await _found(session, caller.tenant_id, user_id)

    async def create(self, caller: Caller, body: UserCreate) -> UserRow:
        """Raises Conflict when the address signs in already, FieldError when there would be no way to sign in."""
        if body.password is None and not self._has_oidc:
            raise FieldError("password", "is needed: this installation has no OpenID Connect provider to sign in with instead")
        password_hash = None if body.password is None else await hash_password(body.password)
        async with self._writer.change(caller) as unit:
            users = UserRepository(unit.session, unit.tenant_id)
            email = body.email.lower()
            if await users.is_taken(email):
                raise Conflict(f"email: {email} is in use", details={"errors": [{"field": "email"}]})
            row = UserRow(
                tenant_id=unit.tenant_id,
                id=new_row_id(),
                email=email,
                name=body.name or email,
                role=body.role,
                password_hash=password_hash,
                is_active=True,
            )
            unit.session.add(row)
            await unit.session.flush()
            unit.audit("user.created", "user", row.id, after=_shown(row))
        return row

    async def change(self, caller: Caller, user_id: str, patch: UserPatch) -> UserRow:
        """Raises NotFound; Conflict when nobody would be left to manage the tenant."""
        for name in patch.model_fields_set:
            if getattr(patch, name) is None:
                raise FieldError(name, "cannot be null")
        password_hash = await hash_password(patch.password) if patch.password else None
        async with self._writer.change(caller) as unit:
            users = UserRepository(unit.session, unit.tenant_id)
            row = await _found(unit.session, unit.tenant_id, user_id, lock=True)
            before = _shown(row)
            if row.role == "owner" and (patch.role not in (None, "owner") or patch.is_active is False):
                await _keep_an_owner(users)
            for name, value in patch.model_dump(exclude_unset=True, exclude={"password"}).items():
                setattr(row, name, value)
            if password_hash is not None:
                row.password_hash = password_hash
            if password_hash is not None or not row.is_active:
                await users.end_sessions(user_id)
            unit.audit("user.changed", "user", row.id, before=before, after=_shown(row) | ({"password": "changed"} if password_hash else {}))
        return row

    async def change_own(self, caller: Caller, patch: OwnAccountPatch) -> UserRow:
        """Raises Forbidden for a caller that is no person; FieldError for a wrong current password."""
        if caller.kind != "user":
            raise Forbidden("an API key has no account; sign in to change yours")
        if patch.password is not None:
            async with self._writer.database.session() as session:
                stored = (await _found(session, caller.tenant_id, caller.id)).password_hash
            if stored is None:
                raise FieldError("password", "you sign in without one; an owner can give you one")
            if not await is_password(patch.current_password or "", stored):
                raise FieldError("current_password", "is not your password")
        return await self.change(caller, caller.id, UserPatch(**patch.model_dump(exclude_unset=True, exclude={"current_password"})))

    async def unlink(self, caller: Caller, user_id: str) -> None:
        """Signs the person out everywhere, too. Raises NotFound."""
        async with self._writer.change(caller) as unit:
            users = UserRepository(unit.session, unit.tenant_id)
            row = await _found(unit.session, unit.tenant_id, user_id, lock=True)
            await users.unlink(user_id)
            await users.end_sessions(user_id)
            unit.audit("user.unlinked", "user", user_id, before={"email": row.email})

    async def remove(self, caller: Caller, user_id: str) -> None:
        """Raises NotFound; Conflict for the last owner."""
        async with self._writer.change(caller) as unit:
            users = UserRepository(unit.session, unit.tenant_id)
            row = await _found(unit.session, unit.tenant_id, user_id, lock=True)
            if row.role == "owner":
                await _keep_an_owner(users)
            await users.end_sessions(user_id)
            await unit.session.delete(row)
            unit.audit("user.removed", "user", user_id, before=_shown(row))


async def _found(session: AsyncSession, tenant_id: str, user_id: str, *, lock: bool = False) -> UserRow:
    row = await UserRepository(session, tenant_id).get(user_id, lock=lock)
    if row is None:
        raise NotFound("no such user")
    return row


async def _keep_an_owner(users: UserRepository) -> None:
    if await users.active_owners() <= 1:
        raise Conflict("the last owner of a tenant stays", code="last_owner")


def _shown(row: UserRow) -> dict[str, object]:
    return UserReply.model_validate(row).model_dump(mode="json", exclude={"created_at"}) if row.created_at else {"email": row.email, "role": row.role}
