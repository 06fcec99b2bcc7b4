"""The JSON objects of the API, read with care."""

from typing import Any, cast

Row = dict[str, Any]


def rows_in(answer: Row, name: str) -> list[Row]:
    """The objects in the list called `name`; none when there is no such list."""
    found: Any = answer.get(name)
    return [cast(Row, row) for row in cast(list[Any], found) if isinstance(row, dict)] if isinstance(found, list) else []
