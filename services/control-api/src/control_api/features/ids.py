"""Ids of rows that we make."""

import uuid


def new_row_id() -> str:
    """A random UUID."""
    return str(uuid.uuid4())
