"""How a call ends in this process."""

from collections.abc import Callable

from callstage_domain.call import EndedReason
from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.inbox import Closed, MessageTaken
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.turns.events import Ending
from agent_runtime.conversation.voicemail.voicemail import Voicemail
from agent_runtime.stages.entries import EndRequested

MOVED = "taken_over"
"""The result of a session whose call goes on in another process."""
END_CALL_LINGER_MS = 2000.0
"""Rule B2."""


class CallEnd:
    """One call. `result` says why it is over; None: it goes on."""

    def __init__(
        self, record: ConversationRecord, outlet: Outlet, voicemail: Voicemail, tell: Callable[[MessageTaken], None], scope: TaskScope
    ) -> None:
        self._record = record
        self._outlet = outlet
        self._voicemail = voicemail
        self._tell = tell
        self._scope = scope
        self.result: str | None = None

    def wanted(self, reason: str) -> None:
        """The agent is done. A caller who is to leave a message does so first; `MessageTaken` follows."""
        ending = self._record.state.ending
        if ending is not None and ending.voicemail is not None and reason == ending.reason:
            self._scope.start(self._take_message(), name="voicemail")
        else:
            self.hang_up(reason)

    def hang_up(self, reason: str) -> None:
        """Now."""
        ending = self._record.state.ending
        self._outlet.hang_up(reason, ending.transfer if ending else None)
        self.result = reason

    def by_operator(self) -> None:
        """A person in the manager wants it; what the agent had in mind does not count."""
        self._outlet.hang_up(EndedReason.OPERATOR_ENDED, None)
        self.result = EndedReason.OPERATOR_ENDED

    def fail(self, code: str) -> None:
        """Nothing can be said any more."""
        self._outlet.failed(code, "the agent cannot speak: every provider failed")
        self.result = code

    def closed(self, event: Closed) -> None:
        """The gateway has ended it."""
        self.result = MOVED if event.moves else event.reason or EndedReason.CALLER_HUNG_UP

    async def _take_message(self) -> None:
        try:
            await self._voicemail.run()
        finally:
            self._tell(MessageTaken())


def ending_of(request: EndRequested | None) -> Ending | None:
    """What the turn machine makes of a tool's wish to end the call. Only a caller of whom nothing else is wanted may speak on."""
    if request is None:
        return None
    if request.transfer is not None or request.voicemail is not None:
        return Ending(request.reason, is_final=True)
    return Ending(request.reason, linger_ms=END_CALL_LINGER_MS)
