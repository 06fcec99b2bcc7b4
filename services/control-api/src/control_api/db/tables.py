"""What every table has in common."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


def now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


class Table(DeclarativeBase):
    """Root of all tables. JSON is JSONB, times are with time zone."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
        list[str]: JSONB(none_as_null=True),
        datetime: DateTime(timezone=True),
    }


class TenantTable(Table):
    """A table whose rows belong to a tenant: the tenant is the first part of the key, so no row is found without it (rule AC3)."""

    __abstract__ = True

    tenant_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-10)
