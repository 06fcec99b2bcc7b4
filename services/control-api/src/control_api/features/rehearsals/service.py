"""Holds a draft against the newest calls that may be used (rule D6). Nothing is stored, no model is asked, no tool runs."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from callstage_domain.errors import CallerError, CallstageError
from callstage_kit.tasks import in_thread

from control_api.access.caller import Caller
from control_api.compile.findings import Finding
from control_api.db.call_tables import CallRow
from control_api.db.database import Database
from control_api.features.agent_tests.repository import AgentTestRepository
from control_api.features.agent_tests.runtime import ReplayClient
from control_api.features.agent_tests.schemas import TestDifference, goes_otherwise
from control_api.features.agent_tests.service import MAX_BODY_BYTES, joined
from control_api.features.agents.compiled import compiled
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.rehearsals.repository import RecentCall, RehearsalRepository
from control_api.features.rehearsals.schemas import Reason, Rehearsal, RehearsalEvent, RehearsedCall, Verdict
from control_api.web.event_stream import last_of

TIME_S = 15.0
"""For all calls of a rehearsal: half of what a request may take, so that a deploy has time for its own checks."""
_AT_ONCE = 2
"""Replays of all rehearsals together: they take CPU of agent-runtime, which carries calls."""
Events = AsyncGenerator[RehearsalEvent]
_REASONS: dict[Reason, str] = {
    "not_recorded": "what was decided in it is not kept: it is too old, it was too long, or the agent keeps no journals (keep_journal)",
    "too_large": f"it is too long for a rehearsal ({MAX_BODY_BYTES >> 20} MiB packed at most)",
    "unreadable": "it cannot be replayed",
    "out_of_time": "there was no time left for it; rehearse with fewer calls",
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is rehearsed: a draft and calls, newest first."""

    tenant_id: str
    version: int
    snapshot_json: str
    calls: list[CallRow]
    not_used: int


class RehearsalService:
    """One call after the other, within `time_s`."""

    def __init__(self, database: Database, runtime: ReplayClient, *, time_s: float = TIME_S) -> None:
        self._database = database
        self._runtime = runtime
        self._time_s = time_s
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def begin(self, caller: Caller, agent_id: str, last: int) -> Events:
        """Against the draft as it is now. Raises NotFound; the events raise DependencyError when no agent-runtime answers."""
        async with self._database.session() as session:
            agent = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            snapshot = await compiled(session, agent, 0)
            recent = await RehearsalRepository(session, caller.tenant_id).recent(agent_id)
        calls, not_used = _chosen(recent, last)
        return self._events(_Plan(caller.tenant_id, agent.version, snapshot.model_dump_json(), calls, not_used))

    async def rehearse(self, caller: Caller, agent_id: str, last: int) -> Rehearsal:
        """All at once. Raises NotFound, DependencyError."""
        result = (await last_of(await self.begin(caller, agent_id, last))).result
        assert result is not None, "a rehearsal ends with its result"
        return result

    async def _events(self, plan: _Plan) -> Events:
        deadline = asyncio.get_running_loop().time() + self._time_s
        yield RehearsalEvent(type="begun", calls=len(plan.calls))
        done: list[RehearsedCall] = []
        for row in plan.calls:
            done.append(await self._rehearsed(plan, row, deadline))
            yield RehearsalEvent(type="call", call=done[-1])
        counts = Counter(call.verdict for call in done)
        result = Rehearsal(
            version=plan.version,
            same_way=counts["same_way"],
            otherwise=counts["otherwise"],
            not_rehearsed=counts["not_rehearsed"],
            not_used=plan.not_used,
            calls=done,
        )
        yield RehearsalEvent(type="done", result=result)

    async def _rehearsed(self, plan: _Plan, row: CallRow, deadline: float) -> RehearsedCall:
        try:
            async with asyncio.timeout_at(deadline), self._places:
                return await self._replayed(plan, row)
        except TimeoutError:
            return _not_rehearsed(row, "out_of_time")
        except CallerError as err:
            return _not_rehearsed(row, "unreadable", err.message)

    async def _replayed(self, plan: _Plan, row: CallRow) -> RehearsedCall:
        async with self._database.session() as session:
            parts = list(await AgentTestRepository(session, plan.tenant_id).recordings_of_call(row.call_id))
        if not parts:
            return _not_rehearsed(row, "not_recorded")
        recording = await in_thread(joined, parts)
        if len(recording) > MAX_BODY_BYTES:
            return _not_rehearsed(row, "too_large")
        replayed = await self._runtime.replay(recording, plan.snapshot_json)
        differences = TestDifference.all_of(replayed)
        verdict = "otherwise" if goes_otherwise(differences) else "same_way"
        return _call(row, verdict, decisions=replayed.decisions, differences=differences, differences_total=replayed.total)


def failure(err: CallstageError) -> RehearsalEvent:
    """The last event of a rehearsal that broke off."""
    return RehearsalEvent(type="error", code=err.code, text=err.message)


def rehearsal_findings(rehearsal: Rehearsal) -> list[Finding]:
    """What stands against a deploy that asks for the rehearsal. A call that cannot be rehearsed at all blocks only when there is no other."""
    if not rehearsal.same_way + rehearsal.otherwise:
        return [Finding("no_calls_rehearsed", "error", f"The deploy asks for recent calls, and none could be rehearsed{_why_none(rehearsal)}.")]
    return [finding for call in rehearsal.calls if (finding := _finding(call)) is not None]


def _finding(call: RehearsedCall) -> Finding | None:
    which = f"The call of {call.started_at:%Y-%m-%d %H:%M} UTC"
    match call.verdict:
        case "same_way":
            return None
        case "otherwise":
            first = call.differences[0]
            told = f"{which} goes another way in {first.what}: recorded “{first.recorded}”, draft “{first.draft}”."
            return Finding("call_goes_otherwise", "error", told, call_id=call.call_id)
        case "not_rehearsed":
            severity = "error" if call.reason == "out_of_time" else "warning"
            return Finding("call_not_rehearsed", severity, f"{which} was not rehearsed: {call.detail}.", call_id=call.call_id)


def _why_none(rehearsal: Rehearsal) -> str:
    if rehearsal.calls:
        return f": {rehearsal.calls[0].detail}"
    return ": no caller was told of a recording that is still kept" if rehearsal.not_used else ": there are no calls yet"


def _chosen(recent: Sequence[RecentCall], last: int) -> tuple[list[CallRow], int]:
    """The newest ones that may be used, and how many were passed over on the way."""
    chosen: list[CallRow] = []
    passed = 0
    for call in recent:
        if len(chosen) == last:
            break
        if call.may_be_used:
            chosen.append(call.row)
        else:
            passed += 1
    return chosen, passed


def _not_rehearsed(row: CallRow, reason: Reason, detail: str | None = None) -> RehearsedCall:
    return _call(row, "not_rehearsed", reason=reason, detail=detail or _REASONS[reason])


def _call(row: CallRow, verdict: Verdict, **found: Any) -> RehearsedCall:
    nothing = {"decisions": 0, "differences": [], "differences_total": 0, "reason": None, "detail": None}
    of_row = {name: getattr(row, name) for name in ("call_id", "started_at", "duration_ms", "channel", "caller_phone", "deployment")}
    return RehearsedCall.model_validate({**of_row, "verdict": verdict, **nothing, **found})
