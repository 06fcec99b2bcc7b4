"""From a credential to a caller (rules AC1, AC2). Every request asks Postgres, so that a revoked credential stops at once."""

from datetime import timedelta

from callstage_domain.errors import Unauthorized
from callstage_kit.crypto import TokenSigner, sha256_hex
from sqlalchemy import delete, select, update

from control_api.access.caller import Caller, Role, role_of_scopes
from control_api.db.access_tables import ApiKeyRow, SignInRow, TenantRow, UserRow
from control_api.db.database import Database
from control_api.db.tables import now

COOKIE = "callstage_session"
_PURPOSE = "session"
_LAST_USED_GRAIN = timedelta(minutes=1)
_ROLES: dict[str, Role] = {"viewer": "viewer", "editor": "editor", "owner": "owner"}


def caller_of_user(user: UserRow) -> Caller:
    """The person, whose identity was proven."""
    return Caller(user.tenant_id, "user", user.id, user.email, _ROLES[user.role], person=user.name)


class Authenticator:
    """Checks API keys and session cookies."""

    def __init__(self, database: Database, signer: TokenSigner) -> None:
        self._database = database
        self._signer = signer

    async def by_api_key(self, key: str) -> Caller:
        """Raises Unauthorized for a key that is unknown, revoked or expired, with one message for all three."""
        moment = now()
        async with self._database.session() as session:
            found = (
                await session.execute(
                    select(ApiKeyRow, TenantRow.is_active)
                    .join(TenantRow, TenantRow.id == ApiKeyRow.tenant_id)
                    .where(ApiKeyRow.key_hash == sha256_hex(key))
                )
            ).first()
            if found is None:
                raise Unauthorized("the API key is not valid")
            row, is_active = found
            if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= moment) or not is_active:
                raise Unauthorized("the API key is not valid")
            if row.last_used_at is None or moment - row.last_used_at > _LAST_USED_GRAIN:
                await session.execute(
                    update(ApiKeyRow).where(ApiKeyRow.tenant_id == row.tenant_id, ApiKeyRow.id == row.id).values(last_used_at=moment)
                )
                await session.commit()
            scopes = tuple(row.scopes)
            return Caller(row.tenant_id, "api_key", row.id, row.name, role_of_scopes(scopes), scopes)

    async def by_cookie(self, token: str) -> Caller:
        """Raises Unauthorized for a cookie that is forged, expired, or signed out."""
        claims = self._signer.verify(_PURPOSE, token)
        async with self._database.session() as session:
            user = (
                await session.scalars(
                    select(UserRow)
                    .join(SignInRow, (SignInRow.tenant_id == UserRow.tenant_id) & (SignInRow.user_id == UserRow.id))
                    .join(TenantRow, TenantRow.id == UserRow.tenant_id)
                    .where(SignInRow.id == claims.get("sid"), SignInRow.expires_at > now(), UserRow.is_active, TenantRow.is_active)
                )
            ).first()
        if user is None:
            raise Unauthorized("the session is over; sign in again")
        return caller_of_user(user)

    def cookie_for(self, sign_in_id: str, *, ttl_s: int) -> str:
        """The cookie's value."""
        return self._signer.sign(_PURPOSE, {"sid": sign_in_id}, ttl_s=ttl_s)

    async def end_session(self, token: str) -> None:
        """Sign out; a cookie that is not valid any more is no error."""
        try:
            claims = self._signer.verify(_PURPOSE, token)
        except Unauthorized:
            return
        async with self._database.session() as session:
            await session.execute(delete(SignInRow).where(SignInRow.id == claims.get("sid")))
            await session.commit()
