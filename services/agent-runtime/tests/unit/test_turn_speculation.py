"""Proves X2 and K5: why a turn ended; when an answer is prepared, kept and thrown away; when the model is asked."""

from agent_runtime.conversation.turns.endpointing import ModelUse
from agent_runtime.conversation.turns.events import (
    Begin,
    CancelReply,
    DropPrepared,
    Effect,
    FinalizeStt,
    Interrupted,
    JudgePause,
    KeyPressed,
    PauseJudged,
    PlayoutFinished,
    PlayoutStarted,
    PrepareReply,
    ReplyEnded,
    ReplyKind,
    SpeechStarted,
    SpeechStopped,
    StartReply,
    TextTyped,
    Tick,
    TurnEvent,
)
from agent_runtime.conversation.turns.machine import TurnMachine
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.conversation.turns.speculation import MOST_TRIES, EagerLevel, same_words
from agent_runtime.providers.ports import Transcript
from hypothesis import given, settings
from hypothesis import strategies as st


class Line:
    """A machine and its clock; checks that what is prepared is dropped or confirmed before anything else is."""

    def __init__(self, *, eager: EagerLevel = "text", model_use: ModelUse = "off", threshold_ms: float = 700) -> None:
        self.now_ms = 0.0
        self.machine = TurnMachine(TurnPolicy(threshold_ms, eager=eager, model_use=model_use), 0.0)
        self.prepared: str | None = None
        self.running: int | None = None
        self.log: list[Effect] = []
        self.do(Begin(None))

    def do(self, event: TurnEvent, *, after_ms: float = 0.0) -> list[Effect]:
        self.now_ms += after_ms
        if isinstance(event, ReplyEnded) and event.number == self.running:
            self.running = None
        effects = self.machine.on(event, self.now_ms)
        for effect in effects:
            if isinstance(effect, CancelReply):
                self.running = None
            elif isinstance(effect, PrepareReply):
                assert self.prepared is None, "two answers in preparation"
                assert self.running is None, "prepared beside a reply"
                self.prepared = effect.text
            elif isinstance(effect, DropPrepared):
                assert self.prepared is not None
                self.prepared = None
            elif isinstance(effect, StartReply):
                self.running = effect.number
                if effect.times.eager_ms is not None:
                    assert self.prepared is not None
                    assert same_words(self.prepared, effect.text)
                    self.prepared = None
        self.log += effects
        return effects

    def tick(self) -> list[Effect]:
        due_ms = self.machine.due_ms()
        assert due_ms is not None
        return self.do(Tick(), after_ms=max(0.0, due_ms - self.now_ms))

    def speak(self, *, for_ms: float = 1000) -> list[Effect]:
        return self.do(SpeechStarted(), after_ms=100) + self.do(Tick(), after_ms=for_ms)


def final(text: str, *, answers: bool = False) -> Transcript:
    return Transcript(text, is_final=True, answers_finalize=answers)


def of(kind: type, effects: list[Effect]) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, kind)]


def test_an_answer_is_prepared_in_the_pause_and_confirmed_at_its_end() -> None:
    line = Line()
    line.speak()
    assert line.do(Transcript("two large pizzas", is_final=False)) == [], "in speech only what ends like a turn"
    assert line.do(SpeechStopped(200)) == [FinalizeStt(200), PrepareReply("two large pizzas")]
    began_ms = line.now_ms
    assert line.do(final("Two large pizzas!", answers=True), after_ms=50) == [], "the same words"
    [start] = line.tick()
    assert isinstance(start, StartReply)
    assert (start.text, start.times.reason, start.times.eager_ms) == ("Two large pizzas!", "sentence", began_ms)


def test_a_settled_sentence_is_answered_ahead_of_the_silence() -> None:
    line = Line(threshold_ms=200)
    line.speak()
    assert line.do(final("What are your opening hours?")) == [PrepareReply("What are your opening hours?")]
    began_ms = line.now_ms
    assert line.do(SpeechStopped(200), after_ms=60) == [FinalizeStt(200)]
    [start] = line.do(final("", answers=True), after_ms=5)
    assert isinstance(start, StartReply)
    assert (start.text, start.times.reason, start.times.eager_ms) == ("What are your opening hours?", "question", began_ms)


def test_level_silence_waits_for_the_pause_and_off_for_the_end() -> None:
    for level, expected in (("silence", [PrepareReply("Are you open?")]), ("off", [])):
        line = Line(eager=level)  # type: ignore[arg-type]
        line.speak()
        assert line.do(final("Are you open?")) == []
        assert line.do(SpeechStopped(200))[1:] == expected


def test_going_on_throws_it_away() -> None:
    line = Line()
    line.speak()
    line.do(final("I want a pizza."))
    assert line.prepared == "I want a pizza."
    assert line.do(Transcript("with", is_final=False), after_ms=100) == [DropPrepared()]
    line.do(final("with olives."))
    line.do(SpeechStopped(200), after_ms=200)
    assert line.prepared == "I want a pizza. with olives."
    assert DropPrepared() in line.do(SpeechStarted(), after_ms=100)


def test_words_that_want_more_are_not_answered() -> None:
    line = Line()
    line.speak()
    line.do(final("My number is"))
    assert line.do(SpeechStopped(200)) == [FinalizeStt(200)]
    line.do(final("", answers=True))
    assert line.machine.due_ms() == line.now_ms - 200 + 1400
    assert line.tick()[0].times.reason == "unfinished"  # type: ignore[union-attr]


def test_only_so_many_tries_a_turn() -> None:
    line = Line()
    for number in range(MOST_TRIES + 2):
        line.speak()
        line.do(final(f"piece {number} of it"))
        line.do(SpeechStopped(200))
    assert len(of(PrepareReply, line.log)) == MOST_TRIES
    line.do(final("", answers=True))
    [start] = line.tick()
    line.do(PlayoutStarted(), after_ms=100)
    assert isinstance(start, StartReply)
    line.do(ReplyEnded(start.number))
    line.do(PlayoutFinished(), after_ms=500)
    line.speak()
    line.do(final("Another question?"))
    assert line.prepared == "Another question?", "a new turn, new tries"


def test_nothing_is_prepared_while_the_agent_speaks() -> None:
    line = Line()
    line.do(TextTyped("hello"))
    line.do(PlayoutStarted())
    line.speak()
    line.do(final("okay"))
    line.do(SpeechStopped(200))
    assert of(PrepareReply, line.log) == []


def test_a_vendor_that_thinks_so_and_one_that_is_sure() -> None:
    line = Line()
    line.speak()
    assert line.do(Transcript("and so on", is_final=False, is_likely_end=True)) == [PrepareReply("and so on")]
    line.do(Transcript("and so on", is_final=True, ends_turn=True))
    line.do(SpeechStopped(200))
    [start] = line.do(Transcript("", is_final=True, answers_finalize=True, ends_turn=True)) or line.tick()
    assert isinstance(start, StartReply)
    assert start.times.reason == "vendor"
    assert start.times.eager_ms is not None


def test_the_model_is_asked_once_a_pause_and_shortens_it() -> None:
    line = Line(eager="off", model_use="always")
    line.speak()
    line.do(final("I would like to check my order."))
    assert line.do(SpeechStopped(200)) == [FinalizeStt(200), JudgePause(1)]
    line.do(final("", answers=True))
    stopped_ms = line.now_ms - 200
    assert line.machine.due_ms() == stopped_ms + 525
    line.do(PauseJudged(1, 0.93), after_ms=40)
    assert line.machine.due_ms() == stopped_ms + 350
    [start] = line.tick()
    assert isinstance(start, StartReply)
    assert start.times.reason == "model 0.93"
    assert line.do(PauseJudged(1, 0.01)) == [], "too late"


def test_a_judgement_of_an_earlier_pause_does_not_count() -> None:
    line = Line(eager="off", model_use="always")
    line.speak()
    line.do(final("I would like to check my order."))
    line.do(SpeechStopped(200))
    line.do(SpeechStarted(), after_ms=100)
    line.do(SpeechStopped(200), after_ms=500)
    line.do(final("", answers=True))
    due_ms = line.machine.due_ms()
    line.do(PauseJudged(1, 0.01))
    assert line.machine.due_ms() == due_ms


def test_typed_and_overdue_turns_say_so() -> None:
    line = Line(eager="off")
    [start] = line.do(TextTyped("hello"))
    assert isinstance(start, StartReply)
    assert start.times.reason == "typed"
    line.do(ReplyEnded(start.number))
    line.speak()
    line.do(final("a word"))
    line.do(SpeechStopped(200))
    [late] = line.tick()
    assert isinstance(late, StartReply)
    assert late.times.reason == "timeout"


_EVENTS = st.one_of(
    st.just(SpeechStarted()),
    st.just(SpeechStopped(200)),
    st.builds(
        Transcript,
        st.sampled_from(["", "yes", "Are you open?", "my number is", "two pizzas.", "and"]),
        is_final=st.booleans(),
        answers_finalize=st.booleans(),
        is_likely_end=st.booleans(),
        ends_turn=st.booleans(),
    ),
    st.just(Interrupted()),
    st.just(PlayoutStarted()),
    st.just(PlayoutFinished()),
    st.just(KeyPressed("5")),
    st.just(TextTyped("typed")),
    st.builds(PauseJudged, st.integers(0, 3), st.floats(0, 1)),
    st.just(Tick()),
    st.just(None),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(_EVENTS, st.sampled_from([0.0, 20.0, 200.0, 900.0])), max_size=40), st.sampled_from(["silence", "text"]))
def test_in_any_order_at_most_one_is_prepared_and_never_beside_a_reply(script: list[tuple[TurnEvent | None, float]], level: EagerLevel) -> None:
    line = Line(eager=level, model_use="always")
    for event, after_ms in script:
        if event is None and line.running is not None:
            line.do(ReplyEnded(line.running), after_ms=after_ms)
        elif event is not None:
            line.do(event, after_ms=after_ms)
    starts = [effect for effect in line.log if isinstance(effect, StartReply) and effect.kind is ReplyKind.ANSWER and effect.text]
    assert all(start.times.reason or start.times.speech_end_ms is None for start in starts)
