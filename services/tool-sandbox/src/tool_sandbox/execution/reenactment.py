"""What types a failed tool's names had: the run is played again from its record, with the same clock and chance, and nothing leaves.

The worker library tells the line that failed, but not what stood there. Only failed runs pay for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, cast

import structlog
from callstage_domain.errors import LimitExceeded, ModelFacingError
from pydantic_monty import MontyError

from tool_sandbox.execution.attachments import Attached
from tool_sandbox.execution.host_calls import HostCalls, Verdict
from tool_sandbox.execution.host_objects import server_for_sandbox
from tool_sandbox.execution.integration_objects import integrations_for_sandbox
from tool_sandbox.execution.journal import Journal, JournalEntry
from tool_sandbox.execution.limits import RunLimits
from tool_sandbox.execution.pool import WorkerPool, run_seed
from tool_sandbox.execution.program import SEEN, to_look_around
from tool_sandbox.execution.rehearsal import Rehearsal
from tool_sandbox.outcome import Invocation, ScopeName

_log = structlog.get_logger(__name__)
_LIMIT_S: Final = 0.5
"""The caller waits for it."""
_MAX_TYPE_CHARS: Final = 200


class _RecordedCalls(HostCalls):
    """Answers from the record; a call that is not in it ends the play."""

    async def _call(self, sequence: int, entry: JournalEntry, work: Callable[[], Awaitable[Any]]) -> Any:
        self._verdict.unknown()
        return await asyncio.Event().wait()


async def scope_of(
    pool: WorkerPool,
    invocation: Invocation,
    code: str,
    attached: Attached,
    journal: Journal,
    limits: RunLimits,
    rehearsal: Rehearsal | None,
) -> list[ScopeName]:
    """Names and types at the end of the run that `journal` has just recorded; empty when it cannot be told. Never raises but for cancellation."""
    verdict = Verdict()
    record = Journal(None, started_at=journal.started_at, entries=journal.answered)
    calls = _RecordedCalls(record, verdict, limit=limits.host_calls)
    inputs: dict[str, Any] = {
        "args": invocation.args,
        "session": invocation.session,
        "kwargs": {"integrations": integrations_for_sandbox(attached.accounts, calls, invocation.run_key, rehearsal)},
        "server": server_for_sandbox(attached.backend if rehearsal is None else rehearsal, calls, journal.started_at),
    }
    seed = run_seed(invocation.tenant_id, invocation.run_key)
    limits = replace(limits, timeout_s=min(_LIMIT_S, limits.timeout_s), cpu_s=min(_LIMIT_S, limits.cpu_s))
    try:
        async with calls, asyncio.timeout(_LIMIT_S) as deadline:
            verdict.arm(deadline)
            async with pool.session(limits, clock=journal.started_at, seed=seed) as session:
                try:
                    await session.feed_run(to_look_around(code), inputs=inputs, print_callback=lambda _, __: None)
                except MontyError:
                    return _names(await session.feed_run(SEEN))
    except (MontyError, ModelFacingError, LimitExceeded, TimeoutError, ValueError, TypeError, RecursionError) as err:
        _log.info("scope_not_known", error=type(err).__name__)
    finally:
        verdict.disarm()
    return []


def _names(seen: Any) -> list[ScopeName]:
    pairs = cast("list[Any]", seen) if isinstance(seen, list) else []
    return [ScopeName(pair[0], pair[1][:_MAX_TYPE_CHARS]) for pair in pairs if _is_pair(pair) and pair[0].isidentifier()]


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(cast("list[Any]", pair)) == 2 and all(isinstance(part, str) for part in cast("list[Any]", pair))
