"""The lookup of the caller in the agent's backend (rules V7, V8): begun by the webhook, finished wherever the socket lands."""

import asyncio
import json
import time
from typing import Final

import grpc
import structlog
from callstage_contracts import redis_keys
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2, sandbox_pb2_grpc
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope

from media_gateway.calls.shared_store import SharedStore

_log = structlog.get_logger(__name__)

BUDGET_S: Final = 1.5
_NOT_FOUND: Final = '{"found": false}'
_POLL_S: Final = 0.4
"""One blocking read of Redis: shorter than the client's socket timeout."""


class CallerLookups:
    """Never fails: trouble of any kind is "not found"."""

    def __init__(self, sandbox: "sandbox_pb2_grpc.ToolServiceAsyncStub", store: SharedStore, scope: TaskScope) -> None:
        self._sandbox = sandbox
        self._store = store
        self._scope = scope
        self._local: dict[str, asyncio.Task[str]] = {}

    def start(self, call_id: str, tenant_id: str, agent_id: str, caller_phone: str, email: str = "") -> int:
        """Begin; returns the Unix time (ms) after which nobody waits any more."""
        request = sandbox_pb2.LookUpCallerRequest(tenant_id=tenant_id, agent_id=agent_id, caller_phone=caller_phone, email=email)
        task = self._scope.start(self._look_up(call_id, request), name="look_up")
        self._local[call_id] = task
        asyncio.get_running_loop().call_later(redis_keys.LOOKUP_TTL_S, self._local.pop, call_id, None)
        return int((time.time() + BUDGET_S) * 1000)

    async def result(self, call_id: str, until_ms: int) -> str:
        """The JSON object, at the latest at `until_ms`."""
        left_s = until_ms / 1000 - time.time()
        task = self._local.get(call_id)
        try:
            async with asyncio.timeout(max(0.05, left_s)):
                return await asyncio.shield(task) if task is not None else await self._from_elsewhere(call_id)
        except TimeoutError:
            return _NOT_FOUND

    async def _look_up(self, call_id: str, request: sandbox_pb2.LookUpCallerRequest) -> str:
        found = _NOT_FOUND
        try:
            reply = await self._sandbox.LookUpCaller(request, timeout=BUDGET_S)
            found = reply.variables_json if _is_object(reply.variables_json) else _NOT_FOUND
        except grpc.RpcError as err:
            code = str(err.code()) if isinstance(err, grpc.aio.AioRpcError) else type(err).__name__
            _log.warning("caller_lookup_failed", call_id=call_id, code=code)
        try:
            await self._store.push(redis_keys.caller_lookup(call_id), found, ttl_s=redis_keys.LOOKUP_TTL_S)
        except DependencyError as err:
            _log.warning("caller_lookup_not_shared", call_id=call_id, error=err.message)
        return found

    async def _from_elsewhere(self, call_id: str) -> str:
        while True:
            try:
                text = await self._store.pop(redis_keys.caller_lookup(call_id), wait_s=_POLL_S)
            except DependencyError:
                return _NOT_FOUND
            if text is not None:
                return text if _is_object(text) else _NOT_FOUND


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
