"""Bodies of signing in."""

from typing import Annotated

from pydantic import Field, StringConstraints

from control_api.access.caller import Caller, CallerKind, Role
from control_api.web.schema import Body, Reply


class LoginRequest(Body):
    """Credentials of a person."""

    email: Annotated[str, StringConstraints(max_length=320)]
    password: Annotated[str, StringConstraints(max_length=1024)]


class MeReply(Reply):
    """Who is asking."""

    tenant_id: str
    kind: CallerKind
    id: str
    name: Annotated[str, Field(description="A person's own name, a key's name.")]
    role: Role
    scopes: tuple[str, ...]

    @classmethod
    def of(cls, caller: Caller) -> "MeReply":
        """From the caller."""
        return cls(tenant_id=caller.tenant_id, kind=caller.kind, id=caller.id, name=caller.shown_name, role=caller.role, scopes=caller.scopes)
