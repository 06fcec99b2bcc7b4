"""`StreamTextTurn`: what is written and what happens in a text turn, as it comes."""

import asyncio
import json
from typing import Any

from callstage_contracts.pb.runtime.v1 import runtime_pb2
from callstage_domain.errors import CallstageError
from callstage_kit.tasks import TaskScope

from agent_runtime.conversation.outlet import OpenedCall
from agent_runtime.conversation.text_answer import TextReply, TextTurn
from agent_runtime.conversation.text_turns import TextConversations
from agent_runtime.rpc.convert import failure_code

_MAX_WAITING = 2000
"""Parts that the other side has not taken; a turn makes some dozens. Drafts are given up first, then whatever comes."""


def text_reply(reply: TextReply) -> runtime_pb2.TextTurnReply:
    """On the wire."""
    return runtime_pb2.TextTurnReply(
        text=reply.text,
        session_id=reply.session_id,
        stage=reply.stage,
        is_ended=reply.is_ended,
        turns=reply.turns,
        is_handed_off=reply.is_handed_off,
    )


class TextStream:
    """Implements `TextReader` for one turn."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[runtime_pb2.TextTurnPart | None] = asyncio.Queue(_MAX_WAITING)

    def opened(self, opened: OpenedCall) -> None:
        """Of a turn that opens."""
        self._put(
            runtime_pb2.TextTurnPart(
                opened=runtime_pb2.CallOpened(session_id=opened.session_id, agent_name=opened.agent_name, resumed=opened.is_resumed)
            )
        )

    def notice(self, kind: str, payload: dict[str, Any]) -> None:
        """Something for whoever watches."""
        text = json.dumps(payload, ensure_ascii=False, default=str)
        self._put(runtime_pb2.TextTurnPart(notice=runtime_pb2.Notice(type=kind, payload_json=text)))

    async def serve(self, texts: TextConversations, turn: TextTurn, context: Any) -> None:
        """Until the last part is written. Leaving early (the other side is gone) breaks the turn off; a repeat goes on with it."""
        async with TaskScope("text_stream") as scope:
            answering = scope.start(self._answer(texts, turn), name="answer")
            while (part := await self._parts.get()) is not None:
                await context.write(part)
            last = await answering
            await context.write(last)

    async def _answer(self, texts: TextConversations, turn: TextTurn) -> runtime_pb2.TextTurnPart:
        try:
            return runtime_pb2.TextTurnPart(reply=text_reply(await texts.take(turn, self)))
        except CallstageError as err:
            return runtime_pb2.TextTurnPart(failed=runtime_pb2.CallFailed(code=failure_code(err), message=err.message))
        finally:
            await self._parts.put(None)

    def _put(self, part: runtime_pb2.TextTurnPart) -> None:
        if not self._parts.full():
            self._parts.put_nowait(part)
