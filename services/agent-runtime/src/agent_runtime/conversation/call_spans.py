"""A line's waterfall and a whole call as OpenTelemetry spans (rule MT1). Names and attributes hold no personal data."""

from callstage_contracts.waterfall import LlmPart, ToolPart, Waterfall
from callstage_domain.call import ended_reason
from callstage_kit.telemetry.traces import CallSpan, Traces

from agent_runtime.call_info import CallInfo


class CallTrace:
    """One call's trace. `zero_s` is the Unix time from which the call's milliseconds count, known once the call is open."""

    def __init__(self, traces: Traces, info: CallInfo) -> None:
        self._traces = traces
        self._info = info
        self.zero_s = 0.0

    def line(self, turn: int, stage: str, was_interrupted: bool, waterfall: Waterfall, end_ms: float) -> None:
        """The agent said something."""
        if self._traces.is_on:
            self._traces.add(self._info.call_id, turn_span(turn, stage, was_interrupted, waterfall, zero_s=self.zero_s, end_ms=end_ms))

    def ended(self, end_ms: float, reason: str) -> None:
        """The call is over."""
        if self._traces.is_on:
            span = call_span(self._info, zero_s=self.zero_s, start_ms=0.0, end_ms=end_ms, reason=reason)
            self._traces.add(self._info.call_id, span, is_root=True)


def call_span(info: CallInfo, *, zero_s: float, start_ms: float, end_ms: float, reason: str) -> CallSpan:
    """The call itself. `zero_s` is the Unix time from which the call's milliseconds count."""
    ended = ended_reason(reason)
    attributes: dict[str, str | bool | int | float] = {
        "callstage.call_id": info.call_id,
        "callstage.tenant_id": info.tenant_id,
        "callstage.agent_id": info.agent_id,
        "callstage.deployment": info.deployment,
        "callstage.channel": info.channel,
        "callstage.direction": info.direction,
        "callstage.is_test": info.is_test,
        "callstage.ended_reason": ended.value,
        "callstage.fault": ended.fault,
    }
    return CallSpan("call", _ns(zero_s, start_ms), _ns(zero_s, end_ms), attributes, is_error=ended.fault not in ("nobody", "caller"))


def turn_span(turn: int, stage: str, was_interrupted: bool, waterfall: Waterfall, *, zero_s: float, end_ms: float) -> CallSpan:
    """One line of the agent from the end of the caller's speech (or its own first part) until it was heard or cut."""
    children = _parts(waterfall, zero_s)
    moments = [child.start_ns for child in children]
    end_ns = max([_ns(zero_s, end_ms), *(child.end_ns for child in children)])
    start_ns = min([*moments, end_ns])
    attributes: dict[str, str | bool | int | float] = {
        "callstage.turn": turn,
        "callstage.stage": stage,
        "callstage.was_interrupted": was_interrupted,
    }
    if waterfall.reason:
        attributes["callstage.endpoint_reason"] = waterfall.reason
    if waterfall.speech_end_ms is not None and waterfall.heard_ms is not None:
        attributes["callstage.response_ms"] = round(waterfall.heard_ms - waterfall.speech_end_ms, 1)
    return CallSpan("turn", start_ns, end_ns, attributes, tuple(children))


def _parts(waterfall: Waterfall, zero_s: float) -> list[CallSpan]:
    found: list[CallSpan] = []

    def add(name: str, start_ms: float | None, end_ms: float | None, attributes: dict[str, str | bool | int | float], is_error: bool = False) -> None:
        if start_ms is not None and end_ms is not None:
            found.append(CallSpan(name, _ns(zero_s, start_ms), _ns(zero_s, max(start_ms, end_ms)), attributes, is_error=is_error))

    add("endpointing", waterfall.speech_end_ms, waterfall.decided_ms, {"callstage.endpoint_reason": waterfall.reason})
    if (stt := waterfall.stt) is not None:
        add("stt", stt.finalize_ms, stt.final_ms, {**_provider(stt.provider, stt.model), "callstage.audio_s": stt.audio_s})
    for llm in waterfall.llm:
        add("llm", llm.request_ms, llm.done_ms, _of_llm(llm), llm.was_dropped)
    for tool in waterfall.tools:
        add("tool", tool.start_ms, tool.end_ms, _of_tool(tool), tool.status != "ok")
    if (tts := waterfall.tts) is not None:
        used = {"callstage.characters": tts.characters, "callstage.audio_s": tts.audio_s, "callstage.is_cached": tts.is_cached}
        add("tts", tts.request_ms, tts.done_ms, {**_provider(tts.provider, tts.model), **used, "callstage.is_fallback": tts.is_fallback})
        add("transport", tts.first_byte_ms, waterfall.heard_ms, {})
    return found


def _of_llm(llm: LlmPart) -> dict[str, str | bool | int | float]:
    attributes: dict[str, str | bool | int | float] = {
        **_provider(llm.provider, llm.model),
        "gen_ai.usage.input_tokens": llm.input_tokens,
        "gen_ai.usage.output_tokens": llm.output_tokens,
        "callstage.is_eager": llm.is_eager,
        "callstage.is_hedged": llm.is_hedged,
        "callstage.is_fallback": llm.is_fallback,
        "callstage.was_dropped": llm.was_dropped,
    }
    if llm.first_token_ms is not None:
        attributes["callstage.first_token_ms"] = round(llm.first_token_ms - llm.request_ms, 1)
    return attributes


def _of_tool(tool: ToolPart) -> dict[str, str | bool | int | float]:
    return {"callstage.tool": tool.tool, "callstage.run_key": tool.run_key, "callstage.status": tool.status}


def _provider(name: str, model: str) -> dict[str, str | bool | int | float]:
    return {"gen_ai.provider.name": name, **({"gen_ai.request.model": model} if model else {})}


def _ns(zero_s: float, moment_ms: float) -> int:
    return int((zero_s + moment_ms / 1000) * 1_000_000_000)
