"""Proves K5: a call that ends because the agent cannot go on names who failed last."""

import pytest
from agent_runtime.conversation.turns.events import Begin, Effect, FailCall, HangUp, HearingLost, ReplyEnded, ReplyKind, StartReply, TextTyped, Tick
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from callstage_domain.call import EndedReason


class Call:
    """Replies end at once, and are heard at once."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.machine = TurnMachine(TurnPolicy(), 0.0)
        self.effects: list[Effect] = []
        self.do(Begin(None))

    def do(self, event: object) -> None:
        self.now_ms += 100
        self.effects = self.machine.on(event, self.now_ms)  # type: ignore[arg-type]

    def starts(self) -> StartReply:
        return next(effect for effect in self.effects if isinstance(effect, StartReply))

    def answers(self, failure: str) -> None:
        self.do(TextTyped("hello"))
        self.do(ReplyEnded(self.starts().number, failure=failure))


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("tool", EndedReason.TOOL_FAILED),
        ("internal", EndedReason.INTERNAL_ERROR),
        ("openai", EndedReason.PROVIDER_FAILED),
        ("deepgram", EndedReason.PROVIDER_FAILED),
    ],
)
def test_the_second_failure_in_a_row_ends_the_call_with_its_reason(failure: str, reason: EndedReason) -> None:
    call = Call()
    call.answers("openai" if failure != "openai" else "tool")
    assert call.starts().kind is ReplyKind.APOLOGY
    call.do(ReplyEnded(call.starts().number))
    call.answers(failure)
    assert call.starts().kind is ReplyKind.LAST_APOLOGY
    call.do(ReplyEnded(call.starts().number))
    if not call.machine.is_over:
        call.do(Tick())
    assert HangUp(reason) in call.effects


def test_an_agent_that_cannot_even_apologise_names_that() -> None:
    call = Call()
    call.answers("tool")
    call.do(ReplyEnded(call.starts().number, failure="elevenlabs"))
    assert FailCall(EndedReason.PROVIDER_FAILED) in call.effects


def test_a_recogniser_that_is_gone_is_the_providers_fault() -> None:
    call = Call()
    call.answers("tool")
    call.do(ReplyEnded(call.starts().number))
    call.do(HearingLost())
    call.do(ReplyEnded(call.starts().number))
    assert HangUp(EndedReason.PROVIDER_FAILED) in call.effects
