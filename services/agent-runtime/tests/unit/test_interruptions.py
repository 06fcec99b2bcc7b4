"""Proves A2 (interruption_sensitivity): what a voice over the agent's voice means, and that the agent goes on when it means nothing."""

from collections.abc import Sequence

import pytest
from agent_runtime.conversation.saying import agent_says
from agent_runtime.conversation.turns.agent_says import AgentSays
from agent_runtime.conversation.turns.back_channel import is_back_channel, may_become_back_channel
from agent_runtime.conversation.turns.events import (
    Begin,
    CancelReply,
    Effect,
    Ending,
    Interrupted,
    PlayoutFinished,
    PlayoutStarted,
    ReplyEnded,
    ReplyKind,
    ResumePlayout,
    SpeechStarted,
    SpeechStopped,
    StartReply,
    TextTyped,
    Tick,
    TurnEvent,
)
from agent_runtime.conversation.turns.interruption import HOLD_LIMIT_MS, WORDS_LIMIT_MS
from agent_runtime.conversation.turns.machine import Phase, TurnMachine
from agent_runtime.conversation.turns.own_words import are_own_words
from agent_runtime.conversation.turns.policy import TurnPolicy
from agent_runtime.conversation.utterance import Utterance
from agent_runtime.providers.ports import Transcript

LONG = AgentSays("we are open from nine to six on weekdays", "from nine to six", "We are open from nine to six on weekdays.", 2500, 6000)
QUESTION = AgentSays("shall i order it", "shall i order it", "Shall I order it?", 300, 300)


class Talk:
    """An agent who speaks since the first moment, and whoever speaks over him."""

    def __init__(self, says: AgentSays = LONG, *, sensitivity: float = 0.5, is_made: bool = True) -> None:
        self.now_ms = 0.0
        self.machine = TurnMachine(TurnPolicy(interruption_sensitivity=sensitivity), 0.0)
        self.says = says
        self.log: list[Effect] = []
        self.do(Begin(ReplyKind.CONTINUE))
        self.do(PlayoutStarted(), after_ms=200)
        if is_made:
            self.do(ReplyEnded(1, says.unheard_ms))

    def do(self, event: TurnEvent, *, after_ms: float = 0.0) -> list[Effect]:
        self.now_ms += after_ms
        while (due_ms := self.machine.due_ms()) is not None and due_ms < self.now_ms:
            self.log += self.machine.on(Tick(), due_ms)
        effects = self.machine.on(event, self.now_ms)
        self.log += effects
        return effects

    def cut_in(self) -> list[Effect]:
        """A voice; the gateway holds what was not heard."""
        self.do(SpeechStarted(), after_ms=500)
        self.do(self.says)
        return self.do(Interrupted(is_held=True))

    def say(self, text: str, interims: Sequence[str] = ()) -> list[Effect]:
        """The whole of it, from the first sound to the recogniser's last word; returns what follows from it."""
        before = len(self.log)
        self.cut_in()
        for interim in interims:
            self.do(Transcript(interim, is_final=False), after_ms=200)
        self.do(SpeechStopped(200, said=3), after_ms=400)
        self.do(Transcript(text, is_final=True, answers_finalize=True), after_ms=150)
        return self.log[before:]

    def wait(self, ms: float) -> list[Effect]:
        before = len(self.log)
        self.do(Tick(), after_ms=ms)
        return self.log[before:]


def kinds(effects: Sequence[Effect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


@pytest.mark.parametrize(
    "text",
    [
        "Mm-hm.",
        "Okay.",
        "uh huh",
        "Yeah, yeah.",
        "I see.",
        "Sí, sí.",
        "ja ja",
        "D'accord.",
        "Alles klar!",
        "Oui oui",
        "はいはい",
        "да, да",
        "okay okay okay",
    ],
)
def test_nods_in_many_languages_do_not_stop_the_agent(text: str) -> None:
    assert is_back_channel(text)
    talk = Talk()
    assert kinds(talk.say(text, [text])) == ["FinalizeStt", "ResumePlayout"]
    assert talk.log[-1] == ResumePlayout(3)
    assert talk.machine.phase is Phase.SPEAKING
    talk.do(PlayoutFinished(), after_ms=6000)
    assert not [effect for effect in talk.log if isinstance(effect, StartReply) and effect.kind is ReplyKind.ANSWER]


@pytest.mark.parametrize(
    "text", ["Stop.", "No.", "okay but wait", "Yes, but on Friday?", "What?", "sí pero no", "nein", "mm no", "one two three four five six seven"]
)
def test_words_are_a_turn(text: str) -> None:
    assert not is_back_channel(text)
    talk = Talk()
    effects = talk.say(text)
    assert CancelReply() in effects
    assert ResumePlayout(3) not in effects
    answer = [effect for effect in [*effects, *talk.wait(3000)] if isinstance(effect, StartReply)]
    assert [(effect.kind, effect.text) for effect in answer] == [(ReplyKind.ANSWER, text)]


def test_two_words_decide_while_the_caller_still_speaks() -> None:
    talk = Talk()
    talk.cut_in()
    assert talk.do(Transcript("wait", is_final=False), after_ms=100) == []
    assert talk.do(Transcript("wait I", is_final=False), after_ms=100) == [CancelReply()]


@pytest.mark.parametrize("text", ["of", "got", "okay of cour", "al", "uh"])
def test_the_beginning_of_a_nod_is_waited_for(text: str) -> None:
    assert may_become_back_channel(text)
    assert not may_become_back_channel("of the people by the people")


def test_noise_is_gone_on_after_as_soon_as_the_recogniser_has_understood_nothing() -> None:
    assert kinds(Talk().say("")) == ["FinalizeStt", "ResumePlayout"]


def test_a_recogniser_that_is_silent_is_waited_for_only_so_long() -> None:
    talk = Talk()
    talk.cut_in()
    talk.do(SpeechStopped(200), after_ms=300)
    assert talk.machine.due_ms() == talk.now_ms + WORDS_LIMIT_MS
    assert kinds(talk.wait(WORDS_LIMIT_MS)) == ["ResumePlayout"]


def test_words_that_come_after_that_silence_the_agent_again() -> None:
    talk = Talk()
    talk.cut_in()
    talk.do(SpeechStopped(200), after_ms=300)
    talk.wait(WORDS_LIMIT_MS)
    effects = talk.do(Transcript("please stop it", is_final=True, answers_finalize=True), after_ms=300)
    assert effects[0] == CancelReply()
    assert [effect.text for effect in [*effects, *talk.wait(2000)] if isinstance(effect, StartReply)] == ["please stop it"]


def test_who_speaks_for_long_is_let_in_without_a_word() -> None:
    talk = Talk()
    talk.cut_in()
    assert CancelReply() in talk.wait(HOLD_LIMIT_MS)
    talk.do(SpeechStopped(200))
    talk.do(Transcript("", is_final=True, answers_finalize=True), after_ms=100)
    assert [effect.kind for effect in talk.wait(2000) if isinstance(effect, StartReply)] == [ReplyKind.CONTINUE]


@pytest.mark.parametrize("text", ["Okay.", "Yes.", "sure", "sí"])
def test_over_the_end_of_a_question_a_nod_is_an_answer(text: str) -> None:
    talk = Talk(QUESTION)
    effects = talk.say(text)
    assert CancelReply() in effects
    assert [effect.text for effect in [*effects, *talk.wait(2000)] if isinstance(effect, StartReply)] == [text]


@pytest.mark.parametrize(
    ("says", "is_made", "is_turn"),
    [
        (AgentSays(sentence="We are open.", sentence_left_ms=300, unheard_ms=300), True, True),
        (AgentSays(sentence="We are open.", sentence_left_ms=300, unheard_ms=300), False, False),
        (AgentSays(sentence="Is it open?", sentence_left_ms=2500, unheard_ms=2500), True, False),
        (AgentSays(sentence="We also have salads.", sentence_left_ms=1500, unheard_ms=1500, since_question_ms=800), True, True),
        (AgentSays(sentence="We also have salads.", sentence_left_ms=1500, unheard_ms=1500, since_question_ms=4000), True, False),
    ],
)
def test_when_okay_is_an_answer(says: AgentSays, is_made: bool, is_turn: bool) -> None:
    effects = Talk(says, is_made=is_made).say("Okay.")
    assert (CancelReply() in effects) == is_turn
    assert (ResumePlayout(3) in effects) != is_turn


def test_the_agents_own_words_are_no_interruption() -> None:
    assert kinds(Talk().say("open from nine to six")) == ["FinalizeStt", "ResumePlayout"]
    assert kinds(Talk().say("nine to")) == ["FinalizeStt", "ResumePlayout"]
    assert CancelReply() in Talk().say("nine or ten")
    assert CancelReply() in Talk().say("six?")
    assert are_own_words("are open from mine to six", LONG.words)


def test_a_choice_among_the_agents_own_words_is_an_answer() -> None:
    asks = AgentSays("do you want small or large", "small or large", "Do you want small or large?", 200, 200)
    assert CancelReply() in Talk(asks).say("large")


def test_a_reply_in_the_making_is_neither_cancelled_nor_lost() -> None:
    talk = Talk(is_made=False)
    talk.cut_in()
    assert talk.do(ReplyEnded(1, 9000), after_ms=300) == []
    talk.do(SpeechStopped(200), after_ms=100)
    assert talk.do(Transcript("", is_final=True, answers_finalize=True), after_ms=100) == [ResumePlayout()]
    assert talk.do(PlayoutFinished(), after_ms=9000) == []
    assert talk.machine.phase is Phase.LISTENING


def test_a_late_playout_report_is_not_missed_while_the_voice_is_held() -> None:
    talk = Talk(AgentSays(sentence="Long.", sentence_left_ms=4000, unheard_ms=100))
    talk.cut_in()
    assert talk.machine.phase is Phase.SPEAKING
    talk.do(SpeechStopped(200), after_ms=3900)
    assert talk.wait(850) == []
    assert talk.machine.phase is Phase.SPEAKING
    assert kinds(talk.wait(100)) == ["ResumePlayout"]
    assert talk.machine.phase is Phase.SPEAKING


def test_typing_and_a_dropped_hold_are_interruptions() -> None:
    talk = Talk()
    talk.cut_in()
    assert kinds(talk.do(TextTyped("hi"))) == ["CancelReply", "StartReply"]
    talk = Talk(is_made=False)
    talk.cut_in()
    assert talk.do(Interrupted()) == [CancelReply()]


def test_a_last_farewell_is_never_held() -> None:
    talk = Talk(is_made=False)
    talk.do(ReplyEnded(1, 3000, Ending("max_duration", is_final=True)))
    assert talk.cut_in()[-1] == ResumePlayout()


def test_low_sensitivity_waits_for_words() -> None:
    talk = Talk(sensitivity=0.1)
    talk.do(SpeechStarted(), after_ms=500)
    talk.do(talk.says)
    assert talk.do(Transcript("wait a", is_final=False), after_ms=300) == []
    assert talk.do(Transcript("wait a moment", is_final=False), after_ms=300) == [CancelReply()]


def test_at_zero_nothing_stops_the_agent_and_nods_are_not_answered() -> None:
    talk = Talk(sensitivity=0.0)
    for text in ("okay", "what about Sunday"):
        talk.do(SpeechStarted(), after_ms=500)
        talk.do(talk.says)
        talk.do(SpeechStopped(200), after_ms=500)
        talk.do(Transcript(text, is_final=True, answers_finalize=True), after_ms=100)
        talk.wait(1000)
    assert CancelReply() not in talk.log
    assert [effect.text for effect in talk.do(PlayoutFinished()) if isinstance(effect, StartReply)] == ["what about Sunday"]


def test_what_the_agent_says_at_a_moment() -> None:
    utterance = Utterance("u1", "stage", sentences=["We are open.", "Shall I order it?", "We also"], durations_ms=[1000, 1200], partial_ms=300)
    utterance.started_at_ms = 0.0
    utterance.heard_ms, utterance.heard_at_ms = 1900, 5000
    says = agent_says([utterance], 5000)
    assert (says.sentence, says.sentence_left_ms, says.unheard_ms, says.asks) == ("Shall I order it?", 300, 600, True)
    assert says.words.startswith("We are open. Shall I order it?")
    later = agent_says([utterance], 5400)
    assert (later.sentence, later.since_question_ms, later.asks) == ("We also", 100, True)
    assert later.sentence_left_ms > 10_000
    assert agent_says([], 0) == AgentSays()
