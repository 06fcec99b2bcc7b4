"""Proves B2 X3 and A2's silence_threshold_ms, idle_timeout_s, max_duration_s: turns and endings; never stuck, never two replies at once."""

from collections.abc import Callable

from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.conversation.turns.events import (
    Begin,
    CancelReply,
    Effect,
    Ending,
    FailCall,
    FinalizeStt,
    HangUp,
    HearingLost,
    Interrupted,
    KeyPressed,
    PlayoutFinished,
    PlayoutStarted,
    ReplyEnded,
    ReplyKind,
    SpeechStarted,
    SpeechStopped,
    StartReply,
    TextTyped,
    Tick,
    TurnEvent,
)
from agent_runtime.conversation.turns.machine import Phase, TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.providers.ports import Transcript
from hypothesis import given, settings
from hypothesis import strategies as st

POLICY = TurnPolicy(silence_threshold_ms=700, idle_timeout_ms=30_000, max_duration_ms=600_000)
FINAL = Transcript("hello there", is_final=True, answers_finalize=True)


class Driver:
    """The machine with its clock, and a count of running replies."""

    def __init__(self, policy: TurnPolicy = POLICY) -> None:
        self.now_ms = 0.0
        self.machine = TurnMachine(policy, 0.0)
        self.running: int | None = None
        self.log: list[Effect] = []

    def do(self, event: TurnEvent, *, after_ms: float = 0.0) -> list[Effect]:
        self.now_ms += after_ms
        if isinstance(event, ReplyEnded) and event.number == self.running:
            self.running = None
        effects = self.machine.on(event, self.now_ms)
        for effect in effects:
            if isinstance(effect, StartReply):
                assert self.running is None, "two replies at once"
                self.running = effect.number
            elif isinstance(effect, CancelReply):
                self.running = None
        self.log += effects
        return effects

    def run_until_due(self) -> list[Effect]:
        due_ms = self.machine.due_ms()
        assert due_ms is not None
        self.now_ms = max(self.now_ms, due_ms)
        return self.do(Tick())

    def end_reply(self, *, unheard_ms: float = 0.0, ending: Ending | None = None, failure: str = "") -> list[Effect]:
        assert self.running is not None
        number, self.running = self.running, None
        return self.do(ReplyEnded(number, unheard_ms, ending, failure))

    def say(self, text: str = "hello there") -> list[Effect]:
        self.do(SpeechStarted(), after_ms=100)
        self.do(SpeechStopped(200), after_ms=1000)
        effects = self.do(Transcript(text, is_final=True, answers_finalize=True), after_ms=50)
        return effects or self.run_until_due()

    def speak_out(self, ending: Ending | None = None) -> list[Effect]:
        """The agent's reply is made, played and heard."""
        self.do(PlayoutStarted(), after_ms=100)
        self.end_reply(unheard_ms=2000, ending=ending)
        return self.do(PlayoutFinished(), after_ms=2000)


def listening(policy: TurnPolicy = POLICY) -> Driver:
    driver = Driver(policy)
    driver.do(Begin(None))
    return driver


def started(effects: list[Effect]) -> StartReply:
    return next(effect for effect in effects if isinstance(effect, StartReply))


def test_a_turn_ends_when_silence_and_transcript_are_both_there() -> None:
    driver = listening()
    driver.do(SpeechStarted())
    assert driver.machine.phase is Phase.CALLER_SPEAKING
    assert driver.do(SpeechStopped(200), after_ms=1000) == [FinalizeStt(200)]
    assert driver.machine.phase is Phase.ENDPOINTING
    assert driver.do(FINAL, after_ms=50) == []
    assert driver.machine.due_ms() == 800 + 700
    effect = started(driver.run_until_due())
    assert (effect.kind, effect.text) == (ReplyKind.ANSWER, "hello there")
    assert (effect.times.speech_end_ms, effect.times.finalize_ms, effect.times.final_ms, effect.times.decided_ms) == (800, 1000, 1050, 1500)
    assert driver.machine.phase is Phase.THINKING


def test_with_the_shortest_threshold_nothing_is_added_to_the_transcript() -> None:
    driver = listening(TurnPolicy(silence_threshold_ms=200))
    driver.do(SpeechStarted())
    driver.do(SpeechStopped(200), after_ms=1000)
    assert started(driver.do(FINAL, after_ms=50)).text == "hello there"


def _late(*, interim: str = "") -> Driver:
    """The recogniser did not answer in time."""
    driver = listening(TurnPolicy(silence_threshold_ms=200))
    driver.do(SpeechStarted())
    if interim:
        driver.do(Transcript(interim, is_final=False), after_ms=500)
    driver.do(SpeechStopped(200), after_ms=500)
    driver.run_until_due()
    return driver


def test_a_silent_recogniser_is_waited_for_and_its_interim_counts() -> None:
    driver = _late(interim="I want")
    assert driver.now_ms == 4500
    assert started(driver.log).text == "I want"


def test_a_settled_text_waits_one_second_for_the_rest() -> None:
    driver = listening(TurnPolicy(silence_threshold_ms=200))
    driver.do(SpeechStarted())
    driver.do(Transcript("I want a rose.", is_final=True), after_ms=500)
    driver.do(SpeechStopped(200), after_ms=500)
    assert driver.machine.due_ms() == 2000


def test_a_late_text_is_a_turn_of_its_own() -> None:
    driver = _late()
    assert driver.log == [FinalizeStt(200)]
    effect = started(driver.do(Transcript("My name is Anna.", is_final=True, answers_finalize=True), after_ms=3000))
    assert (effect.kind, effect.text, effect.times.speech_end_ms) == (ReplyKind.ANSWER, "My name is Anna.", 300)


def test_a_late_text_adds_what_the_interim_had_not() -> None:
    driver = _late(interim="I want")
    effects = driver.do(Transcript("I want, a rose.", is_final=True, answers_finalize=True), after_ms=100)
    assert effects[0] == CancelReply()
    assert started(effects).text == "a rose."
    assert driver.do(Transcript("", is_final=True), after_ms=100) == []


def test_a_late_text_that_says_nothing_new_changes_nothing() -> None:
    driver = _late(interim="I want a rose")
    assert driver.do(Transcript("I want a rose.", is_final=True, answers_finalize=True), after_ms=100) == []


def test_a_late_text_over_the_agents_voice_is_answered_after_it() -> None:
    driver = _late(interim="I want")
    driver.do(PlayoutStarted(), after_ms=100)
    driver.end_reply(unheard_ms=1000)
    assert driver.do(Transcript("I want a rose.", is_final=True, answers_finalize=True), after_ms=100) == []
    assert started(driver.do(PlayoutFinished(), after_ms=1000)).text == "a rose."


def test_a_late_text_while_the_caller_speaks_on_belongs_to_the_next_turn() -> None:
    driver = _late()
    driver.do(SpeechStarted(), after_ms=100)
    driver.do(Transcript("Yes.", is_final=True, answers_finalize=True), after_ms=100)
    driver.do(SpeechStopped(200), after_ms=500)
    effects = driver.do(Transcript("A rose.", is_final=True, answers_finalize=True), after_ms=50)
    assert started(effects or driver.run_until_due()).text == "Yes. A rose."


def test_a_caller_cut_short_by_a_lost_gateway_is_asked_again_unless_he_speaks_on() -> None:
    driver = Driver()
    driver.do(Begin(None, was_cut_short=True))
    assert started(driver.run_until_due()).kind is ReplyKind.APOLOGY
    assert driver.now_ms == 1500
    driver = Driver()
    driver.do(Begin(None, was_cut_short=True))
    assert started(driver.say("a rose")).text == "a rose"


def test_what_an_earlier_process_said_is_waited_for_before_hanging_up() -> None:
    driver = Driver()
    assert driver.do(Begin(None, Ending("agent_ended", 2000), unheard_ms=3000)) == []
    assert driver.do(Tick(), after_ms=2500) == []
    driver.do(PlayoutFinished(), after_ms=500)
    assert driver.run_until_due() == [HangUp("agent_ended")]
    assert driver.now_ms == 5000


def test_a_turn_carries_the_number_of_the_last_thing_in_it() -> None:
    driver = listening()
    driver.do(SpeechStarted())
    driver.do(SpeechStopped(200, said=7), after_ms=500)
    driver.do(FINAL)
    assert started(driver.run_until_due()).said == 7
    driver.end_reply()
    assert started(driver.do(TextTyped("hi", said=9))).said == 9


def test_the_same_word_twice_is_said_twice() -> None:
    driver = _late(interim="Yes")
    driver.end_reply()
    assert started(driver.say("Yes.")).text == "Yes."


def test_speaking_on_before_the_end_merges_the_texts() -> None:
    driver = listening()
    driver.do(SpeechStarted())
    driver.do(SpeechStopped(200), after_ms=500)
    driver.do(Transcript("I want", is_final=True, answers_finalize=True), after_ms=50)
    driver.do(SpeechStarted(), after_ms=100)
    driver.do(SpeechStopped(200), after_ms=500)
    driver.do(Transcript("a rose", is_final=True, answers_finalize=True), after_ms=50)
    assert started(driver.run_until_due()).text == "I want a rose"


def test_noise_goes_back_to_listening() -> None:
    driver = listening()
    assert driver.say("") == []
    assert driver.machine.phase is Phase.LISTENING


def test_speech_while_thinking_cancels_and_noise_starts_the_answer_again() -> None:
    driver = listening()
    driver.say()
    assert driver.do(SpeechStarted(), after_ms=50) == [CancelReply()]
    driver.do(SpeechStopped(200), after_ms=300)
    driver.do(Transcript("", is_final=True, answers_finalize=True), after_ms=50)
    effect = started(driver.run_until_due())
    assert (effect.kind, effect.text) == (ReplyKind.ANSWER, "")


def test_barge_in_answers_the_new_turn_and_a_false_alarm_goes_on() -> None:
    driver = listening()
    driver.say()
    driver.do(PlayoutStarted(), after_ms=300)
    assert driver.machine.phase is Phase.SPEAKING
    driver.do(SpeechStarted(), after_ms=300)
    assert driver.do(Interrupted()) == [CancelReply()]
    driver.do(SpeechStopped(200), after_ms=300)
    driver.do(Transcript("stop", is_final=True, answers_finalize=True), after_ms=50)
    assert started(driver.run_until_due()).text == "stop"
    driver.do(PlayoutStarted(), after_ms=300)
    driver.do(SpeechStarted(), after_ms=300)
    driver.do(Interrupted())
    driver.do(SpeechStopped(200), after_ms=300)
    driver.do(Transcript("", is_final=True, answers_finalize=True), after_ms=50)
    assert started(driver.run_until_due()).kind is ReplyKind.CONTINUE


def test_what_is_said_over_an_agent_that_cannot_be_interrupted_is_answered_after_it() -> None:
    driver = listening(TurnPolicy(interruption_sensitivity=0.0))
    driver.say()
    driver.do(PlayoutStarted(), after_ms=300)
    driver.end_reply(unheard_ms=5000)
    assert driver.say("what about roses") == []
    assert started(driver.do(PlayoutFinished(), after_ms=100)).text == "what about roses"


def test_the_greeting_is_not_cancelled_before_it_can_be_heard() -> None:
    driver = Driver()
    assert started(driver.do(Begin(ReplyKind.GREETING))).kind is ReplyKind.GREETING
    assert driver.say("hello?") == []
    assert started(driver.speak_out()).text == "hello?"


def test_idle_asks_once_then_says_goodbye_and_hangs_up() -> None:
    driver = listening()
    assert started(driver.run_until_due()).kind is ReplyKind.IDLE_QUESTION
    assert driver.now_ms == 30_000
    driver.speak_out()
    assert started(driver.run_until_due()).kind is ReplyKind.FAREWELL
    assert driver.speak_out() == [HangUp("idle_timeout")]
    assert driver.machine.is_over


def test_an_answer_to_the_idle_question_starts_anew() -> None:
    driver = listening()
    driver.run_until_due()
    driver.speak_out()
    driver.say("yes")
    driver.speak_out()
    assert started(driver.run_until_due()).kind is ReplyKind.IDLE_QUESTION


def test_the_longest_call_ends_with_a_farewell_even_while_speaking() -> None:
    driver = listening(TurnPolicy(max_duration_ms=5000, idle_timeout_ms=60_000))
    driver.say()
    driver.do(PlayoutStarted())
    effects = driver.do(Tick(), after_ms=5000)
    assert isinstance(effects[0], CancelReply)
    assert started(effects).kind is ReplyKind.FAREWELL
    driver.do(SpeechStarted(), after_ms=100)
    assert driver.speak_out()[-1] == HangUp("max_duration")


def test_end_call_lingers_two_seconds() -> None:
    driver = listening()
    driver.say("bye")
    assert driver.speak_out(Ending("agent_ended", 2000)) == []
    assert driver.machine.phase is Phase.ENDING
    assert driver.do(Tick(), after_ms=1999) == []
    assert driver.do(Tick(), after_ms=1) == [HangUp("agent_ended")]


def test_a_caller_who_speaks_in_these_seconds_stays() -> None:
    driver = listening()
    driver.say("bye")
    driver.speak_out(Ending("agent_ended", 2000))
    assert started(driver.say("one more thing")).text == "one more thing"
    assert driver.machine.phase is Phase.THINKING


def test_keys_are_collected_and_told_to_the_model() -> None:
    driver = listening()
    driver.do(KeyPressed("4"))
    driver.do(KeyPressed("2"), after_ms=1000)
    assert started(driver.do(Tick(), after_ms=1500)).text == "[keypad: 42]"
    driver.end_reply()
    driver.do(KeyPressed("7"))
    assert started(driver.do(KeyPressed("#"))).text == "[keypad: 7]"


def test_typed_text_cuts_the_agent_off() -> None:
    driver = listening()
    driver.say()
    driver.do(PlayoutStarted(), after_ms=300)
    effects = driver.do(TextTyped("hi"), after_ms=100)
    assert isinstance(effects[0], CancelReply)
    assert started(effects).text == "hi"


def test_a_failed_answer_is_apologised_for_and_the_second_ends_the_call() -> None:
    driver = listening()
    driver.say()
    assert started(driver.end_reply(failure="llm")).kind is ReplyKind.APOLOGY
    driver.speak_out()
    driver.say()
    assert started(driver.end_reply(failure="llm")).kind is ReplyKind.LAST_APOLOGY
    assert driver.speak_out() == [HangUp("provider_failed")]


def test_when_nothing_can_be_said_the_call_fails() -> None:
    driver = Driver()
    driver.do(Begin(ReplyKind.GREETING))
    driver.end_reply(failure="tts")
    assert driver.end_reply(failure="tts") == [FailCall("provider_failed")]


def test_deafness_ends_the_call_politely() -> None:
    driver = listening()
    assert started(driver.do(HearingLost())).kind is ReplyKind.LAST_APOLOGY
    assert driver.speak_out() == [HangUp("provider_failed")]


def test_a_playout_report_that_never_comes_does_not_block() -> None:
    driver = listening()
    driver.say()
    driver.do(PlayoutStarted(), after_ms=100)
    driver.end_reply(unheard_ms=1000)
    driver.do(Tick(), after_ms=6000)
    assert driver.machine.phase is Phase.LISTENING


def test_text_without_detected_speech_is_a_turn() -> None:
    driver = listening()
    assert driver.do(Transcript("psst", is_final=True)) == [FinalizeStt()]
    driver.do(Transcript("", is_final=True, answers_finalize=True), after_ms=50)
    assert started(driver.run_until_due()).text == "psst"


def test_a_vendor_that_is_sure_ends_the_turn_at_once() -> None:
    driver = listening()
    driver.do(SpeechStarted())
    driver.do(SpeechStopped(200), after_ms=1000)
    assert started(driver.do(Transcript("yes", is_final=True, ends_turn=True), after_ms=10)).text == "yes"


_EVENTS: st.SearchStrategy[Callable[[Driver], object]] = st.sampled_from(
    [
        lambda driver: driver.do(SpeechStarted()),
        lambda driver: driver.do(SpeechStopped(200)),
        lambda driver: driver.do(Transcript("a", is_final=False)),
        lambda driver: driver.do(Transcript("b", is_final=True)),
        lambda driver: driver.do(Transcript("", is_final=True, answers_finalize=True)),
        lambda driver: driver.do(FINAL),
        lambda driver: driver.do(Interrupted()),
        lambda driver: driver.do(Interrupted(is_held=True)),
        lambda driver: driver.do(AgentSays("would you like one", "would you like one", "Would you like one?", 300.0, 300.0)),
        lambda driver: driver.do(PlayoutStarted()),
        lambda driver: driver.do(PlayoutFinished()),
        lambda driver: driver.do(TextTyped("typed")),
        lambda driver: driver.do(KeyPressed("1")),
        lambda driver: driver.do(KeyPressed("#")),
        lambda driver: driver.do(HearingLost()),
        lambda driver: driver.do(ReplyEnded(1)),
        lambda driver: driver.running is not None and driver.end_reply(),
        lambda driver: driver.running is not None and driver.end_reply(unheard_ms=3000),
        lambda driver: driver.running is not None and driver.end_reply(failure="llm"),
        lambda driver: driver.running is not None and driver.end_reply(ending=Ending("agent_ended", 2000)),
        lambda driver: driver.running is not None and driver.end_reply(ending=Ending("transferred", is_final=True)),
        lambda driver: not driver.machine.is_over and driver.run_until_due(),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_EVENTS, st.floats(0, 5000)), max_size=40), st.sampled_from([None, ReplyKind.GREETING, ReplyKind.CONTINUE]))
def test_never_stuck_and_never_two_replies(steps: list[tuple[Callable[[Driver], object], float]], first: ReplyKind | None) -> None:
    driver = Driver()
    driver.do(Begin(first))
    for step, wait_ms in steps:
        driver.now_ms += wait_ms
        step(driver)
    driver.do(SpeechStopped(200), after_ms=100)
    for _ in range(60):
        if driver.machine.is_over:
            break
        if driver.running is not None:
            driver.end_reply()
            continue
        driver.run_until_due()
    assert driver.machine.is_over
    assert isinstance(driver.log[-1], HangUp | FailCall)
    assert driver.machine.due_ms() is None
