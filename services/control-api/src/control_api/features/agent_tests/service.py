"""Keeps conversations as tests and holds drafts against them (rule D6)."""

import json
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from callstage_domain.errors import CallerError, Conflict, LimitExceeded, NotFound
from callstage_kit.tasks import in_thread
from pydantic import ValidationError

from control_api.access.caller import Caller
from control_api.compile.findings import Finding
from control_api.compile.snapshot import first_stage_of
from control_api.db.agent_test_tables import AgentTestRow
from control_api.db.tables import now
from control_api.db.unit_of_work import Writer
from control_api.features.agent_tests.repository import AgentTestRepository
from control_api.features.agent_tests.runtime import Prepared, ReplayClient
from control_api.features.agent_tests.schemas import (
    AgentTestCreate,
    AgentTestDetail,
    AgentTestPatch,
    AgentTestResult,
    AgentTestsRan,
    AgentTestView,
    TestDifference,
    TestStep,
    goes_otherwise,
)
from control_api.features.agents.compiled import compiled
from control_api.features.agents.repository import AgentRepository
from control_api.features.agents.service import found
from control_api.features.agents.view import draft_of
from control_api.web.problems import FieldError

MAX_TESTS = 100
"""Of one agent: a run of all of them must end within a request."""
MAX_BODY_BYTES = 2 << 20
"""It travels to agent-runtime in one message, with the agent."""
_MAX_RECORDING_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class DraftTested:
    """`version` is that of the draft that ran."""

    version: int
    results: list[AgentTestResult]

    def findings(self) -> list[Finding]:
        """An error for each test that did not pass, and one when there are no tests: nothing was tested then."""
        if not self.results:
            return [Finding("no_tests", "error", "The deploy asks for the agent's tests to pass, and the agent has none.")]
        return [Finding("test_failed", "error", _reason(result)) for result in self.results if not result.passed]


class AgentTestService:
    """Create, list, run, delete."""

    def __init__(self, writer: Writer, runtime: ReplayClient) -> None:
        self._writer = writer
        self._runtime = runtime

    async def list_all(self, caller: Caller, agent_id: str) -> list[AgentTestView]:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            rows = await AgentTestRepository(session, caller.tenant_id).of_agent(agent_id)
        return [_view(row) for row in rows]

    async def get(self, caller: Caller, agent_id: str, test_id: str) -> AgentTestDetail:
        """Raises NotFound."""
        async with self._writer.database.session() as session:
            tests = AgentTestRepository(session, caller.tenant_id)
            row = _there(await tests.get(agent_id, test_id))
            body = await tests.body(test_id) if row.source == "steps" else None
        return _detail(row, body)

    async def create(self, caller: Caller, agent_id: str, body: AgentTestCreate) -> AgentTestView:
        """Raises NotFound; CallerError when nothing was recorded; LimitExceeded; DependencyError when no agent-runtime answers."""
        async with self._writer.database.session() as session:
            agent = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            call_id, parts = await _recorded(AgentTestRepository(session, caller.tenant_id), agent_id, body)
        prepared = await self._prepared(caller, agent_id, first_stage_of(draft_of(agent)), body, parts)
        async with self._writer.change(caller) as unit:
            found(await AgentRepository(unit.session, unit.tenant_id).get(agent_id, lock=True))
            if await AgentTestRepository(unit.session, unit.tenant_id).count(agent_id) >= MAX_TESTS:
                raise LimitExceeded(f"an agent has {MAX_TESTS} tests at most; delete one first", code="too_many_tests", retryable=False)
            row = AgentTestRow(
                tenant_id=unit.tenant_id,
                id=f"test_{secrets.token_hex(8)}",
                agent_id=agent_id,
                name=body.name,
                source="steps" if body.steps else "call" if body.from_call_id else "session",
                call_id=call_id,
                is_anonymous=body.is_anonymous,
                summary=prepared.summary,
                body=prepared.body,
                created_by=caller.name,
                created_at=now(),
            )
            unit.session.add(row)
            unit.audit("agent_test.created", "agent_test", row.id, after={"agent_id": agent_id, "name": row.name, "source": row.source})
        return _view(row)

    async def change(self, caller: Caller, agent_id: str, test_id: str, body: AgentTestPatch) -> AgentTestDetail:
        """Raises NotFound; CallerError for steps of a test that was not written by hand; DependencyError when no agent-runtime answers."""
        async with self._writer.database.session() as session:
            agent = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            row = _there(await AgentTestRepository(session, caller.tenant_id).get(agent_id, test_id))
        if body.steps is not None and row.source != "steps":
            raise FieldError("steps", "this test was made of a conversation, which stays as it was; write another test instead")
        prepared = await self._written(caller, agent_id, first_stage_of(draft_of(agent)), body.steps) if body.steps is not None else None
        async with self._writer.change(caller) as unit:
            tests = AgentTestRepository(unit.session, unit.tenant_id)
            row = _there(await tests.get(agent_id, test_id))
            before = {"agent_id": agent_id, "name": row.name}
            row.name = body.name or row.name
            if prepared is not None:
                row.summary, row.body, row.last_result, row.last_run_at = prepared.summary, prepared.body, None, None
            unit.audit("agent_test.changed", "agent_test", test_id, before=before, after={"agent_id": agent_id, "name": row.name})
            packed = prepared.body if prepared is not None else await tests.body(test_id) if row.source == "steps" else None
        return _detail(row, packed)

    async def delete(self, caller: Caller, agent_id: str, test_id: str) -> None:
        """Raises NotFound."""
        async with self._writer.change(caller) as unit:
            row = _there(await AgentTestRepository(unit.session, unit.tenant_id).get(agent_id, test_id))
            await unit.session.delete(row)
            unit.audit("agent_test.deleted", "agent_test", test_id, before={"agent_id": agent_id, "name": row.name})

    async def run(self, caller: Caller, agent_id: str, test_ids: Sequence[str] | None) -> AgentTestsRan:
        """Against the draft as it is now. Raises NotFound for an id that is no test of the agent, DependencyError."""
        results = (await self.tested(caller, agent_id, test_ids)).results
        passed = sum(result.passed for result in results)
        return AgentTestsRan(passed=passed, failed=len(results) - passed, results=results)

    async def tested(self, caller: Caller, agent_id: str, test_ids: Sequence[str] | None = None) -> DraftTested:
        """Runs one after the other; what each found is kept with it."""
        async with self._writer.database.session() as session:
            agent = found(await AgentRepository(session, caller.tenant_id).get(agent_id))
            snapshot = await compiled(session, agent, 0)
            rows = list(await AgentTestRepository(session, caller.tenant_id).of_agent(agent_id))
        if test_ids is not None:
            known = {row.id: row for row in rows}
            rows = [_there(known.get(test_id)) for test_id in dict.fromkeys(test_ids)]
        snapshot_json = snapshot.model_dump_json()
        results = [await self._result(row, snapshot_json) for row in rows]
        async with self._writer.database.session() as session:
            tests = AgentTestRepository(session, caller.tenant_id)
            for result in results:
                row = await tests.get(agent_id, result.test_id)
                if row is not None:
                    row.last_result, row.last_run_at = result.model_dump(mode="json"), result.ran_at
            await session.commit()
        return DraftTested(agent.version, results)

    async def _result(self, row: AgentTestRow, snapshot_json: str) -> AgentTestResult:
        async with self._writer.database.session() as session:
            body = await AgentTestRepository(session, row.tenant_id).body(row.id)
        if body is None:
            return _result(row, passed=False, error="the test was deleted meanwhile")
        try:
            replayed = await self._runtime.replay(body, snapshot_json)
        except CallerError as err:
            return _result(row, passed=False, error=err.message)
        differences = TestDifference.all_of(replayed)
        return _result(row, passed=not goes_otherwise(differences), decisions=replayed.decisions, differences=differences, total=replayed.total)

    async def _prepared(self, caller: Caller, agent_id: str, first_stage: str, body: AgentTestCreate, parts: list[bytes]) -> Prepared:
        if body.steps is not None:
            return await self._written(caller, agent_id, first_stage, body.steps)
        if parts:
            recording = await in_thread(joined, parts)
            return _fitting(await self._runtime.prepare(caller.tenant_id, agent_id, first_stage, recording=recording, is_anonymous=body.is_anonymous))
        if body.from_call_id is not None:
            raise CallerError(
                "nothing was recorded of this call: it still runs, it is too old, or the agent does not keep journals (keep_journal)",
                code="not_recorded",
            )
        session_id = body.from_session_id or ""
        return _fitting(await self._runtime.prepare(caller.tenant_id, agent_id, first_stage, session_id=session_id, is_anonymous=body.is_anonymous))

    async def _written(self, caller: Caller, agent_id: str, first_stage: str, steps: list[TestStep]) -> Prepared:
        written = json.dumps({"steps": [step.model_dump(mode="json") for step in steps]}).encode()
        return _fitting(await self._runtime.prepare(caller.tenant_id, agent_id, first_stage, recording=zlib.compress(written)))


async def _recorded(tests: AgentTestRepository, agent_id: str, body: AgentTestCreate) -> tuple[str | None, list[bytes]]:
    """The call that a test is made of, and what was recorded of it. Raises NotFound for a call that is not the agent's."""
    if body.from_call_id is not None:
        if await tests.call(agent_id, body.from_call_id) is None:
            raise NotFound("the agent has no such call")
        return body.from_call_id, list(await tests.recordings_of_call(body.from_call_id))
    if body.from_session_id is None:
        return None, []
    calls = await tests.calls_of_session(agent_id, body.from_session_id)
    if not calls or any(call.ended_at is None for call in calls):
        # The session itself knows more than the records do while it goes on.
        return calls[-1].call_id if calls else None, []
    return calls[-1].call_id, [part for call in calls for part in await tests.recordings_of_call(call.call_id)]


def joined(parts: list[bytes]) -> bytes:
    """One recording of those of all processes that carried a call. Milliseconds of CPU: run it in a thread. Raises CallerError."""
    try:
        texts = [zlib.decompressobj().decompress(part, _MAX_RECORDING_BYTES) for part in parts]
    except zlib.error as err:
        raise CallerError("the recording is damaged", code="replay_broken") from err
    return zlib.compress(b'{"parts":[' + b",".join(texts) + b"]}")


def _fitting(prepared: Prepared) -> Prepared:
    if len(prepared.body) > MAX_BODY_BYTES:
        raise LimitExceeded(
            f"this conversation is too long for a test ({MAX_BODY_BYTES >> 20} MiB packed at most)", code="too_large", retryable=False
        )
    return prepared


def _there(row: AgentTestRow | None) -> AgentTestRow:
    if row is None:
        raise NotFound("the agent has no such test")
    return row


def _result(
    row: AgentTestRow,
    *,
    passed: bool,
    decisions: int = 0,
    differences: list[TestDifference] | None = None,
    total: int = 0,
    error: str | None = None,
) -> AgentTestResult:
    return AgentTestResult(
        test_id=row.id,
        name=row.name,
        passed=passed,
        decisions=decisions,
        differences=differences or [],
        differences_total=total,
        error=error,
        ran_at=now(),
    )


def _reason(result: AgentTestResult) -> str:
    if result.error is not None:
        return f"The test '{result.name}' could not be run: {result.error}."
    first = result.differences[0]
    return f"The test '{result.name}' goes another way: {first.what}, recorded: {first.recorded}, draft: {first.draft}."


def _view(row: AgentTestRow) -> AgentTestView:
    summary: dict[str, Any] = row.summary
    try:
        last = AgentTestResult.model_validate(row.last_result) if row.last_result else None
    except ValidationError:
        last = None
    plain = {name: getattr(row, name) for name in ("id", "agent_id", "name", "source", "call_id", "is_anonymous", "created_by", "created_at")}
    told = {name: summary.get(name) for name in ("user_turns", "stages", "tools", "ended_reason")}
    return AgentTestView.model_validate({**plain, **told, "last_run_at": row.last_run_at, "last_passed": last.passed if last else None})


def _detail(row: AgentTestRow, body: bytes | None) -> AgentTestDetail:
    """`body`: of a test that was written by hand."""
    steps = json.loads(zlib.decompressobj().decompress(body, _MAX_RECORDING_BYTES))["steps"] if body is not None else None
    last = AgentTestResult.model_validate(row.last_result) if row.last_result else None
    return AgentTestDetail.model_validate({**_view(row).model_dump(), "history": row.summary.get("history", []), "steps": steps, "last_result": last})


def changed_meanwhile() -> Conflict:
    """The draft that was tested is not the draft that would go live."""
    return Conflict("the draft was changed while it was tested; deploy again", code="draft_changed", retryable=True)
