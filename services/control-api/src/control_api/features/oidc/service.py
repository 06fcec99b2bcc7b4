"""Signing in with OpenID Connect (rule AC1).

Who may enter: somebody who is a user already. The first time the provider's verified e-mail address says who, and the account
(issuer, subject) is noted; from then on the account alone says who, so that an address that changes hands at the provider changes
nothing here.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import structlog
from callstage_domain.errors import CallerError, CallstageError, Conflict, DependencyError, LimitExceeded, NotFound
from callstage_kit.crypto import TokenSigner, sha256_hex

from control_api.access.authenticator import caller_of_user
from control_api.db.access_tables import UserIdentityRow, UserRow
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.identity.attempts import FailedAttempts
from control_api.features.identity.repository import SignInRepository
from control_api.features.identity.service import IdentityService
from control_api.features.oidc.attempt import TTL_S, Attempt
from control_api.features.oidc.id_token import Expected, IdTokenRefused, UnknownKey, checked_claims, verified_email
from control_api.features.oidc.provider import CodeRefused, Provider
from control_api.features.oidc.repository import IdentityRepository

CALLBACK_PATH: Final = "/v1/auth/oidc/callback"
_MAX_AT_ONCE: Final = 32
"""Answers of the provider that are checked at the same time in this process."""
_log = structlog.get_logger(__name__)

Reason = Literal["declined", "expired", "no_account", "unverified", "provider", "busy"]
"""Closed, because it stands in the address of the sign-in page, which says it in words."""


class SignInRefused(CallerError):
    """Back to the sign-in page. `message` is for the operator's log, `reason` for the person."""

    code = "sign_in_refused"

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider sent the browser back with."""

    code: str
    state: str
    error: str
    iss: str


class OidcService:
    """`provider` None: this installation has none, and every method but `label` raises NotFound."""

    def __init__(
        self, writer: Writer, identity: IdentityService, signer: TokenSigner, provider: Provider | None, *, label: str, public_url: str
    ) -> None:
        self._writer = writer
        self._identity = identity
        self._signer = signer
        self._provider = provider
        self._attempts = FailedAttempts()
        self._running = 0
        self._redirect_uri = public_url.rstrip("/") + CALLBACK_PATH
        self.label = label if provider is not None else None
        """What the button says, None without a provider."""

    async def start(self, next_path: str) -> tuple[str, str]:
        """The provider's address for the browser, and the cookie's value. Raises SignInRefused."""
        provider, attempt = self._known(), Attempt.begun(next_path)
        try:
            document = await provider.document()
        except DependencyError as err:
            raise self._refused("provider", err.message) from err
        address = attempt.address(document.authorization_endpoint, client_id=provider.client_id, redirect_uri=self._redirect_uri)
        return address, attempt.cookie(self._signer)

    def attempt(self, cookie: str, state: str) -> Attempt:
        """The one that this answer belongs to. Raises SignInRefused."""
        self._known()
        attempt = Attempt.of_cookie(self._signer, cookie, state)
        if attempt is None:
            raise self._refused("expired", "no attempt of this browser has this state")
        return attempt

    async def finish(self, attempt: Attempt, answer: Answer) -> str:
        """The session cookie's value. Raises SignInRefused."""
        if self._running >= _MAX_AT_ONCE:
            raise self._refused("busy", "too many sign-ins at once")
        self._running += 1
        try:
            return await self._finish(self._known(), attempt, answer)
        except (CodeRefused, Conflict) as err:
            raise self._refused("expired", err.message) from err
        except LimitExceeded as err:
            raise self._refused("busy", err.message) from err
        except (IdTokenRefused, DependencyError) as err:
            raise self._refused("provider", err.message) from err
        finally:
            self._running -= 1

    async def _finish(self, provider: Provider, attempt: Attempt, answer: Answer) -> str:
        document = await provider.document()
        # RFC 9207: an answer of another provider must not be mistaken for one of ours.
        if (answer.iss or document.authorization_response_iss_parameter_supported) and answer.iss != provider.issuer:
            raise self._refused("provider", "iss: the answer is of another provider")
        if answer.error or not answer.code:
            raise self._refused("declined" if answer.error == "access_denied" else "provider", f"the provider answered '{answer.error[:60]}'")
        tokens = await provider.exchange(answer.code, attempt.verifier, self._redirect_uri)
        claims = await self._claims(provider, tokens.id_token, attempt.nonce, tokens.received_at)
        account = f"{provider.issuer} {claims['sub']}"
        self._attempts.check(account)
        try:
            user = await self._user(provider, claims, attempt, tokens.access_token)
        except SignInRefused:
            self._attempts.failed(account)
            raise
        self._attempts.succeeded(account)
        return await self._identity.open_session(user)

    async def _claims(self, provider: Provider, id_token: str, nonce: str, received_at: float) -> dict[str, Any]:
        expected = Expected(provider.issuer, provider.client_id, nonce, int(now().timestamp()))
        try:
            return checked_claims(id_token, await provider.keys(), expected)
        except UnknownKey:
            # Keys change: those that are fetched after the token came must hold its own.
            return checked_claims(id_token, await provider.keys(since=received_at), expected)

    async def _user(self, provider: Provider, claims: dict[str, Any], attempt: Attempt, access_token: str) -> UserRow:
        async with self._writer.database.session() as session:
            rows = IdentityRepository(session)
            if not await rows.use(sha256_hex(attempt.nonce), now() + timedelta(seconds=TTL_S)):
                raise self._refused("expired", "the nonce was used before")
            await session.commit()
            linked = await rows.linked_user(provider.issuer, claims["sub"])
        if linked is None:
            return await self._link(provider, claims, access_token)
        user, may_enter = linked
        if not may_enter:
            raise self._refused("no_account", "the user or the tenant is disabled")
        return user

    async def _link(self, provider: Provider, claims: dict[str, Any], access_token: str) -> UserRow:
        email = verified_email(claims, provider.issuer)
        if email is None and claims.get("email_verified") is None:
            email = verified_email(await provider.user_info(access_token, claims["sub"]), provider.issuer)
        if email is None:
            raise self._refused("unverified", "no e-mail address that the provider says is verified")
        async with self._writer.database.session() as session:
            user = await SignInRepository(session).active_user(email)
            if user is None:
                raise self._refused("no_account", "no active user has this e-mail address")
            if await IdentityRepository(session).has_identity(user, provider.issuer):
                raise self._refused("no_account", "another account of the provider belongs to this user; an owner can unlink it")
        async with self._writer.change(caller_of_user(user)) as unit:
            unit.session.add(UserIdentityRow(tenant_id=user.tenant_id, user_id=user.id, issuer=provider.issuer, subject=claims["sub"]))
            unit.audit("user.linked", "user", user.id, after={"issuer": provider.issuer, "subject": claims["sub"]})
        return user

    def _known(self) -> Provider:
        if self._provider is None:
            raise NotFound(
                "this installation has no OpenID Connect provider; its operator sets CALLSTAGE_OIDC_ISSUER and CALLSTAGE_OIDC_CLIENT_ID",
                code="oidc_not_configured",
            )
        return self._provider

    @staticmethod
    def _refused(reason: Reason, message: str) -> SignInRefused:
        _log.warning("oidc_sign_in_refused", reason=reason, detail=message)
        return SignInRefused(reason, message)


def reason_of(error: CallstageError) -> Reason:
    """For the sign-in page."""
    return error.reason if isinstance(error, SignInRefused) else "busy"
