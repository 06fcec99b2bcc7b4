"""The call as the platform recorded it, read from the public API after the call."""

import time
from typing import Any

from callstage_domain.errors import CallstageError, NotFound

from callstage.phone.call import Outcome
from callstage.platform_api import PlatformApi
from callstage.rows import Row, rows_in
from callstage.target import Target

# The record is written from events; they arrive well within this.
_PATIENCE_S = 5.0
_PAUSE_S = 0.3


def read_record(target: Target, outcome: Outcome) -> tuple[Row | None, str]:
    """(record, "") or (None, why not). Waits up to five seconds until the record is complete. Blocking."""
    try:
        with PlatformApi(target, timeout_s=_PATIENCE_S) as api:
            record = _poll(api, outcome)
    except CallstageError as err:
        return None, err.message
    return record, "" if record else "The API does not know this call (yet)."


def _poll(api: PlatformApi, outcome: Outcome) -> Row | None:
    deadline = time.monotonic() + _PATIENCE_S
    call_id = outcome.call_id
    record: Row | None = None
    while True:
        call_id = call_id or _find(api, outcome)
        if call_id:
            record = _get(api, call_id) or record
            if record and is_complete(record, outcome):
                return record
        if time.monotonic() > deadline:
            return record
        time.sleep(_PAUSE_S)


def _get(api: PlatformApi, call_id: str) -> Row | None:
    try:
        return api.one(f"/v1/calls/{call_id}", "call")
    except NotFound:
        # A browser knows the id before the record is written.
        return None


def _find(api: PlatformApi, outcome: Outcome) -> str:
    if not outcome.carrier_call_id:
        return ""
    answer = api.get("/v1/calls", limit=20)
    return next((id_of(call) for call in rows_in(answer, "calls") if call.get("carrier_call_id") == outcome.carrier_call_id), "")


def is_complete(record: Row, outcome: Outcome) -> bool:
    """It has an end, and words when words were heard."""
    return bool(record.get("ended_at")) and bool(record.get("transcript") or not outcome.was_answered)


def id_of(call: Row) -> str:
    """The platform's id of a call."""
    return str(call.get("call_id") or call.get("id") or "")


def latency_of(turn: Row) -> dict[str, float]:
    """The parts that were measured, in milliseconds."""
    parts: Any = turn.get("latency")
    return {name: float(value) for name, value in parts.items() if isinstance(value, int | float)} if isinstance(parts, dict) else {}
