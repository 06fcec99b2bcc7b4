"""G.711 against golden values of ITU-T G.711, against the standard library, and against itself."""

import importlib
import importlib.util
import warnings
from typing import Any

import numpy as np
import pytest
from callstage_audio import g711

EVERY_SAMPLE = np.arange(-32768, 32768, dtype="<i2")
EVERY_CODE = bytes(range(256))


def pcm(*values: int) -> bytes:
    return np.array(values, "<i2").tobytes()


def values(pcm16: bytes) -> list[int]:
    return np.frombuffer(pcm16, "<i2").tolist()


@pytest.fixture(scope="module")
def audioop() -> Any:
    if importlib.util.find_spec("audioop") is None:
        pytest.skip("this interpreter has no audioop")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("audioop")


def test_ulaw_decodes_golden_values() -> None:
    golden = {0xFF: 0, 0x7F: 0, 0xFE: 8, 0x7E: -8, 0xF0: 120, 0xEF: 132, 0x80: 32124, 0x00: -32124, 0x8F: 16764, 0x0F: -16764}
    assert values(g711.ulaw_to_pcm16(bytes(golden))) == list(golden.values())


def test_alaw_decodes_golden_values() -> None:
    golden = {0xD5: 8, 0x55: -8, 0xD4: 24, 0xC5: 264, 0xAA: 32256, 0x2A: -32256, 0x80: 5504, 0x00: -5504}
    assert values(g711.alaw_to_pcm16(bytes(golden))) == list(golden.values())


def test_ulaw_encodes_golden_values() -> None:
    golden = {
        0: 0xFF,
        3: 0xFF,
        4: 0xFE,
        11: 0xFE,
        12: 0xFD,
        -1: 0x7F,
        -4: 0x7F,
        -5: 0x7E,
        32767: 0x80,
        32635: 0x80,
        -32768: 0x00,
        1000: 0xCE,
        -1000: 0x4E,
    }
    assert list(g711.pcm16_to_ulaw(pcm(*golden))) == list(golden.values())


def test_alaw_encodes_golden_values() -> None:
    golden = {0: 0xD5, 15: 0xD5, 16: 0xD4, -1: 0x55, -16: 0x55, -17: 0x54, 32767: 0xAA, -32768: 0x2A, 1000: 0xFA, -1000: 0x7A}
    assert list(g711.pcm16_to_alaw(pcm(*golden))) == list(golden.values())


def test_silence_codes_decode_to_nearly_nothing() -> None:
    assert values(g711.ulaw_to_pcm16(bytes([g711.ULAW_SILENCE]))) == [0]
    assert values(g711.alaw_to_pcm16(bytes([g711.ALAW_SILENCE]))) == [8]
    assert g711.pcm16_to_ulaw(bytes(4)) == bytes([g711.ULAW_SILENCE] * 2)
    assert g711.pcm16_to_alaw(bytes(4)) == bytes([g711.ALAW_SILENCE] * 2)


def test_decoding_agrees_with_the_standard_library(audioop: Any) -> None:
    assert g711.ulaw_to_pcm16(EVERY_CODE) == audioop.ulaw2lin(EVERY_CODE, 2)
    assert g711.alaw_to_pcm16(EVERY_CODE) == audioop.alaw2lin(EVERY_CODE, 2)


def test_alaw_encoding_agrees_with_the_standard_library(audioop: Any) -> None:
    assert g711.pcm16_to_alaw(EVERY_SAMPLE.tobytes()) == audioop.lin2alaw(EVERY_SAMPLE.tobytes(), 2)


def test_ulaw_encoding_agrees_with_the_standard_library_but_for_its_negative_bias(audioop: Any) -> None:
    positive = EVERY_SAMPLE[EVERY_SAMPLE >= 0]
    assert g711.pcm16_to_ulaw(positive.tobytes()) == audioop.lin2ulaw(positive.tobytes(), 2)
    negative = EVERY_SAMPLE[EVERY_SAMPLE < -4]
    assert g711.pcm16_to_ulaw(negative.tobytes()) == audioop.lin2ulaw((negative + 4).astype("<i2").tobytes(), 2)


def test_ulaw_encoding_follows_the_decision_values_of_table_2() -> None:
    # Table 2a/G.711 in 16-bit units: 16 steps of 8, 16, 32 … per segment, the very first step being half a one.
    decisions = [4 * value for segment in range(8) for value in range((32 << segment) - 33 + (2 << segment), (64 << segment) - 32, 2 << segment)]
    steps_up = np.searchsorted(decisions, np.arange(32768), side="right")
    steps_down = np.searchsorted(decisions, np.arange(32768) + 1, side="left")
    assert list(g711.pcm16_to_ulaw(EVERY_SAMPLE[32768:].tobytes())) == (0xFF - np.minimum(steps_up, 127)).tolist()
    assert list(g711.pcm16_to_ulaw(EVERY_SAMPLE[32767::-1].tobytes())) == (0x7F - np.minimum(steps_down, 127)).tolist()


@pytest.mark.parametrize(("decode", "encode"), [(g711.ulaw_to_pcm16, g711.pcm16_to_ulaw), (g711.alaw_to_pcm16, g711.pcm16_to_alaw)])
def test_a_decoded_code_encodes_to_the_same_value(decode: Any, encode: Any) -> None:
    once = decode(EVERY_CODE)
    assert decode(encode(once)) == once


def test_conversion_between_the_laws_goes_over_linear() -> None:
    assert g711.alaw_to_ulaw(EVERY_CODE) == g711.pcm16_to_ulaw(g711.alaw_to_pcm16(EVERY_CODE))
    assert g711.ulaw_to_alaw(EVERY_CODE) == g711.pcm16_to_alaw(g711.ulaw_to_pcm16(EVERY_CODE))


@pytest.mark.parametrize("encode", [g711.pcm16_to_ulaw, g711.pcm16_to_alaw])
def test_half_a_sample_is_refused(encode: Any) -> None:
    with pytest.raises(ValueError, match="multiple"):
        encode(b"abc")


def test_nothing_gives_nothing() -> None:
    assert g711.ulaw_to_pcm16(b"") == g711.pcm16_to_ulaw(b"") == g711.alaw_to_ulaw(b"") == b""
