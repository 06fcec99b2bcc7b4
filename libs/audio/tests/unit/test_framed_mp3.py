"""Proves K1 K3: recordings are made of frames that stand alone, begin exactly where the sound began, and can be cut and joined anywhere."""

import io

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from callstage_audio.framed_mp3 import FRAME_BYTES, FRAME_SAMPLES, RATES_HZ, FramedMp3Encoder, frame_ms, silent_frame
from numpy.typing import NDArray


def _noise(samples: int) -> NDArray[np.int16]:
    return (np.random.default_rng(1).standard_normal(samples) * 3000).astype(np.int16)


def _encoded(left: NDArray[np.int16], right: NDArray[np.int16], rate_hz: int) -> bytes:
    encoder = FramedMp3Encoder(rate_hz)
    pieces = [encoder.push(left[start : start + 700], right[start : start + 700]) for start in range(0, left.size, 700)]
    return b"".join([*pieces, encoder.finish()])


def _decoded(mp3: bytes) -> NDArray[np.float32]:
    with av.open(io.BytesIO(mp3), "r", format="mp3") as container:
        found = [frame.to_ndarray() for frame in container.decode(audio=0) if isinstance(frame, AudioFrame)]
    return np.concatenate(found, axis=1).astype(np.float32)


def _place_of(part: NDArray[np.int16], sound: NDArray[np.float32]) -> int:
    return int(np.correlate(sound.astype(np.float64), part.astype(np.float64), "valid").argmax())


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_every_sample_keeps_its_place_and_its_side(rate_hz: int) -> None:
    noise = _noise(rate_hz)
    sound = _decoded(_encoded(noise, np.zeros_like(noise), rate_hz))
    assert _place_of(noise[3000:5000], sound[0]) == 3000
    assert float(np.abs(sound[1]).max()) < 1e-4


@pytest.mark.parametrize("samples", [1, 529, 576, 577, 5760, 6000])
def test_the_last_frame_is_filled_up(samples: int) -> None:
    noise = _noise(samples)
    assert len(_encoded(noise, noise, 8000)) == -(-samples // FRAME_SAMPLES) * FRAME_BYTES


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_frames_are_cut_and_joined_with_silence_anywhere(rate_hz: int) -> None:
    noise = _noise(FRAME_SAMPLES * 30)
    mp3 = _encoded(noise, noise, rate_hz)
    joined = mp3[: 7 * FRAME_BYTES] + silent_frame(rate_hz) * 5 + mp3[12 * FRAME_BYTES :]
    sound = _decoded(joined)
    assert sound.shape[1] == noise.size
    assert _place_of(noise[20 * FRAME_SAMPLES : 24 * FRAME_SAMPLES], sound[0]) == 20 * FRAME_SAMPLES
    # The frame after a cut still rings.
    assert float(np.abs(sound[:, 9 * FRAME_SAMPLES : 11 * FRAME_SAMPLES]).max()) < 1e-3


def test_only_rates_of_recordings() -> None:
    assert [frame_ms(rate_hz) for rate_hz in RATES_HZ] == [72, 36]
    with pytest.raises(ValueError, match="24000"):
        FramedMp3Encoder(24000)
