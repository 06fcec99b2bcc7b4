"""Bodies of users."""

from datetime import datetime
from typing import Annotated

from pydantic import EmailStr, StringConstraints

from control_api.access.caller import Role
from control_api.web.schema import Body, Reply

Password = Annotated[str, StringConstraints(min_length=10, max_length=1024)]
PersonName = Annotated[str, StringConstraints(max_length=200)]


class UserCreate(Body):
    """A new person. Without a `password` they sign in with OpenID Connect, where the installation has a provider."""

    email: EmailStr
    password: Password | None = None
    name: PersonName = ""
    role: Role = "viewer"


class UserPatch(Body):
    """What to change; `password` signs the person out everywhere."""

    name: PersonName | None = None
    role: Role | None = None
    password: Password | None = None
    is_active: bool | None = None


class OwnAccountPatch(Body):
    """What people may change of themselves; a new `password` needs the one before, and signs out everywhere."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    password: Password | None = None
    current_password: Annotated[str, StringConstraints(max_length=1024)] | None = None


class UserReply(Reply):
    """A person."""

    id: str
    email: str
    name: str
    role: Role
    is_active: bool
    has_password: bool
    created_at: datetime


class UserList(Reply):
    """All people of the tenant."""

    users: list[UserReply]
    next_cursor: str | None = None
