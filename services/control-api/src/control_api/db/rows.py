"""The only way to read rows of a tenant: the tenant is part of every statement (rule AC3)."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from callstage_domain.errors import CallerError
from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from control_api.db.tables import TenantTable

Row = TypeVar("Row", bound=TenantTable)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`cursor` is opaque to clients and comes from an earlier page; `limit` 1–200."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`next_cursor` is None on the last page."""

    items: Sequence[Item]
    next_cursor: str | None


def encode_cursor(values: Sequence[Any]) -> str:
    """The place after a row, as clients send it back."""
    plain = [{"t": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """`kinds`: the types of the columns that the list is ordered by. Raises CallerError for a cursor that we did not make."""
    try:
        decoded: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = tuple(datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value for value in decoded)
        if len(values) != len(kinds) or not all(_fits(value, kind) for value, kind in zip(values, kinds, strict=True)):
            raise ValueError("of another list")
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise CallerError("cursor: not a cursor of this list", code="invalid_cursor", details={"errors": [{"field": "cursor"}]}) from err
    return values


def _fits(value: Any, kind: type) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, datetime):
        return value.tzinfo is not None
    if isinstance(value, str):
        return "\0" not in value and value == value.encode(errors="replace").decode()
    return not isinstance(value, int) or abs(value) < 2**63


class TenantRows:
    """Rows of one tenant inside one transaction. Repositories inherit from this."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self.session = session
        self.tenant_id = tenant_id

    def of(self, table: type[Row], *conditions: ColumnElement[bool]) -> Select[Row]:
        """SELECT of this tenant's rows."""
        return select(table).where(table.tenant_id == self.tenant_id, *conditions)

    async def first(self, table: type[Row], *conditions: ColumnElement[bool], lock: bool = False) -> Row | None:
        """One row or None; `lock` keeps others from changing it until the transaction ends."""
        statement = self.of(table, *conditions).limit(1)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).first()

    async def all(self, table: type[Row], *conditions: ColumnElement[bool]) -> list[Row]:
        """All rows that match; for sets that are small by nature."""
        return list((await self.session.scalars(self.of(table, *conditions))).all())

    async def page(
        self,
        table: type[Row],
        request: PageRequest,
        *conditions: ColumnElement[bool],
        order: Sequence[InstrumentedAttribute[Any]],
        newest_first: bool = True,
    ) -> Page[Row]:
        """One page by key, so that deep pages cost the same as the first. `order` must be unique within the tenant."""
        statement = self.of(table, *conditions)
        if request.cursor is not None:
            place = decode_cursor(request.cursor, [column.type.python_type for column in order])
            statement = statement.where(tuple_(*order) < place if newest_first else tuple_(*order) > place)  # pyright: ignore[reportOperatorIssue]
        statement = statement.order_by(*(column.desc() if newest_first else column.asc() for column in order)).limit(request.limit + 1)
        rows = list((await self.session.scalars(statement)).all())
        more = len(rows) > request.limit
        kept = rows[: request.limit]
        return Page(kept, encode_cursor([getattr(kept[-1], column.key) for column in order]) if more else None)
