"""Roots of request and reply bodies."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from control_api.db.rows import PageRequest


class Body(BaseModel):
    """A request body: unknown fields are refused, texts are bounded by the size of the body."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, allow_inf_nan=False)


class Reply(BaseModel):
    """A reply body."""

    model_config = ConfigDict(from_attributes=True)


def _page_request(
    limit: Annotated[int, Query(ge=1, le=200, description="Items on a page.")] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")] = None,
) -> PageRequest:
    return PageRequest(limit, cursor)


Paging = Annotated[PageRequest, Depends(_page_request)]
