"""The built-in tools that act on the caller's line (rule B3). They run here, not in the sandbox."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from callstage_domain.agent import ToolDefinition
from callstage_domain.audio import AudioFormat
from callstage_domain.builtin_tools import COLLECT_DIGITS, LEAVE_VOICEMAIL, LINE_TOOLS
from callstage_domain.errors import ModelFacingError

from agent_runtime.conversation.keypad.collection import CollectionStatus, Wanted
from agent_runtime.conversation.keypad.keypad import Keypad
from agent_runtime.conversation.keypad.tones import ToneSound, duration_ms, tones
from agent_runtime.conversation.outlet import Outlet
from agent_runtime.conversation.phrases import phrases_for
from agent_runtime.conversation.record import ConversationRecord
from agent_runtime.conversation.speech import Speech
from agent_runtime.conversation.voice_mouth import VoiceMouth
from agent_runtime.providers.ports import ToolCallRequest
from agent_runtime.stages.entries import ToolFinished, ToolStatus
from agent_runtime.tools.arguments import checked_arguments
from agent_runtime.tools.dispatcher import ToolRun
from agent_runtime.tools.events import tool_event
from agent_runtime.tools.veil import Veil

_STATUS: dict[CollectionStatus, ToolStatus] = {
    CollectionStatus.COMPLETE: "ok",
    CollectionStatus.TIMEOUT: "timed_out",
    CollectionStatus.INTERRUPTED: "failed",
}
"""Only a complete number moves the conversation on (rule S2)."""
_PLAYOUT_GRACE_S = 10.0
_HIDDEN = "The digits are hidden. Give the placeholder to other tools as it is, and never say it."


class LineTools:
    """One call."""

    def __init__(
        self,
        record: ConversationRecord,
        keypad: Keypad,
        speech: Speech,
        mouth: VoiceMouth,
        downlink: AudioFormat,
        outlet: Outlet,
        veil: Veil,
    ) -> None:
        self._record = record
        self._keypad = keypad
        self._speech = speech
        self._mouth = mouth
        self._downlink = downlink
        self._outlet = outlet
        self.veil = veil

    def has(self, tool: ToolDefinition) -> bool:
        """True for a tool that runs here."""
        return tool.kind == "builtin" and tool.name in LINE_TOOLS

    async def run(self, tool: ToolDefinition, call: ToolCallRequest, stage: str) -> ToolRun:
        """Never fails: trouble is an outcome."""
        started = time.monotonic()
        arguments: dict[str, Any] = {}
        try:
            arguments = checked_arguments(call.arguments_json, tool.parameters)
            status, result = await self._act(tool.name, arguments)
        except ModelFacingError as err:
            outcome = ToolFinished(tool_call_id=call.id, name=call.name, status="failed", content=f"Error: {err.message}", error_code=err.code)
            return ToolRun(outcome, tool_event(self._record.info, stage, outcome, arguments, started))
        outcome = ToolFinished(
            tool_call_id=call.id,
            name=call.name,
            status=status,
            content=json.dumps(result),
            fields={name: value for name, value in result.items() if isinstance(value, str)},
            error_code="" if status == "ok" else str(result["status"]),
            said=self._keypad.said if tool.name == COLLECT_DIGITS else 0,
        )
        return ToolRun(outcome, tool_event(self._record.info, stage, outcome, arguments, started, result=result))

    async def recorded(self, outcome: ToolFinished) -> None:
        """Its outcome is in the journal's queue: once it is stored, the gateway need not say the keys again to another process."""
        if outcome.said:
            await self._record.journal.flush()
            self._outlet.turn_taken(outcome.said)

    async def _act(self, name: str, arguments: Mapping[str, Any]) -> tuple[ToolStatus, dict[str, Any]]:
        if name == LEAVE_VOICEMAIL:
            # The message comes when the agent's last sentence was heard.
            return "ok", {"status": "ok", **arguments}
        return await (self._collect(arguments) if name == COLLECT_DIGITS else self._send(arguments))

    async def _collect(self, arguments: Mapping[str, Any]) -> tuple[ToolStatus, dict[str, Any]]:
        wanted = Wanted.of(arguments)
        batch = self._record.state.batch
        if batch is not None and not batch.is_announced:
            self._mouth.phrase(phrases_for(self._record.snapshot.settings.language).keypad, is_kept=False)
        typed = await self._keypad.collect(wanted)
        status = typed.status or CollectionStatus.TIMEOUT
        result: dict[str, Any] = {"digits": typed.digits, "status": status.value}
        if wanted.is_sensitive and typed.digits:
            result |= {"digits": self.veil.hide(typed.digits), "length": len(typed.digits), "note": _HIDDEN}
        return _STATUS[status], result

    async def _send(self, arguments: Mapping[str, Any]) -> tuple[ToolStatus, dict[str, Any]]:
        keys = str(arguments["digits"])
        audio = tones(keys, self._downlink)
        utterance = self._speech.begin(is_kept=False)
        utterance.must_hear = 1
        was_heard: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        utterance.on_settled = lambda was_cut: None if was_heard.done() else was_heard.set_result(not was_cut)
        # A tone that is cut and played again from a little before would be two keys.
        self._outlet.keep_playing(utterance.id)
        self._speech.sound(utterance, ToneSound(audio, self._downlink), [])
        self._speech.close(utterance)
        limit_s = (self._speech.playout.unheard_ms() + duration_ms(keys)) / 1000 + _PLAYOUT_GRACE_S
        try:
            async with asyncio.timeout(limit_s):
                is_complete = await was_heard
        except TimeoutError:
            # The line does not tell how far it has played; the tones are on their way.
            is_complete = True
        return ("ok", {"status": "sent"}) if is_complete else ("failed", {"status": "interrupted"})
