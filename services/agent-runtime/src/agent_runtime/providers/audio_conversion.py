"""Speech from a provider in the format that the line wants."""

from collections.abc import AsyncGenerator, AsyncIterator

from callstage_audio.g711 import pcm16_to_ulaw, ulaw_to_pcm16
from callstage_audio.resample import Resampler, resample
from callstage_domain.audio import AudioFormat


def convert(audio: bytes, source: AudioFormat, target: AudioFormat) -> bytes:
    """A whole signal from one format to another."""
    if source is target:
        return audio
    pcm16 = ulaw_to_pcm16(audio) if source is AudioFormat.PCMU_8K else audio
    pcm16 = resample(pcm16, source.rate_hz, target.rate_hz)
    return pcm16_to_ulaw(pcm16) if target is AudioFormat.PCMU_8K else pcm16


def encode(pcm16: bytes, rate_hz: int, target: AudioFormat) -> bytes:
    """A whole linear signal of any rate in `target`."""
    pcm16 = resample(pcm16, rate_hz, target.rate_hz)
    return pcm16_to_ulaw(pcm16) if target is AudioFormat.PCMU_8K else pcm16


async def whole_samples(chunks: AsyncIterator[bytes], audio_format: AudioFormat) -> AsyncGenerator[bytes, None]:
    """The same bytes, cut so that no sample is split between two chunks; half a sample at the end is dropped. Closing it closes `chunks`."""
    size = audio_format.sample_bytes
    rest = b""
    try:
        async for chunk in chunks:
            data = rest + chunk if rest else chunk
            whole = len(data) - len(data) % size
            rest = data[whole:]
            if whole:
                yield data[:whole]
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


async def converted(chunks: AsyncIterator[bytes], source: AudioFormat, target: AudioFormat) -> AsyncGenerator[bytes, None]:
    """A stream of whole samples from one format to another."""
    resampler = Resampler(source.rate_hz, target.rate_hz, low_delay=False)
    decode, is_ulaw = source is AudioFormat.PCMU_8K, target is AudioFormat.PCMU_8K

    def finish(pcm16: bytes) -> bytes:
        return pcm16_to_ulaw(pcm16) if is_ulaw else pcm16

    async for chunk in chunks:
        data = finish(resampler.push(ulaw_to_pcm16(chunk) if decode else chunk))
        if data:
            yield data
    tail = finish(resampler.push(b"", last=True))
    if tail:
        yield tail


def pieces(audio: bytes, audio_format: AudioFormat, piece_ms: float = 200.0) -> list[bytes]:
    """A whole signal in pieces that a consumer can interrupt between."""
    step = audio_format.size_bytes(piece_ms)
    return [audio[start : start + step] for start in range(0, len(audio), step)]
