"""Tells the outside what happens: events for the records, captions for who listens in, notices for the caller's browser."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from callstage_contracts.events import LatencyParts, StageEntered, ToolCompleted, TurnCompleted
from callstage_contracts.waterfall import Waterfall
from callstage_domain.agent import AgentSnapshot

from agent_runtime.call_info import CallInfo
from agent_runtime.conversation.call_spans import CallTrace
from agent_runtime.conversation.outlet import CaptionSink, EventSink, NoticeSink

_BROWSER_CHANNELS = ("browser", "embed", "chat")


class Transcript:
    """One call. Without an outlet (mail) nothing is shown live."""

    def __init__(
        self,
        info: CallInfo,
        snapshot: AgentSnapshot,
        events: EventSink,
        captions: CaptionSink | None,
        outlet: NoticeSink | None,
        providers: dict[str, str],
        trace: CallTrace | None = None,
    ) -> None:
        self._info = info
        self._snapshot = snapshot
        self._events = events
        self._captions = captions
        self._outlet = outlet
        self._providers = providers
        self._trace = trace
        self._owed: Callable[[], None] | None = None
        # Mail is told by the poller in events of its own; there is no call to add lines to.
        self._has_call = info.channel != "email"
        self._shows_text = info.channel in _BROWSER_CHANNELS or snapshot.settings.enable_transcription

    def user_later(self, text: str, *, turn: int, stage: str, started_ms: float, ended_ms: float) -> None:
        """The same as `user`, told with whatever is told next, or by `settle`: the answer to it comes first."""
        self.settle()
        self._owed = partial(self.user, text, turn=turn, stage=stage, started_ms=started_ms, ended_ms=ended_ms)

    def settle(self) -> None:
        """Tell what was put off. Everything else that is told comes behind it."""
        owed, self._owed = self._owed, None
        if owed is not None:
            owed()

    def interim(self, text: str) -> None:
        """What the caller is saying."""
        self._show("user", text, is_final=False)

    def user(self, text: str, *, turn: int, stage: str, started_ms: float, ended_ms: float) -> None:
        """A turn of the caller."""
        self._show("user", text, is_final=True)
        self._turn("user", text, turn, stage, started_ms, ended_ms, False, None)

    def hint(self, text: str, *, turn: int, stage: str, at_ms: float) -> None:
        """A hint for the model; the caller's end is not told."""
        self.settle()
        if self._captions is not None:
            self._captions.caption(self._info.tenant_id, self._info.call_id, {"role": "operator", "text": text, "isFinal": True})
        self._turn("operator", text, turn, stage, at_ms, at_ms, False, None)

    def draft(self, text: str) -> None:
        """What the agent has written so far of a text."""
        self._show("assistant", text, is_final=False)

    def sentence(self, text: str) -> None:
        """A sentence of the agent is on its way."""
        self._show("assistant", text, is_final=True)

    def assistant(
        self,
        text: str,
        *,
        turn: int,
        stage: str,
        started_ms: float,
        ended_ms: float,
        was_cut: bool = False,
        latency: LatencyParts | None = None,
        waterfall: Waterfall | None = None,
    ) -> None:
        """What was heard of an utterance, and how it came about."""
        self._turn("assistant", text, turn, stage, started_ms, ended_ms, was_cut, latency, waterfall)
        if waterfall is not None and self._trace is not None:
            self._trace.line(turn, stage, was_cut, waterfall, ended_ms)

    def tool(self, event: ToolCompleted) -> None:
        """A tool ran."""
        self.settle()
        self._events.publish(event)
        self._test_notice(
            "tool",
            {
                "name": event.tool,
                "arguments": event.arguments,
                "result": event.result,
                "status": event.status,
                "errorCode": event.error_code,
                "durationMs": event.duration_ms,
                "isPreload": event.is_preload,
            },
        )

    def stage(self, stage: str, previous: str | None, by_tool: str | None) -> None:
        """The conversation is in that stage."""
        self.settle()
        info = self._info
        if self._has_call:
            self._events.publish(StageEntered(tenant_id=info.tenant_id, call_id=info.call_id, stage=stage, previous=previous, by_tool=by_tool))
        self._test_notice("stage", {"stage": stage, "previous": previous, "byTool": by_tool})

    def variables(self, values: dict[str, Any]) -> None:
        """The variables now."""
        self._test_notice("variables", values)

    def latency(self, parts: LatencyParts, waterfall: Waterfall) -> None:
        """How long an answer took that begins to be heard or read, and what that was made of."""
        self._test_notice("latency", {**parts.model_dump(exclude_none=True), "waterfall": waterfall.model_dump(mode="json")})

    def _turn(
        self,
        role: Literal["user", "assistant", "operator"],
        text: str,
        turn: int,
        stage: str,
        started_ms: float,
        ended_ms: float,
        was_cut: bool,
        latency: LatencyParts | None,
        waterfall: Waterfall | None = None,
    ) -> None:
        self.settle()
        info = self._info
        if not self._has_call:
            return
        self._events.publish(
            TurnCompleted(
                tenant_id=info.tenant_id,
                call_id=info.call_id,
                session_id=info.session_id,
                turn=turn,
                role=role,
                text=text,
                stage=stage,
                was_interrupted=was_cut,
                started_at_ms=max(0, int(started_ms)),
                ended_at_ms=max(0, int(ended_ms)),
                latency=latency,
                waterfall=waterfall,
                providers=self._providers,
            )
        )

    def _show(self, role: str, text: str, *, is_final: bool) -> None:
        self.settle()
        payload = {"role": role, "text": text, "isFinal": is_final}
        if self._captions is not None:
            self._captions.caption(self._info.tenant_id, self._info.call_id, payload)
        if self._outlet is not None and self._shows_text:
            self._outlet.notice("transcript", payload)

    def _test_notice(self, kind: str, payload: dict[str, Any]) -> None:
        self.settle()
        if self._outlet is not None and self._info.is_test:
            self._outlet.notice(kind, payload)
