"""One run of a code tool: worker, host objects, limits, and what its end means (rules T1, T2, T5, T6)."""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Any

import orjson
from callstage_domain.errors import ModelFacingError
from callstage_kit.tasks import in_thread
from pydantic_monty import MontyCrashedError, MontyError, MontyRuntimeError, MontySyntaxError

from tool_sandbox.execution.attachments import Attached
from tool_sandbox.execution.host_calls import HostCalls, Verdict
from tool_sandbox.execution.host_objects import server_for_sandbox
from tool_sandbox.execution.integration_objects import integrations_for_sandbox
from tool_sandbox.execution.journal import Journal
from tool_sandbox.execution.limits import RunLimits
from tool_sandbox.execution.pool import WorkerPool, run_seed
from tool_sandbox.execution.program import FEED_NAME, Program, to_run
from tool_sandbox.execution.reenactment import scope_of
from tool_sandbox.execution.rehearsal import Rehearsal
from tool_sandbox.execution.run_log import RunLog
from tool_sandbox.outcome import Invocation, RunOutcome, RunStatus, ScopeName
from tool_sandbox.redaction import Redactor
from tool_sandbox.values import ValueRefused, as_json

_RUN_LLM = "_run_llm"
_MAX_TEXT = 600
_LONG_CODE = 10_000
"""Characters that take longer to read than the other runs should wait."""
_UNPROTECTED = "WARNING the ledger was not reachable: this run is not protected against being repeated"


@dataclass(slots=True)
class _Run:
    """What the parts of one run share."""

    invocation: Invocation
    program: Program
    limits: RunLimits
    verdict: Verdict
    calls: HostCalls
    log: RunLog


class CodeRunner:
    """Runs tool bodies in the worker pool."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def run(
        self, invocation: Invocation, code: str, *, attached: Attached, journal: Journal, limits: RunLimits, rehearsal: Rehearsal | None = None
    ) -> RunOutcome:
        """Never raises but for cancellation: whatever happens inside becomes an outcome. Raises LimitExceeded when no worker is free."""
        started = time.perf_counter()
        verdict = Verdict()
        log = RunLog(
            max_lines=limits.log_lines,
            max_bytes=limits.log_bytes,
            on_flood=lambda: verdict.end(RunOutcome.failed("output_limit", "the tool printed too much")),
        )
        calls = HostCalls(journal, verdict, limit=limits.host_calls)
        try:
            program = to_run(code) if len(code) < _LONG_CODE else await in_thread(to_run, code)
            run = _Run(invocation, program, limits, verdict, calls, log)
        except ModelFacingError as err:
            return RunOutcome.failed("tool_error", err.message)
        outcome = await self._judged(run, attached, journal, rehearsal)
        if outcome.line:
            outcome = replace(outcome, scope=await scope_of(self._pool, invocation, code, attached, journal, limits, rehearsal))
        if not journal.is_protected:
            log.add(_UNPROTECTED)
        outcome = replace(outcome, logs=log.lines(), host_calls=calls.records, duration_ms=int((time.perf_counter() - started) * 1000))
        return _redacted(outcome, Redactor(list(attached.secrets), invocation.hidden_values))

    async def _judged(self, run: _Run, attached: Attached, journal: Journal, rehearsal: Rehearsal | None) -> RunOutcome:
        try:
            async with run.calls:
                value = await self._fed(run, attached, journal, rehearsal)
            outcome = _result(value, run)
        except TimeoutError:
            outcome = run.verdict.outcome or _timed_out(run.limits.timeout_s)
        except MontyError as err:
            outcome = run.verdict.outcome or _failure(err, run)
        except ValueRefused as err:
            outcome = RunOutcome.failed("output_limit", f"the tool's result was refused: {err.message}")
        except (RecursionError, ValueError, TypeError, OverflowError) as err:
            # The worker's answer could not be turned into Python objects, such as an integer of a million digits.
            outcome = RunOutcome.failed("output_limit", f"the tool's result was refused: {err}"[:_MAX_TEXT])
        if run.calls.has_open_writes and outcome.status is not RunStatus.UNKNOWN:
            run.verdict.outcome = None
            run.verdict.unknown()
            outcome = run.verdict.outcome or outcome
        return outcome

    async def _fed(self, run: _Run, attached: Attached, journal: Journal, rehearsal: Rehearsal | None) -> Any:
        invocation = run.invocation
        inputs: dict[str, Any] = {
            "args": invocation.args,
            "session": invocation.session,
            "kwargs": {"integrations": integrations_for_sandbox(attached.accounts, run.calls, invocation.run_key, rehearsal)},
            "server": server_for_sandbox(attached.backend if rehearsal is None else rehearsal, run.calls, journal.started_at),
        }
        seed = run_seed(invocation.tenant_id, invocation.run_key)
        async with asyncio.timeout(run.limits.timeout_s) as deadline:
            run.verdict.arm(deadline)
            try:
                async with self._pool.session(run.limits, clock=journal.started_at, seed=seed) as session:
                    value = await session.feed_run(run.program.source, inputs=inputs, print_callback=run.log.write)
                await run.calls.settled()
                return value
            finally:
                run.verdict.disarm()


def _result(value: Any, run: _Run) -> RunOutcome:
    if run.verdict.outcome is not None:
        return run.verdict.outcome
    if not isinstance(value, list) or len(value) != 2:
        raise ValueRefused("the tool has no result")
    result, session = value
    run_llm: bool | None = None
    if not isinstance(result, dict):
        result = {"result": result}
    elif _RUN_LLM in result:
        flag = result.pop(_RUN_LLM)
        run_llm = None if flag is None or run.invocation.is_preload else bool(flag)
    body: dict[str, Any] = orjson.loads(as_json(result, max_bytes=run.limits.result_bytes))
    kept: Any = orjson.loads(as_json(session, max_bytes=run.limits.result_bytes))
    return RunOutcome(RunStatus.OK, result=body, run_llm=run_llm, session=kept if isinstance(kept, dict) else None)


def _timed_out(timeout_s: float) -> RunOutcome:
    return RunOutcome.failed("timeout", f"the tool took longer than {timeout_s:g} seconds", status=RunStatus.TIMED_OUT)


def _failure(error: MontyError, run: _Run) -> RunOutcome:
    if isinstance(error, MontyCrashedError):
        return _timed_out(run.limits.cpu_s) if error.timed_out else RunOutcome.failed("crashed", "the tool's worker stopped unexpectedly")
    inner = error.exception()
    name, message = type(inner).__name__, str(inner)
    kind, line = run.calls.raised.get((name, message)), _own_line(error, run.program)
    if kind is not None:
        return replace(RunOutcome.failed(f"backend_{kind}", f"the backend refused: {message}"[:_MAX_TEXT]), line=line)
    if isinstance(error, MontyRuntimeError):
        if name == "TimeoutError" and "limit exceeded" in message:
            return _timed_out(min(run.limits.cpu_s, run.limits.timeout_s))
        if name == "MemoryError":
            return RunOutcome.failed("memory", f"the tool used more than {run.limits.memory_bytes >> 20} MiB of memory")
        if name == "RuntimeError" and message.startswith("suspension limit"):
            return RunOutcome.failed("host_call_limit", f"the tool made more than {run.limits.host_calls} calls")
    what = "SyntaxError" if isinstance(error, MontySyntaxError) else name
    place = f" (line {line})" if line else ""
    outcome = RunOutcome.failed("tool_error", f"{what}: {message[:_MAX_TEXT]}{place}")
    return outcome if isinstance(error, MontySyntaxError) else replace(outcome, line=line)


def _own_line(error: MontyError, program: Program) -> int:
    if not isinstance(error, (MontyRuntimeError, MontySyntaxError)):
        return 0
    lines = [program.own_line(frame.line) for frame in error.traceback()[-50:] if frame.filename in (FEED_NAME, "tool")]
    return next((line for line in reversed(lines) if line), 0)


def _redacted(outcome: RunOutcome, redactor: Redactor) -> RunOutcome:
    def object_of(value: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if value is None else orjson.loads(redactor.json(orjson.dumps(redactor.value(value))))

    return replace(
        outcome,
        result=object_of(outcome.result) or {},
        session=object_of(outcome.session),
        model_text=redactor.text(outcome.model_text),
        logs=[redactor.text(line) for line in outcome.logs],
        scope=[ScopeName(name.name, redactor.text(name.type)) for name in outcome.scope],
    )
