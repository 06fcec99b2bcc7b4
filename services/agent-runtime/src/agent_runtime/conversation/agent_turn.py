"""The agent's turn: one reply at a time, from its start to its end or to its failure."""

import asyncio
from collections.abc import Callable

import structlog
from callstage_domain.errors import DependencyError
from callstage_kit.tasks import TaskScope, cancel

from agent_runtime.conversation.call_end import ending_of
from agent_runtime.conversation.playout import Playout
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.spoken_reply import SpokenReply
from agent_runtime.conversation.tool_rounds import ToolsBroken
from agent_runtime.conversation.turns.blame import INTERNAL_FAILURE, TOOL_FAILURE
from agent_runtime.conversation.turns.events import ReplyEnded, StartReply

_log = structlog.get_logger(__name__)


class AgentTurn:
    """One call. Every reply that was not stopped tells its end."""

    def __init__(
        self, record: ConversationRecord, reply: SpokenReply, playout: Playout, tell: Callable[[ReplyEnded], None], scope: TaskScope
    ) -> None:
        self._record = record
        self._reply = reply
        self._playout = playout
        self._tell = tell
        self._scope = scope
        self._task: asyncio.Task[None] | None = None

    def start(self, reply: StartReply) -> None:
        """The one before is over, or was stopped."""
        self._task = self._scope.start(self._run(reply), name="reply")

    async def stop(self) -> None:
        """Nothing more is made of it; what is made already still plays."""
        await cancel(self._task)
        self._task = None

    async def _run(self, reply: StartReply) -> None:
        failure = ""
        try:
            await self._reply.say(reply)
        except DependencyError as err:
            _log.warning("reply_failed", kind=reply.kind, vendor=err.vendor, phase=err.phase, error=err.message)
            failure = err.vendor or "provider"
        except ToolsBroken:
            _log.exception("tools_broken", kind=reply.kind)
            failure = TOOL_FAILURE
        except Exception:
            _log.exception("reply_broken", kind=reply.kind)
            failure = INTERNAL_FAILURE
        self._tell(ReplyEnded(reply.number, self._playout.unheard_ms(), ending_of(self._record.state.ending), failure))
