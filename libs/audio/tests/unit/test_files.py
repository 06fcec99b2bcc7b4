"""MP3, WAV, uploads and recordings: good files, and every kind of bad one."""

import io
import struct
import wave
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.container import InputContainer
from callstage_audio import ffmpeg, level, tone
from callstage_audio.container import demuxer_of
from callstage_audio.errors import AudioFormatError, AudioTooLongError
from callstage_audio.mp3 import decode_audio, encode_mp3
from callstage_audio.pcm import duration_ms
from callstage_audio.upload import ExportFormat, export_recording, to_telephone_wav
from callstage_audio.wav import WavWriter, interleave, read_wav, write_stereo, write_wav

BEEP_24K = tone.beep(500, 24000, level_dbfs=-30)
HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
GARBAGE = [
    b"",
    b"x",
    b"not audio at all" * 50,
    HLS,
    b"ID3" + bytes(500),
    b"OggS" + bytes(500),
    b"RIFF\x00\x00\x00\x00WAVE",
    b"\xff\xfb" + b"\x01" * 900,
]


def float_wav(pcm16: bytes, rate_hz: int) -> bytes:
    data = (np.frombuffer(pcm16, "<i2") / 32768).astype("<f4").tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, 1, rate_hz, rate_hz * 4, 4, 32, b"data", len(data))
    return header + data


def in_container(pcm16: bytes, rate_hz: int, container: str, codec: str) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container) as output:
        stream = cast(AudioStream, output.add_stream(codec, rate=rate_hz))
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm16, "<i2").reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate_hz
        for piece in av.AudioResampler(format=stream.format, layout="mono", rate=rate_hz).resample(frame):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return target.getvalue()


FILES = {
    "mp3": encode_mp3(BEEP_24K),
    "wav": write_wav(BEEP_24K, 24000),
    "float wav": float_wav(BEEP_24K, 24000),
    "stereo wav": write_stereo(BEEP_24K, BEEP_24K, 24000),
    "flac": in_container(BEEP_24K, 24000, "flac", "flac"),
    "m4a": in_container(BEEP_24K, 24000, "ipod", "aac"),
    "aac": in_container(BEEP_24K, 24000, "adts", "aac"),
    "webm": in_container(BEEP_24K, 24000, "webm", "libopus"),
    "ogg": in_container(BEEP_24K, 24000, "ogg", "libopus"),
    "aiff": in_container(BEEP_24K, 24000, "aiff", "pcm_s16be"),
}


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000, 44100, 48000])
def test_mp3_decodes_alone_to_the_same_sound(rate_hz: int) -> None:
    sound = tone.beep(700, rate_hz)
    encoded = encode_mp3(sound, rate_hz)
    decoded = decode_audio(encoded, rate_hz)
    assert duration_ms(decoded, rate_hz) == pytest.approx(700, abs=60)
    assert level.rms_dbfs(decoded) == pytest.approx(level.rms_dbfs(sound), abs=0.7)
    assert demuxer_of(encoded) == "mp3"


def test_mp3_of_one_sample_decodes() -> None:
    assert decode_audio(encode_mp3(b"\x10\x00"), 24000)


def test_mp3_of_nothing_or_of_an_odd_rate_is_refused() -> None:
    with pytest.raises(AudioFormatError, match="no audio"):
        encode_mp3(b"")
    with pytest.raises(AudioFormatError, match="12345 Hz"):
        encode_mp3(BEEP_24K, rate_hz=12345)


@pytest.mark.parametrize("name", FILES)
def test_any_container_decodes(name: str) -> None:
    decoded = decode_audio(FILES[name], 8000)
    assert duration_ms(decoded, 8000) == pytest.approx(500, abs=100)
    assert level.rms_dbfs(decoded) == pytest.approx(-30, abs=1.5)


@pytest.mark.parametrize("name", FILES)
def test_any_upload_becomes_a_levelled_telephone_wav(name: str) -> None:
    result = to_telephone_wav(FILES[name])
    with wave.open(io.BytesIO(result)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 8000)
    pcm16, _ = read_wav(result)
    assert duration_ms(pcm16, 8000) == pytest.approx(500, abs=100)
    assert level.rms_dbfs(pcm16) == pytest.approx(-20, abs=0.5)


def test_a_peaky_upload_keeps_headroom() -> None:
    clicks = np.zeros(16000, "<i2")
    clicks[::1600] = 8000
    pcm16, _ = read_wav(to_telephone_wav(write_wav(clicks.tobytes(), 16000)))
    assert level.peak_dbfs(pcm16) == pytest.approx(-3, abs=0.3)


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_is_refused_clearly(data: bytes) -> None:
    with pytest.raises(AudioFormatError):
        decode_audio(data, 8000)
    with pytest.raises(AudioFormatError):
        to_telephone_wav(data)


def test_a_file_that_breaks_off_gives_what_there_is() -> None:
    half = FILES["mp3"][: len(FILES["mp3"]) // 2]
    assert 100 < duration_ms(decode_audio(half, 8000), 8000) < 400
    assert to_telephone_wav(half)


def test_long_audio_is_refused() -> None:
    long = encode_mp3(bytes(2 * 24000 * 3) + BEEP_24K)
    with pytest.raises(AudioTooLongError, match="2 seconds"):
        decode_audio(long, 8000, max_seconds=2)
    with pytest.raises(AudioTooLongError, match="2 seconds"):
        to_telephone_wav(long, max_seconds=2)


def test_a_silent_upload_is_refused() -> None:
    with pytest.raises(AudioFormatError, match="silent"):
        to_telephone_wav(write_wav(bytes(16000), 8000))


def test_uploads_work_with_the_ffmpeg_of_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ffmpeg.ffmpeg_path.cache_clear()
    try:
        assert "imageio_ffmpeg" in ffmpeg.ffmpeg_path()
        assert to_telephone_wav(FILES["mp3"])
    finally:
        ffmpeg.ffmpeg_path.cache_clear()


@pytest.mark.parametrize("fmt", ["mp3", "ogg", "wav"])
def test_a_recording_has_caller_left_and_agent_right(fmt: ExportFormat) -> None:
    exported = export_recording(tone.beep(400, 8000), tone.silence(800, 8000), 8000, fmt)
    with av.open(io.BytesIO(exported), "r") as container:
        planes = [frame.to_ndarray() for frame in av_frames(container)]
    left, right = (np.concatenate([plane[side] for plane in planes]) for side in (0, 1))
    assert np.abs(left).max() > 0.15
    assert np.abs(right).max() < 0.02
    assert left.size / 8000 == pytest.approx(0.8, abs=0.15)


def av_frames(container: InputContainer) -> list[av.AudioFrame]:
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=8000)
    return [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]


def test_an_impossible_export_is_refused() -> None:
    with pytest.raises(AudioFormatError, match="empty"):
        export_recording(b"", b"", 8000)
    with pytest.raises(AudioFormatError, match="'flac'"):
        export_recording(BEEP_24K, b"", 8000, "flac")  # pyright: ignore[reportArgumentType]


def test_wav_reads_back_what_was_written() -> None:
    assert read_wav(write_wav(BEEP_24K, 24000)) == (BEEP_24K, 24000)
    assert read_wav(write_stereo(BEEP_24K, BEEP_24K, 24000)) == (BEEP_24K, 24000)
    assert interleave(b"\x01\x00\x02\x00", b"\x03\x00") == b"\x01\x00\x03\x00\x02\x00\x00\x00"


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no wav", FILES["float wav"], FILES["mp3"]])
def test_what_is_no_16_bit_wav_is_refused(data: bytes) -> None:
    with pytest.raises(AudioFormatError, match="WAV"):
        read_wav(data)


def test_an_8_bit_wav_is_refused() -> None:
    target = io.BytesIO()
    with wave.open(target, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(8000)
        writer.writeframes(bytes(100))
    with pytest.raises(AudioFormatError, match="8 bits"):
        read_wav(target.getvalue())


def test_a_wav_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, 8000, channels=2) as writer:
        writer.write(interleave(bytes(1600), bytes(1600)))
        writer.write(interleave(bytes(1600), bytes(1600)))
        assert writer.duration_ms == 200
        with pytest.raises(AudioFormatError, match="whole frames"):
            writer.write(b"ab")
    writer.close()
    pcm16, rate_hz = read_wav(path.read_bytes())
    assert duration_ms(pcm16, rate_hz) == 200
