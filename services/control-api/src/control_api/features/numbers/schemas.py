"""Bodies of numbers; field names are those of the documents."""

from datetime import datetime
from typing import Annotated

from callstage_domain.route import Fallback, RouteType, TransferType
from pydantic import StringConstraints

from control_api.web.schema import Body, Reply

Target = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Phone = Annotated[str, StringConstraints(min_length=3, max_length=40)]


class NumberCreate(Body):
    """Rule N1."""

    number: Phone
    inboundRoute: RouteType = "ai_agent"  # noqa: N815
    routeTarget: Target | None = None  # noqa: N815
    aiTransferType: TransferType | None = None  # noqa: N815
    aiTransferTarget: Target | None = None  # noqa: N815
    fallback: Fallback | None = None


class NumberPatch(Body):
    """What is sent is changed; null clears."""

    inboundRoute: RouteType | None = None  # noqa: N815
    routeTarget: Target | None = None  # noqa: N815
    aiTransferType: TransferType | None = None  # noqa: N815
    aiTransferTarget: Target | None = None  # noqa: N815
    fallback: Fallback | None = None


class NumberReply(Reply):
    """A number. `live`: a call to it reaches a deployed agent (rule N2)."""

    id: str
    number: str
    inboundRoute: RouteType  # noqa: N815
    routeTarget: str | None  # noqa: N815
    aiTransferType: TransferType | None  # noqa: N815
    aiTransferTarget: str | None  # noqa: N815
    fallback: Fallback | None
    live: bool
    created_at: datetime


class NumberList(Reply):
    """A page of numbers."""

    numbers: list[NumberReply]
    next_cursor: str | None
