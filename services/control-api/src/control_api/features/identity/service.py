"""Signing in and out (rule AC1)."""

import secrets
from datetime import timedelta

from callstage_domain.errors import Unauthorized

from control_api.access.authenticator import Authenticator
from control_api.access.caller import Caller
from control_api.db.access_tables import UserRow
from control_api.db.database import Database
from control_api.db.tables import now
from control_api.features.identity.attempts import FailedAttempts
from control_api.features.identity.passwords import is_password
from control_api.features.identity.repository import SignInRepository
from control_api.features.identity.schemas import LoginRequest


class IdentityService:
    """Makes and ends sessions of people."""

    def __init__(self, database: Database, authenticator: Authenticator, *, ttl_s: int, cookie_secure: bool) -> None:
        self._database = database
        self._authenticator = authenticator
        self._attempts = FailedAttempts()
        self.ttl_s = ttl_s
        self.cookie_secure = cookie_secure

    async def sign_in(self, request: LoginRequest) -> tuple[Caller, str]:
        """The caller and the cookie's value. Raises Unauthorized, with one message for every reason, and LimitExceeded."""
        email = request.email.strip().lower()
        self._attempts.check(email)
        async with self._database.session() as session:
            user = await SignInRepository(session).active_user(email)
        if not await is_password(request.password, user.password_hash if user else None) or user is None:
            self._attempts.failed(email)
            raise Unauthorized("wrong e-mail address or password", code="wrong_credentials")
        self._attempts.succeeded(email)
        cookie = await self.open_session(user)
        return await self._authenticator.by_cookie(cookie), cookie

    async def open_session(self, user: UserRow) -> str:
        """The value of a new session's cookie; whoever calls it has made sure who is there."""
        sign_in_id = secrets.token_urlsafe(24)
        async with self._database.session() as session:
            await SignInRepository(session).add(user, sign_in_id, now() + timedelta(seconds=self.ttl_s))
            await session.commit()
        return self._authenticator.cookie_for(sign_in_id, ttl_s=self.ttl_s)
