"""Sound at rest: every object of the store is some seconds of one part, sealed alone (AES-256-GCM), so that any stretch can be read by itself.

Layout: magic, length of the header, header (JSON: sealed data key, which part it is), nonce, ciphertext. The name of the object is the AAD.
The plaintext is the number of frames, one peak per frame and channel (0-255), and the MP3 frames, all of one size.
"""

import base64
import json
import secrets
import struct
from dataclasses import dataclass
from typing import Final

from callstage_domain.errors import InvariantBroken
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callstage_kit.crypto import SecretBox

_MAGIC: Final = b"CSR1"
_NONCE_BYTES: Final = 12
_LENGTH: Final = struct.Struct(">I")
CHANNELS: Final = 2


@dataclass(frozen=True, slots=True)
class Chunk:
    """`number` counts within the part. `peaks` holds CHANNELS bytes per frame, `mp3` whole frames."""

    number: int
    frames: int
    peaks: bytes
    mp3: bytes


def part_prefix(tenant_id: str, call_id: str, part: str) -> str:
    """What the names of a part begin with."""
    return f"{tenant_id}.{call_id}.{part}"


def chunk_name(prefix: str, number: int) -> str:
    """Name of an object; names of a part sort like its sound."""
    return f"{prefix}.{number:06d}"


class ChunkSealer:
    """Of one part: a data key of its own, wrapped by the master key, travels with every chunk."""

    def __init__(self, box: SecretBox, prefix: str) -> None:
        key = AESGCM.generate_key(bit_length=256)
        self._prefix = prefix
        self._cipher = AESGCM(key)
        header = json.dumps({"key": box.seal(base64.b64encode(key).decode(), prefix)}).encode()
        self._head = _MAGIC + _LENGTH.pack(len(header)) + header

    def seal(self, chunk: Chunk) -> tuple[str, bytes]:
        """Name and content of the object."""
        name, nonce = chunk_name(self._prefix, chunk.number), secrets.token_bytes(_NONCE_BYTES)
        plain = _LENGTH.pack(chunk.frames) + chunk.peaks + chunk.mp3
        return name, self._head + nonce + self._cipher.encrypt(nonce, plain, name.encode())


def open_chunk(box: SecretBox, name: str, data: bytes) -> Chunk:
    """Raises InvariantBroken when the key is gone, or the data was changed or belongs to another name."""
    prefix, _, number = name.rpartition(".")
    start = len(_MAGIC) + _LENGTH.size
    try:
        if data[: len(_MAGIC)] != _MAGIC:
            raise ValueError("no chunk")
        end = start + _LENGTH.unpack_from(data, len(_MAGIC))[0]
        key = base64.b64decode(box.open(json.loads(data[start:end])["key"], prefix))
        plain = AESGCM(key).decrypt(data[end : end + _NONCE_BYTES], data[end + _NONCE_BYTES :], name.encode())
        frames = _LENGTH.unpack_from(plain)[0]
    except (ValueError, KeyError, struct.error, InvalidTag) as err:
        raise InvariantBroken("a stored recording cannot be opened with the master keys of this service", code="recording_unreadable") from err
    peaks_end = _LENGTH.size + frames * CHANNELS
    return Chunk(int(number), frames, plain[_LENGTH.size : peaks_end], plain[peaks_end:])
