"""What events do to the tables, as statements built once.

Building and compiling SQL costs more than sending it. A statement's text must therefore not depend on a value: everything an event
tells is a parameter.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BindParameter, ColumnElement, bindparam, case, func, literal, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, Insert, insert

from control_api.consumers.recording_statements import part_ready, recording_of
from control_api.consumers.webhook_messages import delivery_insert
from control_api.db.agent_tables import MailboxRow
from control_api.db.call_tables import AppliedEventRow, CallJournalRow, CallRow, ConversationRow, MailTurnRow, StageVisitRow, ToolRunRow, TurnRow
from control_api.db.embed_tables import EmbedTokenRow
from control_api.db.recording_tables import RecordingPartRow, VoicemailRow
from control_api.db.tables import Table


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A statement that is executed for many rows, in the order of these parameters: two replicas must lock the same rows in the same order."""

    statement: sa.Executable
    order_by: tuple[str, ...]


def _core(row: type[Table]) -> sa.Table:
    # The Core table: through the ORM class, an execution for many rows takes the much slower way of bulk operations.
    return row.metadata.tables[row.__tablename__]


_MARKS, _CALLS, _TURNS, _TOOL_RUNS = _core(AppliedEventRow), _core(CallRow), _core(TurnRow), _core(ToolRunRow)
_CONVERSATIONS, _MAILBOXES = _core(ConversationRow), _core(MailboxRow)
_EMBED_TOKENS = _core(EmbedTokenRow)
_TIME = sa.DateTime(timezone=True)
# Parameters called like a column become its new value; those of conditions and expressions need other names.
_AT = bindparam("told_at", type_=_TIME)
_USED = bindparam("told_usage", type_=JSONB())
_NOTHING = sa.literal_column("'{}'::jsonb", JSONB())
_ONE_CALL = ("of_tenant_id", "of_call_id")
_ONE_SESSION = ("of_tenant_id", "of_session_id")


def _of(table: sa.Table, *columns: str) -> ColumnElement[bool]:
    return sa.and_(*(table.c[name] == bindparam(f"of_{name}", type_=table.c[name].type) for name in columns))


def _newest_wins(table: sa.Table) -> Step:
    key = tuple(column.name for column in table.primary_key)
    statement = insert(table)
    told = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
    newest = statement.on_conflict_do_update(index_elements=key, set_=told, where=table.c.occurred_at <= statement.excluded.occurred_at)
    return Step(newest, key)


def _first_wins(table: sa.Table) -> Step:
    return Step(insert(table).on_conflict_do_nothing(), tuple(column.name for column in table.primary_key))


def _call_upsert() -> Insert:
    def of(name: str) -> BindParameter[Any]:
        return bindparam(f"of_{name}", type_=_CALLS.c[name].type)

    # Tools run for mail conversations, too: such a run makes no call where there is none.
    makes_row = bindparam("makes_row", type_=sa.Boolean())
    is_there = sa.exists(sa.select(literal(1)).where(_of(_CALLS, "tenant_id", "call_id")))
    names = ("tenant_id", "call_id", "session_id", "started_at", "last_event_at")
    statement = insert(_CALLS).from_select(list(names), sa.select(*(of(name) for name in names)).where(makes_row | is_there))
    return statement.on_conflict_do_update(
        index_elements=[_CALLS.c.tenant_id, _CALLS.c.call_id],
        set_={
            "session_id": func.coalesce(_CALLS.c.session_id, statement.excluded.session_id),
            "started_at": case((makes_row, func.least(_CALLS.c.started_at, statement.excluded.started_at)), else_=_CALLS.c.started_at),
            "last_event_at": func.greatest(_CALLS.c.last_event_at, statement.excluded.last_event_at),
        },
    )


def _conversation_upsert() -> Insert:
    statement = insert(_CONVERSATIONS)
    return statement.on_conflict_do_update(
        index_elements=[_CONVERSATIONS.c.tenant_id, _CONVERSATIONS.c.session_id],
        set_={
            "last_event_at": func.greatest(_CONVERSATIONS.c.last_event_at, statement.excluded.last_event_at),
            "started_at": func.least(_CONVERSATIONS.c.started_at, statement.excluded.started_at),
        },
    )


def _usage_sum() -> sa.ScalarSelect[Any]:
    """Key by key what the row has and what is told."""
    of_row = func.jsonb_each_text(func.coalesce(_CALLS.c.usage, _NOTHING)).table_valued("key", "value")
    of_event = func.jsonb_each_text(_USED).table_valued("key", "value")
    both = sa.union_all(sa.select(of_row.c.key, of_row.c.value), sa.select(of_event.c.key, of_event.c.value)).subquery("both")
    sums = sa.select(both.c.key, func.sum(sa.cast(both.c.value, sa.Numeric)).label("total")).group_by(both.c.key).subquery("sums")
    return sa.select(func.coalesce(func.jsonb_object_agg(sums.c.key, sums.c.total), _NOTHING)).scalar_subquery()


MARK = (
    insert(_MARKS)
    .from_select(["event_id", "applied_at"], sa.select(func.unnest(bindparam("ids", type_=ARRAY(sa.String()))), _AT))
    .on_conflict_do_nothing()
    .returning(_MARKS.c.event_id)
)
"""`ids`, `told_at` → those ids that were not there."""

_this_call = _of(_CALLS, "tenant_id", "call_id")
_this_conversation = _of(_CONVERSATIONS, "tenant_id", "session_id")

CALL = Step(_call_upsert(), _ONE_CALL)
"""The row exists afterwards (always with `makes_row`), and nothing that another event told is lost."""
CALL_TOLD = Step(update(_CALLS).where(_this_call), _ONE_CALL)
CALL_REJECTED = Step(update(_CALLS).where(_this_call), _ONE_CALL)
CALL_ANSWERED = Step(
    update(_CALLS).where(_this_call).values(answered_at=func.least(func.coalesce(_CALLS.c.answered_at, _AT), _AT)),
    _ONE_CALL,
)
CALL_TAKEN_OVER = Step(update(_CALLS).where(_this_call).values(takeovers=_CALLS.c.takeovers + 1), _ONE_CALL)
# Two gateways may report the end of a call that was taken over: the later word counts.
CALL_ENDED = Step(
    update(_CALLS)
    .where(_this_call, _CALLS.c.ended_at.is_(None) | _CALLS.c.is_reaped | (_CALLS.c.ended_at <= _AT))
    .values(usage=func.coalesce(_CALLS.c.usage, _NOTHING).op("||")(_USED)),
    _ONE_CALL,
)
CALL_USED = Step(update(_CALLS).where(_this_call).values(usage=_usage_sum()), _ONE_CALL)
"""Cost inputs of one more process that carried the call; each event counts once, by its mark."""
USAGE = sa.select(_CALLS.c.tenant_id, _CALLS.c.call_id, _CALLS.c.usage).where(
    sa.tuple_(_CALLS.c.tenant_id, _CALLS.c.call_id).in_(
        sa.select(func.unnest(bindparam("tenants", type_=ARRAY(sa.String()))), func.unnest(bindparam("calls", type_=ARRAY(sa.String()))))
    )
)
"""`tenants` and `calls`, side by side → the cost inputs of those calls."""
CALL_PRICED = update(_CALLS).where(_this_call).values(cost=bindparam("told_cost", type_=sa.Float()))
"""Not a step: it follows from what the steps have written."""
CALL_JOURNAL = _first_wins(_core(CallJournalRow))
# After a crash a runtime may tell the same turn again, with what was really heard: the newer word counts.
TURN = _newest_wins(_TURNS)
STAGE_VISIT = _first_wins(_core(StageVisitRow))
TOOL_RUN = _newest_wins(_TOOL_RUNS)
CONVERSATION = Step(_conversation_upsert(), ("tenant_id", "session_id"))
# The first mail names the thread and the customer, whichever event comes first.
CONVERSATION_NAMED = Step(
    update(_CONVERSATIONS)
    .where(_this_conversation)
    .values(
        {
            name: case((_CONVERSATIONS.c[name] == "", bindparam(f"told_{name}", type_=sa.String())), else_=_CONVERSATIONS.c[name])
            for name in ("subject_line", "address")
        }
    ),
    _ONE_SESSION,
)
CONVERSATION_HANDED_OFF = Step(update(_CONVERSATIONS).where(_this_conversation), _ONE_SESSION)
MAIL_TURN = _first_wins(_core(MailTurnRow))
MAILBOX_FAILED = Step(
    update(_MAILBOXES).where(
        _of(_MAILBOXES, "tenant_id", "agent_id", "integration_id"), _MAILBOXES.c.last_error_at.is_(None) | (_MAILBOXES.c.last_error_at <= _AT)
    ),
    ("of_tenant_id", "of_agent_id", "of_integration_id"),
)
RECORDING_STARTED = _first_wins(_core(RecordingPartRow))
RECORDING_READY = Step(part_ready(), ("tenant_id", "call_id", "part"))
CALL_RECORDED = Step(
    update(_CALLS)
    .where(_this_call)
    .values(recording=recording_of(bindparam("of_tenant_id", type_=sa.String()), bindparam("of_call_id", type_=sa.String()))),
    _ONE_CALL,
)
VOICEMAIL = _first_wins(_core(VoicemailRow))
EMBED_TOKEN_USED = Step(
    update(_EMBED_TOKENS)
    .where(_of(_EMBED_TOKENS, "tenant_id", "id"))
    .values(last_used_at=func.greatest(func.coalesce(_EMBED_TOKENS.c.last_used_at, _AT), _AT)),
    ("of_tenant_id", "of_id"),
)
WEBHOOK_DELIVERY = Step(delivery_insert(), ("of_tenant_id", "told_message_id"))

STEPS = (
    CALL,
    CALL_TOLD,
    CALL_ANSWERED,
    CALL_TAKEN_OVER,
    CALL_REJECTED,
    CALL_ENDED,
    CALL_USED,
    CALL_JOURNAL,
    TURN,
    STAGE_VISIT,
    TOOL_RUN,
    CONVERSATION,
    CONVERSATION_NAMED,
    CONVERSATION_HANDED_OFF,
    MAIL_TURN,
    MAILBOX_FAILED,
    RECORDING_STARTED,
    RECORDING_READY,
    CALL_RECORDED,
    VOICEMAIL,
    EMBED_TOKEN_USED,
    WEBHOOK_DELIVERY,
)
"""All, in the order in which a batch executes them. Whoever writes to a call or a conversation has locked its row first."""
