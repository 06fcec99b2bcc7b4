"""Bodies of backend connections."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from control_api.compile.urls import HttpUrlText
from control_api.web.schema import Body, Reply

Secret = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Text = Annotated[str, StringConstraints(max_length=500)]


class BackendPut(Body):
    """`password` and `api_key` are one secret under two names; it can be left out when one is stored already for the same URL."""

    kind: Literal["odoo", "erpnext"]
    url: HttpUrlText
    database: Text | None = None
    login: Text | None = None
    password: Secret | None = None
    api_key: Secret | None = None

    @model_validator(mode="after")
    def _one_secret(self) -> "BackendPut":
        if self.password is not None and self.api_key is not None:
            raise ValueError("send password or api_key, not both")
        if self.kind == "odoo" and not (self.database and self.login):
            raise ValueError("an Odoo backend needs database and login")
        return self

    @property
    def secret(self) -> str | None:
        """Whichever was sent."""
        return self.password or self.api_key


class BackendReply(Reply):
    """Without the secret."""

    agent_id: str
    kind: Literal["odoo", "erpnext"]
    url: str
    database: str | None
    login: str | None
    has_secret: bool = True
    updated_at: datetime


class BackendTested(Reply):
    """The backend's own words when it refused (rule I4)."""

    ok: bool
    message: str
    version: str
