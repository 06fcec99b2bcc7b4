"""Proves A2 S3 on speech-to-speech models: what is said on the vendors' wires when things happen in an unlucky order."""

import base64
import json
from collections.abc import Iterable
from typing import Any

import pytest
from agent_runtime.providers.dialogue import NOTHING
from agent_runtime.providers.ports import LlmRequest, Message, ToolCallRequest, Transcript
from agent_runtime.providers.realtime import AnswerAudio, AnswerCall, AnswerEnded, AnswerText, Leaving, RealtimeEvent, RealtimeSetup
from agent_runtime.providers.realtime_dialogue import Reaction
from agent_runtime.providers.speech_dialogue import SETTLED
from agent_runtime.providers.vendors.gemini.live_dialogue import LiveDialogue
from agent_runtime.providers.vendors.openai.realtime_dialogue import RealtimeOpenAiDialogue
from callstage_domain.audio import AudioFormat
from callstage_domain.errors import DependencyError

NOW = LlmRequest("Sell pizza.", ())
HI = Message("user", "hi")
CALL = ToolCallRequest("c1", "order", "{}")
SPEECH = b"\x10\x20" * 1600
SOUND = base64.b64encode(b"\x00\x01" * 240).decode()


def live(name: str = "gemini-3.8-live") -> LiveDialogue:
    made = LiveDialogue(RealtimeSetup(AudioFormat.PCM16_16K, AudioFormat.PCM16_24K, "en", NOW), name, "Kore")
    made.read('{"setupComplete": {}}', 0.0)
    return made


def openai() -> RealtimeOpenAiDialogue:
    return RealtimeOpenAiDialogue(RealtimeSetup(AudioFormat.PCM16_24K, AudioFormat.PCM16_24K, "en", NOW), "gpt-live-transcribe", "marin", 1.0)


def kinds(reaction: Reaction) -> list[str]:
    """What is sent, in one word each."""
    found: list[str] = []
    for message in reaction.messages:
        body: dict[str, Any] = json.loads(message)
        inner = body.get("realtimeInput") or body
        found.append(body.get("type") or next(iter(inner)))
    return found


def told(dialogue: LiveDialogue, *contents: dict[str, Any], now_s: float = 1.0) -> list[RealtimeEvent]:
    return [event for content in contents for event in dialogue.read(json.dumps({"serverContent": content}), now_s).events]


def speak(dialogue: LiveDialogue, text: str, now_s: float, now: LlmRequest = NOW) -> Reaction:
    dialogue.caller_began()
    dialogue.hear(SPEECH)
    told(dialogue, {"inputTranscription": {"text": text}}, now_s=now_s)
    return dialogue.caller_stopped(now, 200, now_s)


def audio(text: str = "") -> dict[str, Any]:
    part = {"modelTurn": {"parts": [{"inlineData": {"data": SOUND}}]}}
    return {**part, "outputTranscription": {"text": text}} if text else part


def asked(*messages: Message) -> LlmRequest:
    return LlmRequest("Sell pizza.", messages)


def names(events: Iterable[RealtimeEvent]) -> list[type[RealtimeEvent]]:
    return [type(event) for event in events]


def test_words_are_settled_when_none_follow() -> None:
    dialogue = live()
    assert kinds(speak(dialogue, "hi", 1.0)) == ["activityEnd"]
    assert dialogue.due_s == pytest.approx(1.25)
    assert told(dialogue, {"inputTranscription": {"text": " there"}}, now_s=1.2) == [Transcript("hi there", is_final=False)]
    assert dialogue.elapsed(1.3).events == ()
    assert dialogue.elapsed(1.5).events == (Transcript("hi there", is_final=True, answers_finalize=True),)
    assert dialogue.due_s is None


def test_words_of_a_caller_who_goes_on_at_once_are_not_lost() -> None:
    dialogue = live()
    speak(dialogue, "a rose", 1.0)
    assert dialogue.caller_began().events == (Transcript("a rose", is_final=True, answers_finalize=True),)
    assert told(dialogue, {"inputTranscription": {"text": "please"}}) == [Transcript("please", is_final=False)]


def test_a_noise_is_settled_later_and_silence_at_once() -> None:
    dialogue = live()
    assert dialogue.caller_stopped(NOW, 0.0, 1.0).events == (SETTLED,)
    dialogue.caller_began()
    dialogue.caller_stopped(NOW, 0.0, 1.0)
    assert dialogue.elapsed(2.0).events == ()
    assert dialogue.elapsed(2.6).events == (SETTLED,)


def test_the_end_of_an_answer_waits_for_its_last_words() -> None:
    dialogue = live()
    speak(dialogue, "hi", 1.0)
    number, reaction = dialogue.ask(asked(HI), None)
    assert (number, reaction.messages) == (1, ())
    assert names(told(dialogue, audio(), {"generationComplete": True}, now_s=2.0)) == [AnswerAudio]
    assert names(told(dialogue, {"outputTranscription": {"text": "Hello."}}, now_s=2.1)) == [AnswerText]
    assert [event for event in dialogue.elapsed(2.4).events if isinstance(event, AnswerEnded)]
    # The vendor's own end comes when it thinks that all was played: it must not end the next answer.
    speak(dialogue, "bye", 3.0, asked(HI, Message("assistant", "Hello.")))
    assert told(dialogue, {"turnComplete": True}, now_s=3.1) == []
    assert names(told(dialogue, audio("Bye."), {"turnComplete": True}, now_s=3.2)) == [AnswerText, AnswerAudio, AnswerEnded]


def test_an_interruption_of_an_answer_that_had_not_begun_ends_nothing() -> None:
    dialogue = live()
    speak(dialogue, "my number", 1.0)
    speak(dialogue, "is five", 2.0)
    assert told(dialogue, {"interrupted": True}, {"turnComplete": True}, now_s=2.1) == []
    assert dialogue.ask(asked(Message("user", "my number is five")), None) == (2, NOTHING)
    assert names(told(dialogue, audio("Thanks."), now_s=2.5)) == [AnswerText, AnswerAudio]


def test_two_pieces_of_speech_over_an_answer_are_both_heard_after_it() -> None:
    dialogue = live()
    speak(dialogue, "hi", 1.0)
    dialogue.ask(asked(HI), None)
    told(dialogue, audio("Hello."))
    for _ in range(2):
        assert dialogue.caller_began().messages == ()
        assert dialogue.hear(SPEECH).messages == ()
        assert dialogue.caller_stopped(NOW, 0.0, 2.0).messages == ()
    ended = dialogue.read('{"serverContent": {"turnComplete": true}}', 3.0)
    assert kinds(ended) == ["activityStart", "audio", "audio", "activityEnd"]


def test_an_early_answer_for_nothing_is_told_to_be_unheard() -> None:
    dialogue = live()
    speak(dialogue, "mm-hm", 1.0)
    told(dialogue, audio("What can I do?"), {"turnComplete": True})
    stopped = speak(dialogue, "hi", 2.0)
    assert kinds(stopped) == ["clientContent", "activityEnd"]
    assert "before the caller heard anything" in stopped.messages[0]


def test_a_revoked_call_is_not_answered_as_one() -> None:
    dialogue = live()
    speak(dialogue, "hi", 1.0)
    dialogue.ask(asked(HI), None)
    calls = dialogue.read('{"toolCall": {"functionCalls": [{"id": "c1", "name": "order", "args": {}}]}}', 1.5).events
    assert names(calls) == [AnswerCall, AnswerEnded]
    dialogue.read('{"toolCallCancellation": {"ids": ["c1"]}}', 1.6)
    history = asked(HI, Message("assistant", "", (CALL,)), Message("tool", "{}", (), "c1", "order"))
    number, reaction = dialogue.ask(history, None)
    assert (number, kinds(reaction)) == (2, ["clientContent"])
    assert "The tool order answered" in reaction.messages[0]


def test_an_outcome_is_given_once_and_later_ones_are_told() -> None:
    dialogue = live()
    speak(dialogue, "hi", 1.0)
    dialogue.ask(asked(HI), None)
    dialogue.read('{"toolCall": {"functionCalls": [{"id": "c1", "name": "order", "args": {}}]}}', 1.5)
    call, user = Message("assistant", "", (CALL,)), Message("user", "and?")
    unfinished, finished = (Message("tool", text, (), "c1", "order") for text in ("not finished", '{"total": 12}'))
    assert kinds(speak(dialogue, "and?", 2.0, asked(HI, call, unfinished))) == ["toolResponse", "activityEnd"]
    assert kinds(dialogue.ask(asked(HI, call, finished, user), None)[1]) == ["clientContent"]


def test_a_call_of_another_session_has_no_outcome_to_give() -> None:
    history = asked(HI, Message("assistant", "", (CALL,)), Message("tool", "not finished", (), "c1", "order"))
    setup = RealtimeSetup(AudioFormat.PCM16_16K, AudioFormat.PCM16_24K, "en", history)
    dialogue = LiveDialogue(setup, "gemini-3.8-live", "Kore")
    assert kinds(dialogue.settled()) == ["clientContent"]
    answered = asked(*history.messages[:2], Message("tool", '{"total": 12}', (), "c1", "order"))
    assert kinds(dialogue.ask(answered, None)[1]) == ["clientContent"]


def test_other_instructions_make_an_early_answer_useless() -> None:
    dialogue = live()
    speak(dialogue, "hi", 1.0)
    number, reaction = dialogue.ask(LlmRequest("Sell flowers.", (HI,)), None)
    assert (number, kinds(reaction)) == (2, ["contextUpdate", "clientContent"])
    older = live("gemini-2.5-flash-native-audio")
    speak(older, "hi", 1.0)
    assert older.ask(LlmRequest("Sell flowers.", (HI,)), None) == (None, NOTHING)


def test_a_vendor_that_leaves_and_one_that_cannot_be_read() -> None:
    dialogue = live()
    assert dialogue.read('{"goAway": {"timeLeft": "50s"}}', 1.0).events == (Leaving(50.0),)
    dialogue.read('{"sessionResumptionUpdate": {"newHandle": "h", "resumable": true}}', 1.0)
    assert dialogue.handover is not None
    assert dialogue.handover[0] == "h"
    dialogue.read('{"sessionResumptionUpdate": {"resumable": false}}', 1.0)
    assert dialogue.handover is None
    dialogue.ask(asked(HI), None)
    with pytest.raises(DependencyError) as caught:
        dialogue.read('{"serverContent": {"modelTurn": {"parts": [{"inlineData": {}}]}}}', 1.0)
    assert caught.value.code == "provider_malformed"


def _error(dialogue: RealtimeOpenAiDialogue, **fields: Any) -> Reaction:
    return dialogue.read(json.dumps({"type": "error", "error": {"type": "invalid_request_error", **fields}}), 1.0)


def test_openai_failures_that_matter_and_those_that_do_not() -> None:
    dialogue = openai()
    assert _error(dialogue, code="response_cancel_not_active") == NOTHING
    assert _error(dialogue, code="item_delete_invalid_item_id", event_id="edit_7") == NOTHING
    number, _ = dialogue.ask(asked(HI), None)
    ended = _error(dialogue, code="conversation_already_has_active_response", event_id=f"ask_{number}").events[0]
    assert isinstance(ended, AnswerEnded)
    assert ended.failure is not None
    for fields, code in (({"code": "session_expired"}, "provider_disconnected"), ({"code": "invalid_api_key"}, "provider_unauthorised")):
        with pytest.raises(DependencyError) as caught:
            _error(dialogue, **fields)
        assert caught.value.code == code


def test_openai_speech_that_cannot_be_transcribed_is_a_noise() -> None:
    dialogue = openai()
    dialogue.hear(SPEECH * 4)
    assert kinds(dialogue.caller_stopped(NOW, 0.0, 1.0)) == ["input_audio_buffer.commit"]
    dialogue.read('{"type": "input_audio_buffer.committed", "item_id": "i1"}', 1.0)
    failed = {"type": "conversation.item.input_audio_transcription.failed", "item_id": "i1", "error": {}}
    assert dialogue.read(json.dumps(failed), 1.1).events == (SETTLED,)
    assert kinds(dialogue.ask(asked(HI), None)[1]) == ["conversation.item.delete", "conversation.item.create", "response.create"]


def test_openai_asked_twice_at_once_answers_the_second() -> None:
    dialogue = openai()
    dialogue.ask(asked(HI), None)
    second, reaction = dialogue.ask(asked(HI, Message("user", "[keypad: 1]")), None)
    assert (second, kinds(reaction)) == (2, ["response.cancel"])
    done = dialogue.read('{"type": "response.done", "response": {"status": "cancelled"}}', 1.0)
    assert (kinds(done), done.events) == (["conversation.item.create", "response.create"], ())
    assert dialogue.cancel(1, 1.0) == NOTHING
    assert kinds(dialogue.cancel(2, 1.0)) == ["response.cancel"]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"status": "incomplete", "status_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "status_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "completed", "output": [{"type": "function_call"}]}, "tool_calls"),
    ],
)
def test_openai_says_why_an_answer_ended(response: dict[str, Any], reason: str) -> None:
    dialogue = openai()
    dialogue.ask(asked(HI), None)
    ended = dialogue.read(json.dumps({"type": "response.done", "response": response}), 1.0).events[0]
    assert isinstance(ended, AnswerEnded)
    assert ended.done is not None
    assert ended.done.finish_reason == reason
