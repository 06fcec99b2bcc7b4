"""The store of recordings: small sealed objects by name. Two adapters: a folder, and NATS JetStream.

A name is `{tenant}.{call}.{part}.{number}`; everything of a part, a call or a tenant has a common beginning.
"""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Awaitable
from pathlib import Path
from typing import Final, Protocol, TypeVar

from callstage_domain.errors import DependencyError, InvariantBroken
from nats.errors import Error as NatsError
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import KeyNotFoundError, NotFoundError
from nats.js.kv import KeyValue

from callstage_kit.nats.connection import NatsConnection
from callstage_kit.tasks import in_thread

T = TypeVar("T")
BUCKET: Final = "recordings"
_TIMEOUT_S: Final = 5.0
_NAME = re.compile(r"[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*")


class RecordingStore(Protocol):
    """Raises DependencyError when the store is away."""

    async def put(self, name: str, data: bytes) -> None:
        """Keep `data` (at most 900 kB); the same name again replaces it."""
        ...

    async def get(self, name: str) -> bytes | None:
        """None: there is no such object."""
        ...

    async def names(self, prefix: str) -> list[str]:
        """In order. `prefix` is whole words of a name, such as `tenant.call`."""
        ...

    async def delete(self, prefix: str) -> None:
        """Everything below; nothing there is no error."""
        ...


class FolderStore:
    """A folder that all processes share. Objects appear whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, data: bytes) -> None:
        """As the port says."""
        await _mapped(in_thread(self._write, self._path(name), data))

    async def get(self, name: str) -> bytes | None:
        """As the port says."""
        return await _mapped(in_thread(self._read, self._path(name)))

    async def names(self, prefix: str) -> list[str]:
        """As the port says."""
        return await _mapped(in_thread(self._list, self._path(prefix)))

    async def delete(self, prefix: str) -> None:
        """As the port says."""
        await _mapped(in_thread(self._remove, self._path(prefix)))

    def _path(self, name: str) -> Path:
        return self._folder.joinpath(*checked_name(name).split("."))

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_name(f"{path.name}~{os.getpid()}")
        unfinished.write_bytes(data)
        unfinished.replace(path)

    @staticmethod
    def _read(path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def _list(self, folder: Path) -> list[str]:
        files = [path for path in folder.rglob("*") if path.is_file() and "~" not in path.name]
        return sorted(".".join(path.relative_to(self._folder).parts) for path in files)

    @staticmethod
    def _remove(path: Path) -> None:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        # The call's folder when this was its last part; somebody else may just be writing to it.
        with contextlib.suppress(OSError):
            path.parent.rmdir()


class NatsStore:
    """A key-value bucket of JetStream: it lists and purges by the beginning of a name, which its object store cannot."""

    def __init__(self, nats: NatsConnection) -> None:
        self._nats = nats
        self._bucket: KeyValue | None = None

    async def put(self, name: str, data: bytes) -> None:
        """As the port says."""
        bucket = await self._kv()
        await _mapped(bucket.put(checked_name(name), data))

    async def get(self, name: str) -> bytes | None:
        """As the port says."""
        bucket = await self._kv()
        try:
            return (await _mapped(bucket.get(checked_name(name)))).value
        except KeyNotFoundError:
            return None

    async def names(self, prefix: str) -> list[str]:
        """As the port says."""
        await self._kv()
        root = f"$KV.{BUCKET}."
        info = await _mapped(self._nats.jetstream.stream_info(f"KV_{BUCKET}", subjects_filter=f"{root}{checked_name(prefix)}.>"))
        return sorted(subject.removeprefix(root) for subject in info.state.subjects or {})

    async def delete(self, prefix: str) -> None:
        """As the port says."""
        await self._kv()
        for subject in (f"$KV.{BUCKET}.{checked_name(prefix)}.>", f"$KV.{BUCKET}.{prefix}"):
            await _mapped(self._nats.jetstream.purge_stream(f"KV_{BUCKET}", subject=subject))

    async def _kv(self) -> KeyValue:
        if self._bucket is None:
            self._bucket = await _mapped(self._open())
        return self._bucket

    async def _open(self) -> KeyValue:
        try:
            return await self._nats.jetstream.key_value(BUCKET)
        except NotFoundError:
            return await self._nats.jetstream.create_key_value(KeyValueConfig(bucket=BUCKET, history=1, storage=StorageType.FILE))


def open_store(setting: str, nats: NatsConnection) -> RecordingStore:
    """`nats`, or `folder:/path`. Raises ValueError for anything else."""
    kind, _, place = setting.partition(":")
    if kind == "folder" and place:
        return FolderStore(Path(place))
    if kind == "nats" and not place:
        return NatsStore(nats)
    raise ValueError(f"CALLSTAGE_RECORDINGS: '{setting}' is neither `nats` nor `folder:/path`")


def checked_name(name: str) -> str:
    """The name itself. Raises InvariantBroken for one that could mean something else to a folder or to NATS."""
    if not _NAME.fullmatch(name):
        raise InvariantBroken("this cannot be the name of a recording")
    return name


async def _mapped(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await work
    except KeyNotFoundError:
        raise
    except (OSError, TimeoutError, NatsError) as err:
        raise DependencyError(f"the store of recordings failed: {err or type(err).__name__}", vendor="recordings") from err
