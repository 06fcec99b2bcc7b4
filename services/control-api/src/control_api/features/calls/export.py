"""Call records as CSV and JSON Lines (rule K2)."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Literal

from control_api.db.call_tables import CallRow
from control_api.features.calls.schemas import CallRecord

COLUMNS = tuple(CallRecord.model_fields)
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def header(file_format: Literal["csv", "jsonl"]) -> bytes:
    """What the file begins with."""
    return b"" if file_format == "jsonl" else _csv_lines([list(COLUMNS)])


def lines(rows: Sequence[CallRow], file_format: Literal["csv", "jsonl"]) -> bytes:
    """One line per call."""
    records = [CallRecord.of(row) for row in rows]
    if file_format == "jsonl":
        return "".join(record.model_dump_json() + "\n" for record in records).encode()
    return _csv_lines([[_cell(name, value) for name, value in record.model_dump(mode="json").items()] for record in records])


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    # A spreadsheet must not run what a caller said; phone numbers begin with + by nature and hold digits only.
    return "'" + text if name == "summary" and text.startswith(_FORMULA_STARTS) else text


def _csv_lines(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
