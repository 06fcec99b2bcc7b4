"""Proves A2 (llm): any history becomes one that Anthropic's rules accept, and how much each Claude may think."""

from typing import Any

import pytest
from agent_runtime.providers.ports import LlmRequest, Message, ToolCallRequest, ToolSpec
from agent_runtime.providers.vendors.anthropic.messages import body_of, thinking_of
from callstage_testing.fakes.anthropic import problem_of
from hypothesis import given
from hypothesis import strategies as st

IDS = st.sampled_from(["a", "b", "weird id!", ""])
TEXTS = st.sampled_from(["", " ", "Hello.", "A pizza "])
CALLS = st.builds(ToolCallRequest, IDS, st.just("price"), st.sampled_from(["{}", '{"size": 1}', "[", "[1]"]))
MESSAGES = st.one_of(
    st.builds(Message, st.sampled_from(["user", "system"]), TEXTS),
    st.builds(Message, st.just("assistant"), TEXTS, st.lists(CALLS, max_size=3).map(tuple)),
    st.builds(lambda text, call: Message("tool", text, tool_call_id=call, tool_name="price"), TEXTS, IDS),
)


@given(st.lists(MESSAGES, max_size=12), st.sampled_from(["", "Be brief."]))
def test_every_history_is_acceptable(messages: list[Message], system: str) -> None:
    tools = (ToolSpec("price", "Price it.", {}),)
    assert problem_of(body_of(LlmRequest(system, tuple(messages), tools), "claude-haiku-5-5")) is None


def test_a_late_result_becomes_text() -> None:
    call = ToolCallRequest("c", "price", "{}")
    messages = (Message("user", "Hi"), Message("assistant", "", (call,)), Message("user", "?"), Message("assistant", "Wait."))
    late = Message("tool", "13", tool_call_id="c", tool_name="price")
    turns = body_of(LlmRequest("", (*messages, late)), "m")["messages"]
    assert turns[-1] == {"role": "user", "content": [{"type": "text", "text": "[Result of price: 13]"}]}


@pytest.mark.parametrize(
    ("model", "minimal", "high"),
    [
        ("claude-haiku-5-5", {"thinking": {"type": "disabled"}}, "adaptive"),
        ("claude-opus-5", {"thinking": {"type": "disabled"}}, "adaptive"),
        ("claude-opus-5-5", {"output_config": {"effort": "low"}}, "adaptive"),
        ("claude-fable-5-2", {"output_config": {"effort": "low"}}, "adaptive"),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}, "output_config": {"effort": "low"}}, "adaptive"),
        ("claude-opus-4-8", {}, "adaptive"),
        ("claude-haiku-4-5-20251001", {}, None),
        ("claude-3-5-sonnet-latest", {}, None),
        ("my-gateway-model", {}, None),
    ],
)
def test_how_much_a_model_thinks(model: str, minimal: dict[str, Any], high: str | None) -> None:
    assert thinking_of(model, "minimal") == minimal
    assert thinking_of(model, "high").get("thinking", {}).get("type") == high


def test_the_agents_own_options_win_but_the_stream_stays() -> None:
    body = body_of(LlmRequest("", (), options={"thinking": {"type": "adaptive"}, "stream": False}), "claude-haiku-5-5")
    assert body["thinking"] == {"type": "adaptive"}
    assert body["stream"] is True
