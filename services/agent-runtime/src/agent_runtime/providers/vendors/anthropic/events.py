"""Events of one Messages stream put together, without sockets."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson
from callstage_domain.errors import DependencyError, Phase

from agent_runtime.providers import failures
from agent_runtime.providers.ports import LlmDone, LlmEvent, ToolCallRequest

VENDOR: Final = "anthropic"

FinishReason = Literal["stop", "tool_calls", "length", "content_filter"]
_FINISH: Final[dict[str, FinishReason]] = {
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}
_ERROR_STATUS: Final = {
    "authentication_error": 401,
    "permission_error": 403,
    "billing_error": 402,
    "rate_limit_error": 429,
    "invalid_request_error": 400,
    "request_too_large": 413,
    "not_found_error": 404,
}
_INPUT_TOKENS: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


@dataclass(slots=True)
class _Call:
    """One tool_use block while its input arrives."""

    id: str
    name: str
    pieces: list[str] = field(default_factory=list[str])


class Assembly:
    """Collects what is not text. Thinking is dropped: history is cut to what the caller heard, and edited turns would make its signatures invalid."""

    def __init__(self) -> None:
        self.is_complete = False
        self._calls: dict[int, _Call] = {}
        self._finish: FinishReason = "stop"
        self._input_tokens = 0
        self._output_tokens = 0
        self._phase: Phase = "first_byte"

    @property
    def has_calls(self) -> bool:
        """True: the model has begun to call a tool."""
        return bool(self._calls)

    def add(self, data: bytes) -> str | None:
        """One event's JSON; its text, "" when it has none, None for a ping, which says nothing about the model.

        Raises DependencyError for an event that is an error or cannot be read.
        """
        try:
            text = self._read(orjson.loads(data))
        except DependencyError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise failures.malformed(VENDOR, self._phase) from err
        self._phase = "stream"
        return text

    def finish(self) -> list[LlmEvent]:
        """Complete calls in the order of their blocks, then the end."""
        calls: list[LlmEvent] = [ToolCallRequest(call.id, call.name, "".join(call.pieces) or "{}") for _, call in sorted(self._calls.items())]
        reason: FinishReason = "tool_calls" if calls and self._finish == "stop" else self._finish
        return [*calls, LlmDone(reason, self._input_tokens, self._output_tokens)]

    def _read(self, event: dict[str, Any]) -> str | None:
        match event["type"]:
            case "message_start":
                self._count(event["message"]["usage"])
            case "content_block_start":
                return self._open(int(event["index"]), event["content_block"])
            case "content_block_delta":
                return self._extend(int(event["index"]), event["delta"])
            case "message_delta":
                self._finish = _FINISH.get(event["delta"].get("stop_reason") or "", "stop")
                self._count(event.get("usage") or {})
            case "message_stop":
                self.is_complete = True
            case "error":
                raise self._failure(str(event["error"]["type"]))
            case "ping":
                return None
            case _:
                # Ends of blocks, and whatever the vendor adds.
                pass
        return ""

    def _open(self, index: int, block: dict[str, Any]) -> str:
        if block["type"] == "tool_use":
            self._calls[index] = _Call(str(block["id"]), str(block["name"]))
        return str(block.get("text") or "") if block["type"] == "text" else ""

    def _extend(self, index: int, delta: dict[str, Any]) -> str:
        if delta["type"] == "input_json_delta" and index in self._calls:
            self._calls[index].pieces.append(str(delta["partial_json"]))
        return str(delta["text"]) if delta["type"] == "text_delta" else ""

    def _count(self, usage: dict[str, Any]) -> None:
        """Both counts are totals so far; a later event need not repeat the input."""
        read = sum(int(usage.get(name) or 0) for name in _INPUT_TOKENS)
        self._input_tokens = read or self._input_tokens
        self._output_tokens = int(usage.get("output_tokens") or self._output_tokens)

    def _failure(self, kind: str) -> DependencyError:
        status = _ERROR_STATUS.get(kind)
        return failures.by_status(VENDOR, status) if status is not None else failures.failed(VENDOR, self._phase)
