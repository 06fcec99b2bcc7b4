"""The call that is killed over and over: six turns with tools, transitions, a filler and two barge-ins, and the agent that answers them."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from itertools import count

from agent_runtime.providers.capabilities import LlmCapabilities
from agent_runtime.providers.ports import LlmDone, LlmEvent, LlmRequest, Message, TextDelta, ToolCallRequest
from callstage_domain.agent import AgentSettings, AgentSnapshot, Stage, ToolDefinition, Transition
from callstage_domain.ids import AgentId, TenantId

TENANT, AGENT = "t1", "pizza"
GREETING = "Hello, the pizza line."


@dataclass(frozen=True)
class Turn:
    """What the caller says, as soon as he has heard so much (a share of 1) of that sentence of the agent."""

    says: str
    after: str
    share: float = 1.0


TURNS = (
    Turn("i want a pizza", GREETING),
    Turn("large with olives please", "Which size would you like?"),
    Turn("yes take it now", "The large one costs twelve dollars and is ready in half an hour.", 0.5),
    Turn("by card number seven", "How would you like to pay for it?"),
    Turn("to the old mill", "Your card was charged, so now tell me where we shall bring it.", 0.5),
    Turn("thanks a lot goodbye", "It is on its way."),
)
"""The second and the fourth answer are cut short by the caller."""

TOOL_SECONDS = {"look_up": 0.2, "price_order": 0.3, "take_payment": 1.0, "save_address": 0.2, "tell_driver": 0.3}
TOOL_SESSION = {"price_order": {"total": 12}, "take_payment": {"paid": True}, "save_address": {"address": "old mill"}}
FINAL_STAGE = "delivery"
FILLER = "Let me check that for you."

_ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    TURNS[0].says: ("Gladly. Which size would you like?", ()),
    TURNS[1].says: ("One moment.", ("look_up",)),
    TURNS[2].says: ("", ("price_order",)),
    TURNS[3].says: ("", ("take_payment",)),
    TURNS[4].says: ("I note it down.", ("save_address", "tell_driver")),
    TURNS[5].says: ("Goodbye and enjoy.", ("end_call",)),
}
_AFTER_TOOL = {
    "look_up": "The large one costs twelve dollars and is ready in half an hour. Shall I order it?",
    "price_order": "It is ordered. How would you like to pay for it?",
    "take_payment": "Your card was charged, so now tell me where we shall bring it. We go everywhere.",
    "tell_driver": "It is on its way.",
}


def snapshot() -> AgentSnapshot:
    """Three stages; paying and pricing move on."""
    return AgentSnapshot(
        tenant_id=TenantId(TENANT),
        agent_id=AgentId(AGENT),
        deployment=1,
        settings=AgentSettings.model_validate({"display_name": "Pia", "greeting": GREETING, "silence_threshold_ms": 200, "idle_timeout_s": 60}),
        first_stage="order",
        stages=(
            Stage(
                name="order",
                prompt="Take the order.",
                tools=("look_up", "price_order"),
                transitions=(Transition(on_tool="price_order", to_stage="checkout"),),
            ),
            Stage(
                name="checkout",
                prompt="Take the money.",
                tools=("take_payment",),
                transitions=(Transition(on_tool="take_payment", to_stage="delivery"),),
            ),
            Stage(name="delivery", prompt="Ask where to.", tools=("save_address", "tell_driver", "end_call")),
        ),
        tools={name: ToolDefinition(name=name, kind="code") for name in TOOL_SECONDS},
    )


class ScriptedBrain:
    """A model without a memory: the history alone decides, so that an answer that is asked for again is the same. Every tool call has a new id."""

    name = "script"
    capabilities = LlmCapabilities()

    def __init__(self) -> None:
        self._numbers = count(1)

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent]:
        """See `LlmProvider`."""
        text, tools = _answer(request.messages)
        for word in text.split():
            yield TextDelta(word + " ")
        for tool in tools:
            yield ToolCallRequest(f"c{next(self._numbers)}", tool, '{"reason": "caller_goodbye"}' if tool == "end_call" else "{}")
        yield LlmDone("tool_calls" if tools else "stop")


def _answer(messages: Sequence[Message]) -> tuple[str, tuple[str, ...]]:
    last = messages[-1]
    if last.role == "system":
        # Asked for the rest of an answer: whoever asks drops what was said of it.
        return _answer(messages[:-2])
    if last.role == "tool":
        return _AFTER_TOOL[last.tool_name], ()
    return _ASKED.get(last.content, (f"I do not know what {last.content!r} means.", ()))
