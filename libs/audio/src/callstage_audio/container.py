"""Which audio container do these bytes hold? Told by their first bytes, never by a file name."""

from callstage_audio.errors import AudioFormatError

# Offset, magic, ffmpeg demuxer. ffmpeg's own probing is not used on foreign bytes: it also knows playlists, which make it read other files and URLs.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (8, b"WAVE", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (4, b"ftyp", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (8, b"AIFF", "aiff"),
    (8, b"AIFC", "aiff"),
    (0, b".snd", "au"),
    (0, b"#!AMR", "amr"),
    (0, b"caff", "caf"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
)


def demuxer_of(data: bytes) -> str:
    """Name of the ffmpeg demuxer that reads `data`. Raises `AudioFormatError` for anything that is no known audio container."""
    for offset, magic, demuxer in _MAGIC:
        if data.startswith(magic, offset):
            return demuxer
    if len(data) > 3 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        # MPEG sync word; layer bits of zero mean AAC in ADTS.
        return "aac" if data[1] & 0x06 == 0 else "mp3"
    raise AudioFormatError("empty audio" if not data else "not a known audio format (WAV, MP3, OGG, FLAC, M4A, WebM, AIFF, AU, AMR, CAF, WMA, AAC)")
