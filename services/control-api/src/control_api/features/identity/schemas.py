"""Bodies of signing in."""

from typing import Annotated

from pydantic import StringConstraints

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
    name: str
    role: Role
    scopes: tuple[str, ...]

    @classmethod
    def of(cls, caller: Caller) -> "MeReply":
        """From the caller."""
        return cls.model_validate(caller)
