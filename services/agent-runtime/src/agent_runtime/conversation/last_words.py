"""A caller whose line breaks off while he speaks: what was understood of him goes over to whoever takes the call (rule C5)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from callstage_kit.redis.connection import REDIS_ERRORS

from agent_runtime.conversation.inbox import CallInbox
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.providers.ports import Transcript
from agent_runtime.stages.entries import Entry, Overheard

SETTLE_LIMIT_S: Final = 1.0
"""How long a recogniser is waited for when its line is gone. Nobody hears this: the carrier needs as long to bring the call back."""
HAND_OVER_LIMIT_S: Final = SETTLE_LIMIT_S + 0.3
"""How long the next process waits for that, at most, while the caller's audio waits in its inbox."""
_LOOK_EVERY_S: Final = 0.03


async def keep_last_words(record: ConversationRecord, inbox: CallInbox, finalize: Callable[[], Awaitable[None]], *, is_agent_heard: bool) -> None:
    """Ask the recogniser for what it holds of an unfinished turn, and store it. Never fails.

    A caller may have begun to speak before anybody could be sure of it; only while the agent is heard that counts as echo.
    """
    if record.state.overheard is None and is_agent_heard:
        return
    interim = ""
    try:
        async with asyncio.timeout(SETTLE_LIMIT_S):
            await finalize()
            while True:
                event = await inbox.next_event(None)
                if not isinstance(event, Transcript):
                    continue
                if event.is_final:
                    interim = ""
                    if event.text:
                        record.add(Overheard(text=event.text))
                    if event.answers_finalize:
                        break
                else:
                    interim = event.text
    except TimeoutError:
        pass
    if interim or record.state.overheard is not None:
        record.add(Overheard(text=interim, is_last=True))


class Journals(Protocol):
    """The part of `JournalStore` in use."""

    async def peek(self, session_id: str, *, only_last: bool = False) -> list[Entry]: ...


async def wait_for_last_words(journals: Journals, session_id: str) -> None:
    """Until the process that had the line has let go, at most `HAND_OVER_LIMIT_S`; at once when the caller was silent."""
    try:
        async with asyncio.timeout(HAND_OVER_LIMIT_S):
            if not was_cut_short(await journals.peek(session_id)):
                return
            while not _is_let_go(await journals.peek(session_id, only_last=True)):  # noqa: ASYNC110  # another process sets no event here
                await asyncio.sleep(_LOOK_EVERY_S)
    except REDIS_ERRORS:
        return


def was_cut_short(entries: list[Entry]) -> bool:
    """True when the journal ends in the middle of a turn of the caller."""
    for entry in reversed(entries):
        if entry.kind == "overheard":
            return True
        if entry.kind in ("user_said", "replied", "opened", "ended"):
            return False
    return False


def _is_let_go(entries: list[Entry]) -> bool:
    return any(isinstance(entry, Overheard) and entry.is_last for entry in entries[-1:])
