"""Proves that a turn's latency is divided between vendors and platform as the vendors' records say (rule K5's parts, seen from outside)."""

import json

import pytest
from callstage_testing.bench.attribution import Heard, Turn, VendorRecords, percentile
from callstage_testing.bench.fakes_process import answer, transcripts
from callstage_testing.bench.tags import caller_number, find_caller, find_tags, tag_of

CALLER = caller_number(3)
TAG = tag_of(7, 2)


def deepgram(at: float = 10.26, name: str = "finalize") -> dict[str, object]:
    text = f"I would like to check my order {TAG}."
    return {"received_at": 1.0, "moments": [[9.0, "speech_started", ""], [at, name, ""], [at + 0.05, "final", text], [at + 0.06, "final", ""]]}


def openai(asked_at: float = 10.313, *, caller: str = CALLER, tag: str = TAG) -> dict[str, object]:
    messages = [{"role": "system", "content": f"The caller's number is {caller}."}, {"role": "user", "content": f"my order {tag}."}]
    moments = [[asked_at + 0.151, "first_token", ""], [asked_at + 0.19, "first_sentence", ""], [asked_at + 0.4, "done", ""]]
    return {"received_at": asked_at, "body": json.dumps({"messages": messages}), "moments": moments}


def elevenlabs(asked_at: float = 10.504, *, tag: str = TAG) -> dict[str, object]:
    return {"received_at": asked_at, "moments": [[asked_at, "text", f"Of course, {tag}."], [asked_at + 0.1, "first_byte", ""]]}


def records(**changed: list[dict[str, object]]) -> VendorRecords:
    usual = {"deepgram": [deepgram()], "openai": [openai()], "elevenlabs": [elevenlabs()]}
    chosen = {**usual, **changed}
    return VendorRecords.read(deepgram=chosen["deepgram"], openai=chosen["openai"], elevenlabs=chosen["elevenlabs"], ttft_s=0.15, first_byte_s=0.1)


def turn(first_at: float = 10.606, *, ended_at: float = 10.0) -> Turn:
    return Turn(CALLER, 8.0, ended_at, (Heard(first_at, 1.1), Heard(first_at + 1.3, 4.9)))


def test_the_parts_add_up_to_the_response() -> None:
    found = records().waterfall(turn())
    assert found is not None
    assert found.response_ms == pytest.approx(606)
    assert (found.p_stt_ms, found.p_llm_ms, found.p_tts_ms) == pytest.approx((50, 190, 100))
    assert (found.s_eos_ms, found.s_turn_ms, found.s_agg_ms, found.s_out_ms) == pytest.approx((60, 3, 1, 2))
    assert found.overhead_ms == pytest.approx(found.s_eos_ms + found.own_ms)
    assert found.own_ms == pytest.approx(6)


def test_a_text_that_was_there_before_the_decision_costs_no_waiting() -> None:
    found = records(deepgram=[deepgram(name="endpoint")]).waterfall(turn())
    assert found is not None
    assert (found.p_stt_ms, found.s_turn_ms, found.has_finalize) == (0, 0, False), "nobody waited for it"
    assert found.s_eos_ms == pytest.approx(113), "up to the request to the model"


def test_text_that_came_by_an_endpoint_waits_for_the_answer_to_the_finalize() -> None:
    text = f"I would like to check my order {TAG}."
    moments = [
        [10.2, "endpoint", ""],
        [10.22, "finalize", ""],
        [10.25, "final", text],
        [10.27, "final", ""],
        [20.0, "finalize", ""],
        [20.1, "final", ""],
    ]
    found = records(deepgram=[{"received_at": 1.0, "moments": moments}]).waterfall(turn())
    assert found is not None
    assert (found.s_eos_ms, found.p_stt_ms, found.s_turn_ms) == pytest.approx((20, 50, 43))


def test_of_two_generations_the_one_that_was_spoken_counts() -> None:
    found = records(openai=[openai(10.2), openai(10.313)]).waterfall(turn())
    assert found is not None
    assert found.s_turn_ms == pytest.approx(3)


def test_another_callers_records_explain_nothing() -> None:
    other = [openai(caller=caller_number(4))]
    assert records(openai=other).waterfall(turn()) is None
    assert records(elevenlabs=[elevenlabs(tag=tag_of(7, 3))]).waterfall(turn()) is None
    assert records(deepgram=[]).waterfall(turn()) is None


def test_unanswered_and_early_turns_have_no_waterfall() -> None:
    early, silent = turn(ended_at=10.7), Turn(CALLER, 8.0, 10.0)
    assert early.is_early
    assert not silent.is_answered
    assert records().waterfall(early) is None
    assert records().waterfall(silent) is None


def test_broken_bodies_are_passed_over() -> None:
    broken: dict[str, object] = {"received_at": 10.3, "body": "{", "moments": []}
    assert records(openai=[broken, openai()]).waterfall(turn()) is not None


def test_pauses_between_parts_of_an_answer_are_dry() -> None:
    assert turn().dry_s == pytest.approx(0.2)
    assert turn().spoken_s == pytest.approx(6.0)
    gapless = Turn(CALLER, 8.0, 10.0, (Heard(10.6, 1.1, dry_s=0.1), Heard(11.8, 4.9)))
    assert gapless.dry_s == pytest.approx(0.1)


def test_the_fakes_own_lateness_is_told() -> None:
    assert records().lateness_ms == pytest.approx([1.0, 0.0])


def test_the_tag_travels_from_the_transcript_into_the_answer() -> None:
    heard = transcripts(7)[2]
    assert find_tags(heard) == [TAG]
    assert find_tags(answer({"messages": [{"role": "user", "content": heard}]}).text) == [TAG]
    assert len({tag_of(connection, number) for connection in range(100) for number in range(64)}) == 6400


def test_a_caller_is_found_in_a_prompt() -> None:
    assert find_caller(f"The caller's number is {CALLER}.") == CALLER
    assert find_caller("nobody") is None


def test_percentiles_are_linear() -> None:
    assert percentile([], 0.5) is None
    assert percentile([4.0], 0.95) == 4.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == pytest.approx(2.5)
