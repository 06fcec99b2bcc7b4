"""What a filter of calls means in SQL: the same for the list, the file and the series."""

from callstage_domain.call import EndedReason
from sqlalchemy import ColumnElement, exists, or_

from control_api.db.call_tables import CallRow, TurnRow
from control_api.features.calls.schemas import CallFilter


def conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    """All of them must hold; the tenant is added by who reads."""
    found: list[ColumnElement[bool]] = []
    if wanted.from_ is not None:
        found.append(CallRow.started_at >= wanted.from_)
    if wanted.to is not None:
        found.append(CallRow.started_at < wanted.to)
    if wanted.number is not None:
        number = "+" + wanted.number.strip().lstrip("+")
        found.append(or_(CallRow.caller_phone == number, CallRow.to_number == number))
    if wanted.agent_id is not None:
        found.append(CallRow.agent_id == wanted.agent_id)
    if wanted.direction is not None:
        found.append(CallRow.direction == wanted.direction)
    if (reason := wanted.ended_reason or wanted.outcome) is not None:
        found.append(CallRow.ended_reason == str(reason))
    if wanted.fault is not None:
        found.append(CallRow.ended_reason.in_([str(reason) for reason in EndedReason if reason.fault == wanted.fault]))
    if wanted.channel is not None:
        found.append(CallRow.channel == wanted.channel)
    if wanted.is_test is not None:
        found.append(CallRow.is_test == wanted.is_test)
    return [*found, *_measures(wanted)]


def _measures(wanted: CallFilter) -> list[ColumnElement[bool]]:
    """What was said, what it cost, how long it took."""
    found: list[ColumnElement[bool]] = []
    if wanted.q is not None:
        of_call = (TurnRow.tenant_id == CallRow.tenant_id, TurnRow.call_id == CallRow.call_id)
        found.append(exists().where(*of_call, TurnRow.text.icontains(wanted.q, autoescape=True)))
    if wanted.min_cost is not None:
        found.append(CallRow.cost >= wanted.min_cost)
    if wanted.max_cost is not None:
        found.append(CallRow.cost <= wanted.max_cost)
    if wanted.min_duration_s is not None:
        found.append(CallRow.duration_ms >= round(wanted.min_duration_s * 1000))
    if wanted.max_duration_s is not None:
        found.append(CallRow.duration_ms <= round(wanted.max_duration_s * 1000))
    return found
