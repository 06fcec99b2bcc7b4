"""Proves A2: interruption_sensitivity as the length of speech that cuts the agent off."""

from collections.abc import Sequence

import numpy as np
import pytest
from callstage_audio.vad import VadState
from media_gateway.vad.batch import Heard, Listening, Window, judge_all
from media_gateway.vad.detector import DetectorSettings, Happening, SpeechDetector

WINDOW_MS = 32


def happenings(detector: SpeechDetector, speech_windows: int, *, is_agent_audible: bool) -> list[tuple[Happening, int]]:
    """What happens, and at which ms, in ten windows of quiet, speech, and twenty windows of quiet."""
    found: list[tuple[Happening, int]] = []
    for index, probability in enumerate([0.05] * 10 + [0.95] * speech_windows + [0.05] * 20):
        now_ms = (index + 1) * WINDOW_MS
        for what in detector.push(probability, -20 if probability > 0.5 else -50, now_ms, is_agent_audible=is_agent_audible):
            found.append((what, now_ms))  # noqa: PERF401 (keeps the literal type)
    return found


def test_at_half_sensitivity_start_and_barge_in_coincide() -> None:
    begin = 10 * WINDOW_MS
    found = happenings(SpeechDetector(), 20, is_agent_audible=True)
    assert [what for what, _ in found] == ["started", "barge_in", "stopped"]
    assert found[0][1] - begin == found[1][1] - begin == 192


def test_low_sensitivity_leaves_it_to_the_words() -> None:
    detector = SpeechDetector(DetectorSettings(sensitivity=0.25))
    assert [what for what, _ in happenings(detector, 60, is_agent_audible=True)] == ["started", "stopped"]


@pytest.mark.parametrize(("is_agent_audible", "expected"), [(True, []), (False, ["started", "stopped"])])
def test_over_the_agent_what_hardly_rises_above_the_noise_is_no_speech(is_agent_audible: bool, expected: list[Happening]) -> None:
    detector = SpeechDetector()
    windows = [(0.05, -30.0)] * 200 + [(0.95, -26.0)] * 12 + [(0.05, -30.0)] * 10
    found = [
        what
        for index, (probability, level_dbfs) in enumerate(windows)
        for what in detector.push(probability, level_dbfs, (index + 1) * WINDOW_MS, is_agent_audible=is_agent_audible)
    ]
    assert found == expected


def test_our_own_voice_is_no_speech_until_someone_speaks_over_it() -> None:
    detector, asked = SpeechDetector(), list[int]()
    found: list[tuple[Happening, int]] = []
    for index in range(40):
        now_ms = (index + 1) * WINDOW_MS

        def is_echo(now_ms: int = now_ms) -> bool:
            asked.append(now_ms)
            return now_ms < 700

        found.extend((what, now_ms) for what in detector.push(0.95, -20, now_ms, is_agent_audible=True, is_echo=is_echo))
    assert found == [("started", 768), ("barge_in", 768)]
    assert asked == [192, 288, 384, 480, 576, 672, 768]


def test_high_sensitivity_is_faster_only_while_the_agent_speaks() -> None:
    settings = DetectorSettings(sensitivity=1.0)
    assert dict(happenings(SpeechDetector(settings), 20, is_agent_audible=True))["barge_in"] - 10 * WINDOW_MS == 96
    quiet = happenings(SpeechDetector(settings), 20, is_agent_audible=False)
    assert [what for what, _ in quiet] == ["started", "stopped"]
    assert quiet[0][1] - 10 * WINDOW_MS == 192
    assert happenings(SpeechDetector(settings), 4, is_agent_audible=False) == []


def test_zero_never_cuts_off() -> None:
    assert [what for what, _ in happenings(SpeechDetector(DetectorSettings(sensitivity=0)), 60, is_agent_audible=True)] == ["started", "stopped"]


def test_a_line_that_cried_wolf_is_believed_less_for_a_while() -> None:
    detector = SpeechDetector()

    def needed_ms(from_window: int) -> int | None:
        for index in range(from_window, from_window + 60):
            is_speech = from_window + 10 <= index < from_window + 40
            found = detector.push(0.95 if is_speech else 0.05, -20 if is_speech else -50, (index + 1) * WINDOW_MS, is_agent_audible=True)
            if "barge_in" in found:
                return (index + 1 - from_window - 10) * WINDOW_MS
        return None

    assert needed_ms(0) == 192
    detector.push(0.05, -50, 60 * WINDOW_MS, is_agent_audible=False)
    needed: list[int | None] = []
    for start in (60, 120, 180, 240):
        for index in range(start - 20, start):
            detector.push(0.05, -50, (index + 1) * WINDOW_MS, is_agent_audible=False)
        detector.doubt(start * WINDOW_MS)
        needed.append(needed_ms(start))
    assert needed == [384, 576, 768, 768]
    for index in range(300, 500):
        detector.push(0.05, -50, (index + 1) * WINDOW_MS, is_agent_audible=False)
    assert needed_ms(500) == 192


class CountingModel:
    """Says the mean of a window; remembers the sizes of the batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def speech_probabilities(self, windows: Sequence[Window], states: Sequence[VadState]) -> list[float]:
        self.batches.append(len(windows))
        return [float(window.mean()) for window in windows]


def test_one_model_run_per_round_over_all_calls() -> None:
    model, verdicts = CountingModel(), list[tuple[str, float | None]]()

    def heard(value: int, *, is_quiet: bool = False) -> Heard:
        return Heard(np.full(256, value, np.int16), -20, 32, is_quiet)

    def listening(name: str, *windows: Heard) -> Listening:
        return Listening(VadState(), windows, lambda _, probability: verdicts.append((name, probability)))

    judge_all(model, [listening("a", heard(1), heard(2)), listening("b", heard(3)), listening("c", heard(4, is_quiet=True))])
    assert model.batches == [2, 1]
    assert verdicts == [("a", 1.0), ("b", 3.0), ("c", None), ("a", 2.0)]
