"""Proves C5 (no turn is lost) at its root: what the caller said is kept until it was answered, and not for ever."""

import pytest
from callstage_domain.audio import AudioFormat
from media_gateway.calls.ears import BEFORE_SPEECH_MS, MAX_BACKLOG_MS, MAX_KEPT_MS, Ears


def hear(ears: Ears, duration_ms: int) -> None:
    """Frames of 20 ms; a multiple of 160 ms ends with a frame and with a window of 32 ms."""
    before_ms = ears.heard_ms
    for _ in range(duration_ms // 20):
        ears.push(bytes(ears.format.size_bytes(20)))
        ears.take()
    assert ears.heard_ms == before_ms + duration_ms


def test_audio_is_taken_when_it_completes_a_window_and_not_before() -> None:
    ears = Ears(AudioFormat.PCMU_8K)
    taken_ms: list[float] = []
    for _ in range(8):
        ears.push(bytes(160))
        taken_ms.append(len(ears.take()) / 8)
    assert taken_ms == [0, 40, 0, 40, 20, 0, 40, 20]


@pytest.mark.parametrize("uplink", [AudioFormat.PCMU_8K, AudioFormat.PCM16_16K])
def test_unanswered_words_are_kept_with_some_audio_before_them(uplink: AudioFormat) -> None:
    ears = Ears(uplink)
    hear(ears, 9_600)
    assert ears.unanswered() == (b"", 9_600)
    ears.keep_from(9_400)
    hear(ears, 3_200)
    audio, begins_ms = ears.unanswered()
    assert begins_ms == 9_400 - BEFORE_SPEECH_MS
    assert uplink.duration_ms(len(audio)) == 12_800 - begins_ms
    ears.forget()
    assert ears.unanswered() == (b"", 12_800)


def test_at_most_fifteen_seconds_are_kept() -> None:
    ears = Ears(AudioFormat.PCMU_8K)
    ears.keep_from(0)
    hear(ears, 60_000)
    audio, begins_ms = ears.unanswered()
    assert MAX_KEPT_MS <= len(audio) / 8 <= MAX_KEPT_MS + 1020
    assert begins_ms + len(audio) / 8 == 60_000


def test_odd_pieces_become_whole_frames_and_bursts_are_bounded() -> None:
    ears = Ears(AudioFormat.PCM16_16K)
    ears.push(bytes(641 * 2))
    assert len(ears.take()) == 640 * 2
    ears.push(bytes(32_000 * 10))
    taken = 0
    while audio := ears.take():
        assert len(audio) <= 32_000
        taken += len(audio)
    assert taken == AudioFormat.PCM16_16K.size_bytes(MAX_BACKLOG_MS)


def test_silence_stands_in_for_a_stalled_carrier_only_while_someone_speaks() -> None:
    ears = Ears(AudioFormat.PCMU_8K)
    ears.push(bytes([0xFF] * 320))
    assert len(ears.windows(ears.take(), 1000, is_listening=True, floor_dbfs=-60)) == 1
    assert ears.windows(b"", 1100, is_listening=True, floor_dbfs=-60) == []
    assert ears.windows(b"", 2000, is_listening=False, floor_dbfs=-60) == []
    stalled = ears.windows(b"", 2000, is_listening=True, floor_dbfs=-60)
    assert [window.is_quiet for window in stalled] == [True]
    assert ears.at_ms(stalled[0].end_ms) == 32
