"""Bodies of blocked numbers."""

from datetime import datetime
from typing import Annotated

from callstage_domain.route import BlockDirection
from pydantic import StringConstraints

from control_api.web.schema import Body, Reply


class BlockRequest(Body):
    """Rule N3."""

    number: Annotated[str, StringConstraints(min_length=3, max_length=40)]
    reason: Annotated[str, StringConstraints(max_length=500)] | None = None
    direction: BlockDirection = "both"


class BlockedNumberReply(Reply):
    """One blocked number."""

    number: str
    reason: str | None
    direction: BlockDirection
    created_at: datetime


class BlockedNumberList(Reply):
    """A page of them."""

    blocked_numbers: list[BlockedNumberReply]
    next_cursor: str | None


class BlockCheck(Reply):
    """Whether a number is blocked, and why."""

    blocked: bool
    number: str
    direction: BlockDirection | None = None
    reason: str | None = None
