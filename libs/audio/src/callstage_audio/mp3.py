"""MP3 out, any container in, by PyAV: in this process, fit for the live path (about 6 ms per second of audio, so from a thread)."""

import io
from collections.abc import Iterator
from typing import cast

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from callstage_audio.container import demuxer_of
from callstage_audio.errors import AudioFormatError, AudioTooLongError
from callstage_audio.pcm import BYTES_PER_SAMPLE, samples


def encode_mp3(pcm16: bytes, rate_hz: int = 24000, bitrate: int = 64000) -> bytes:
    """One complete MP3 file of `pcm16` (int16 mono): it decodes alone, its header tells the exact length.

    Raises `AudioFormatError` for no samples at all, or for a rate MP3 does not know.
    """
    signal = samples(pcm16)
    if not signal.size:
        raise AudioFormatError("there is no audio to encode")
    target = io.BytesIO()
    try:
        with av.open(target, "w", format="mp3", options={"id3v2_version": "0", "write_id3v1": "0"}) as container:
            # PyAV types a codec name it does not list as any kind of stream.
            stream = cast(AudioStream, container.add_stream("libmp3lame", rate=rate_hz))
            stream.bit_rate = bitrate
            stream.layout = "mono"
            stream.format = "s16p"
            frame = AudioFrame.from_ndarray(signal.reshape(1, -1), format="s16p", layout="mono")
            frame.sample_rate = rate_hz
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as err:
        raise AudioFormatError(f"cannot encode MP3 at {rate_hz} Hz, {bitrate} bit/s: {err}") from err
    return target.getvalue()


def decode_audio(data: bytes, rate_hz: int, max_seconds: float = 600.0) -> bytes:
    """Decode the first audio stream of any container (`container.demuxer_of`) to int16 mono at `rate_hz`.

    Broken packets are skipped as every player does. Raises `AudioFormatError` when nothing can be decoded, `AudioTooLongError` beyond `max_seconds`
    (decoding stops there, so a small file cannot unfold into a large memory).
    """
    demuxer = demuxer_of(data)
    max_bytes = int(max_seconds * rate_hz) * BYTES_PER_SAMPLE
    pcm16 = bytearray()
    try:
        for piece in _decoded(data, demuxer, rate_hz):
            pcm16 += piece
            if len(pcm16) > max_bytes:
                raise AudioTooLongError(max_seconds)
    except av.error.FFmpegError as err:
        raise AudioFormatError(f"damaged {demuxer} audio: {err.strerror}") from err
    if not pcm16:
        raise AudioFormatError(f"no audio could be decoded from this {demuxer} data")
    return bytes(pcm16)


def _decoded(data: bytes, demuxer: str, rate_hz: int) -> Iterator[bytes]:
    resampler = AudioResampler(format="s16", layout="mono", rate=rate_hz)
    with av.open(io.BytesIO(data), "r", format=demuxer) as container:
        if not container.streams.audio:
            raise AudioFormatError(f"this {demuxer} data has no audio stream")
        for packet in container.demux(container.streams.audio[0]):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame):
                    yield from _bytes_of(resampler.resample(frame))
    yield from _bytes_of(resampler.resample(None))


def _bytes_of(frames: list[AudioFrame]) -> Iterator[bytes]:
    for frame in frames:
        yield np.ascontiguousarray(frame.to_ndarray()).tobytes()
