"""Proves K1 AC5: sound at rest is sealed chunk by chunk, bound to its name, and opens under the master keys only; what the folder does."""

import base64
from pathlib import Path

import pytest
from callstage_domain.errors import DependencyError, InvariantBroken
from callstage_kit.crypto import SecretBox
from callstage_kit.recordings.chunks import Chunk, ChunkSealer, chunk_name, open_chunk, part_prefix
from callstage_kit.recordings.store import FolderStore

BOX = SecretBox({"k1": bytes(range(32))})
PREFIX = part_prefix("t1", "c-1", "call-ab")
CHUNK = Chunk(3, 2, bytes([1, 2, 3, 4]), b"the sound of a call" * 20)


def test_a_chunk_comes_back_whole_and_shows_nothing_at_rest() -> None:
    name, data = ChunkSealer(BOX, PREFIX).seal(CHUNK)
    assert name == "t1.c-1.call-ab.000003" == chunk_name(PREFIX, 3)
    assert b"sound" not in data
    assert open_chunk(BOX, name, data) == CHUNK


def test_a_chunk_opens_under_its_own_name_only() -> None:
    name, data = ChunkSealer(BOX, PREFIX).seal(CHUNK)
    for other in (chunk_name(PREFIX, 4), chunk_name(part_prefix("t2", "c-1", "call-ab"), 3)):
        with pytest.raises(InvariantBroken):
            open_chunk(BOX, other, data)
    for changed in (data[:-1] + bytes([data[-1] ^ 1]), b"", b"CSR1", data[:40]):
        with pytest.raises(InvariantBroken):
            open_chunk(BOX, name, changed)
    with pytest.raises(InvariantBroken):
        open_chunk(SecretBox({"k2": base64.b64decode("A" * 43 + "=")}), name, data)


async def test_a_folder_keeps_objects_by_prefix(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for name in ("t1.c1.a.000000", "t1.c1.a.000001", "t1.c1.b.000000", "t1.c2.a.000000"):
        await store.put(name, name.encode())
    await store.put("t1.c1.a.000000", b"newer")
    assert await store.get("t1.c1.a.000000") == b"newer"
    assert await store.get("t1.c1.a.000009") is None
    assert await store.names("t1.c1") == ["t1.c1.a.000000", "t1.c1.a.000001", "t1.c1.b.000000"]
    await store.delete("t1.c1.a")
    await store.delete("t1.c1.a")
    assert await store.names("t1.c1") == ["t1.c1.b.000000"]
    assert await store.names("t9") == []
    await store.delete("t1.c1.b")
    assert not (tmp_path / "t1" / "c1").exists()


async def test_names_and_folders_that_cannot_be(tmp_path: Path) -> None:
    for name in ("../x", "t1./etc/passwd", "t1..c", "", "t1.*", "t1.>"):
        with pytest.raises(InvariantBroken):
            await FolderStore(tmp_path).put(name, b"")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DependencyError):
        await FolderStore(tmp_path / "file").put("t1.c1.a.000000", b"")
