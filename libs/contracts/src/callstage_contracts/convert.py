"""Between domain values and protobuf ones."""

from __future__ import annotations

from callstage_domain.audio import AudioFormat

from callstage_contracts.pb.common.v1 import common_pb2

_TO_PB = {
    AudioFormat.PCMU_8K: common_pb2.AUDIO_FORMAT_PCMU_8K,
    AudioFormat.PCM16_8K: common_pb2.AUDIO_FORMAT_PCM16_8K,
    AudioFormat.PCM16_16K: common_pb2.AUDIO_FORMAT_PCM16_16K,
    AudioFormat.PCM16_24K: common_pb2.AUDIO_FORMAT_PCM16_24K,
}
_FROM_PB = {value: key for key, value in _TO_PB.items()}


def audio_format_to_pb(value: AudioFormat) -> common_pb2.AudioFormat.ValueType:
    """The enum value on the wire."""
    return _TO_PB[value]


def audio_format_from_pb(value: int) -> AudioFormat:
    """Raises ValueError for UNSPECIFIED or a value of a newer release."""
    try:
        return _FROM_PB[value]  # type: ignore[index]
    except KeyError as err:
        raise ValueError(f"unknown audio format {value} on the wire") from err
