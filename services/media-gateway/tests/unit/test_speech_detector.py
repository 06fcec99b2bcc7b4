"""Proves A2: interruption_sensitivity as the length of speech that cuts the agent off."""

from collections.abc import Sequence

import numpy as np
import pytest
from callstage_audio.vad import VadState
from media_gateway.vad.batch import Heard, Listening, Window, judge_all
from media_gateway.vad.detector import DetectorSettings, Happening, SpeechDetector, barge_in_ms

WINDOW_MS = 32


def happenings(detector: SpeechDetector, speech_windows: int, *, is_agent_audible: bool) -> list[tuple[Happening, int]]:
    """What happens, and at which ms, in ten windows of quiet, speech, and twenty windows of quiet."""
    found: list[tuple[Happening, int]] = []
    for index, probability in enumerate([0.05] * 10 + [0.95] * speech_windows + [0.05] * 20):
        now_ms = (index + 1) * WINDOW_MS
        for what in detector.push(probability, -20, now_ms, is_agent_audible=is_agent_audible):
            found.append((what, now_ms))  # noqa: PERF401 (keeps the literal type)
    return found


@pytest.mark.parametrize(("sensitivity", "expected"), [(0.0, None), (0.01, 788), (0.25, 500), (0.5, 200), (0.75, 150), (1.0, 100)])
def test_sensitivity(sensitivity: float, expected: float | None) -> None:
    needed = barge_in_ms(sensitivity, 200)
    assert needed is None if expected is None else needed == pytest.approx(expected)


def test_at_half_sensitivity_start_and_barge_in_coincide() -> None:
    begin = 10 * WINDOW_MS
    found = happenings(SpeechDetector(), 20, is_agent_audible=True)
    assert [what for what, _ in found] == ["started", "barge_in", "stopped"]
    assert found[0][1] - begin == found[1][1] - begin == 192


def test_low_sensitivity_needs_longer_speech() -> None:
    detector = SpeechDetector(DetectorSettings(sensitivity=0.25))
    assert [what for what, _ in happenings(detector, 10, is_agent_audible=True)] == ["started", "stopped"]
    found = dict(happenings(SpeechDetector(DetectorSettings(sensitivity=0.25)), 20, is_agent_audible=True))
    assert found["barge_in"] - 10 * WINDOW_MS == 480


def test_high_sensitivity_is_faster_only_while_the_agent_speaks() -> None:
    settings = DetectorSettings(sensitivity=1.0)
    assert dict(happenings(SpeechDetector(settings), 20, is_agent_audible=True))["barge_in"] - 10 * WINDOW_MS == 96
    quiet = happenings(SpeechDetector(settings), 20, is_agent_audible=False)
    assert [what for what, _ in quiet] == ["started", "stopped"]
    assert quiet[0][1] - 10 * WINDOW_MS == 192
    assert happenings(SpeechDetector(settings), 4, is_agent_audible=False) == []


def test_zero_never_cuts_off() -> None:
    assert [what for what, _ in happenings(SpeechDetector(DetectorSettings(sensitivity=0)), 60, is_agent_audible=True)] == ["started", "stopped"]


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
