"""The start/stop machine on made-up probabilities."""

import pytest
from callstage_audio.vad_gate import VadEvent, VadGate, VadGateSettings
from hypothesis import given
from hypothesis import strategies as st

WINDOW_MS = 32
LOUD_DBFS = -20.0


def run(gate: VadGate, probabilities: list[float], begin_ms: float = 0.0) -> list[tuple[int, VadEvent]]:
    """(index of the window, event) for windows that follow each other without a hole."""
    events: list[tuple[int, VadEvent]] = []
    for index, probability in enumerate(probabilities):
        event = gate.push(probability, LOUD_DBFS, begin_ms + (index + 1) * WINDOW_MS)
        if event is not None:
            events.append((index, event))
    return events


def test_speech_of_200_ms_starts_and_quiet_of_200_ms_stops() -> None:
    gate = VadGate()
    assert run(gate, [0.1] * 5 + [0.9] * 10 + [0.1] * 10) == [(11, "start"), (21, "stop")]
    assert gate.changed_ms == 15 * WINDOW_MS
    assert not gate.is_speaking


def test_a_click_is_no_speech_and_a_pause_is_no_end() -> None:
    assert run(VadGate(), [0.9] * 6 + [0.1] * 2 + [0.9] * 6 + [0.1] * 5) == []
    gate = VadGate()
    assert run(gate, [0.9] * 10 + [0.1] * 6 + [0.9] + [0.1] * 6) == [(6, "start")]
    assert gate.is_speaking


def test_one_low_window_is_forgiven_two_are_not() -> None:
    assert run(VadGate(), [0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9]) == [(6, "start")]
    assert run(VadGate(), [0.9, 0.9, 0.1, 0.9, 0.1, 0.9, 0.9]) == []
    assert run(VadGate(), [0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9]) == []


def test_start_needs_a_window_of_speech_at_its_end() -> None:
    assert run(VadGate(), [0.9] * 6 + [0.1, 0.9]) == [(7, "start")]
    assert run(VadGate(), [0.9] * 6 + [0.4, 0.4, 0.9]) == [(8, "start")]


def test_between_the_thresholds_the_state_stays() -> None:
    assert run(VadGate(), [0.4] * 50) == []
    gate = VadGate()
    assert run(gate, [0.9] * 10 + [0.4] * 50) == [(6, "start")]


def test_a_quiet_window_needs_no_model_and_counts_as_quiet() -> None:
    gate = VadGate(VadGateSettings(energy_floor_dbfs=-50))
    assert not gate.needs_model(-50.1)
    assert gate.needs_model(-50.0)
    assert [gate.push(0.99, -60.0, 32.0 * (i + 1)) for i in range(20)] == [None] * 20
    run(gate, [0.9] * 10, begin_ms=640)
    assert [gate.push(None, -60.0, 960 + 32.0 * (i + 1)) for i in range(6)] == [None] * 5 + ["stop"]


def pushed(gate: VadGate, windows: list[tuple[float, float]]) -> list[tuple[int, VadEvent]]:
    """(index of the window, event) for (probability, level) pairs."""
    events: list[tuple[int, VadEvent]] = []
    for index, (probability, level) in enumerate(windows):
        event = gate.push(probability, level, (index + 1) * WINDOW_MS)
        if event is not None:
            events.append((index, event))
    return events


def test_silence_counts_from_the_last_word_though_the_model_still_remembers_it() -> None:
    gate = VadGate()
    assert pushed(gate, [(0.05, -55.0)] * 5 + [(0.9, -20.0)] * 10 + [(0.8, -55.0)] * 3 + [(0.1, -55.0)] * 5) == [(11, "start"), (20, "stop")]
    assert gate.changed_ms == 15 * WINDOW_MS


def test_a_soft_syllable_or_a_noisy_line_is_left_to_the_model() -> None:
    assert pushed(VadGate(), [(0.05, -55.0)] * 5 + [(0.9, -20.0)] * 10 + [(0.8, -42.0)] * 20) == [(11, "start")]
    # Above the noise by more than noise varies: a voice that moved away from the microphone.
    assert pushed(VadGate(), [(0.05, -60.0)] * 5 + [(0.9, -20.0)] * 10 + [(0.8, -48.0)] * 20) == [(11, "start")]
    # 26 dB below: quiet, but a full 200 ms of it.
    assert pushed(VadGate(), [(0.05, -46.0)] * 5 + [(0.9, -20.0)] * 10 + [(0.8, -46.0)] * 10) == [(11, "start"), (21, "stop")]


def test_levels_are_relative_to_the_caller() -> None:
    soft = [(0.05, -60.0)] * 5 + [(0.9, -38.0)] * 10 + [(0.8, -60.0)] * 10
    assert pushed(VadGate(), soft) == [(11, "start")], "22 dB are all that such a line has"


def test_a_hole_in_the_audio_ends_a_run() -> None:
    gate = VadGate()
    assert run(gate, [0.9] * 6) == []
    assert gate.run_started_ms == 0
    assert gate.push(0.9, LOUD_DBFS, 5000) is None
    assert gate.run_started_ms == 5000 - WINDOW_MS


def test_reset_is_quiet_and_silent_about_it() -> None:
    gate = VadGate()
    run(gate, [0.9] * 10)
    gate.reset()
    assert not gate.is_speaking
    assert gate.changed_ms is None
    assert run(gate, [0.1] * 20) == []


@pytest.mark.parametrize("wrong", [{"stop_threshold": 0.6}, {"start_threshold": 1.0}, {"stop_threshold": 0.0}, {"start_ms": -1}, {"window_ms": 0}])
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"need|must"):
        VadGateSettings(**wrong)


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.floats(0, 1)), st.floats(-100, 0), st.floats(0, 300)), max_size=200),
    st.floats(0, 400),
    st.floats(0, 400),
)
def test_starts_and_stops_alternate_and_keep_their_distance(
    windows: list[tuple[float | None, float, float]], start_ms: float, stop_ms: float
) -> None:
    gate = VadGate(VadGateSettings(start_ms=start_ms, stop_ms=stop_ms))
    now_ms, expected, last_index = 0.0, "start", -1
    for index, (probability, level_dbfs, late_ms) in enumerate(windows):
        now_ms += WINDOW_MS + late_ms
        event = gate.push(probability, level_dbfs, now_ms)
        assert gate.run_started_ms is None or gate.run_started_ms < now_ms
        if event is None:
            continue
        assert event == expected
        assert gate.is_speaking == (event == "start")
        assert (index - last_index) * WINDOW_MS >= (start_ms if event == "start" else max(WINDOW_MS, stop_ms - WINDOW_MS))
        assert gate.changed_ms is not None
        assert gate.changed_ms < now_ms
        expected, last_index = ("stop" if event == "start" else "start"), index


@given(st.lists(st.floats(0, 0.49), max_size=100))
def test_nothing_below_the_start_threshold_ever_starts(probabilities: list[float]) -> None:
    assert run(VadGate(), probabilities) == []
