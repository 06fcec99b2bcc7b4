"""The caller of a request: a person or an API key, always inside one tenant (rules AC1, AC2)."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["viewer", "editor", "owner"]
CallerKind = Literal["user", "api_key", "system"]

_RANKS: dict[Role, int] = {"viewer": 0, "editor": 1, "owner": 2}
PLATFORM_SCOPE = "platform"
SCOPES = ("*", "read", "write", "admin", "calls", PLATFORM_SCOPE)
"""`*` and `admin`: everything in the tenant; `write`: all but users and keys; `read`: looking; `calls`: calls and browser sessions on the
data plane, looking here; `platform`: moving agents between tenants."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `id` is a user id or a key id; `name` is for the audit log, so for a person the e-mail address, which is nobody else's."""

    tenant_id: str
    kind: CallerKind
    id: str
    name: str
    role: Role
    scopes: tuple[str, ...] = ()
    person: str = ""
    """What the person is called; keys are called by `name`."""

    @property
    def shown_name(self) -> str:
        """For people to read."""
        return self.person or self.name

    def is_at_least(self, role: Role) -> bool:
        """True when the caller's role includes `role`."""
        return _RANKS[self.role] >= _RANKS[role]

    @property
    def is_platform_admin(self) -> bool:
        """True for keys that may act across tenants."""
        return PLATFORM_SCOPE in self.scopes


def role_of_scopes(scopes: tuple[str, ...]) -> Role:
    """What an API key may do here."""
    if "*" in scopes or "admin" in scopes:
        return "owner"
    return "editor" if "write" in scopes else "viewer"


def system_caller(tenant_id: str) -> Caller:
    """For changes that nobody asked for over the API, such as `bootstrap`."""
    return Caller(tenant_id, "system", "system", "control-api", "owner")
