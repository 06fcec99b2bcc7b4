"""The whole platform, started once for all tests that cross processes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from callstage_audio.wav import read_wav
from callstage_testing.stack import Stack, running_stack

SPEECH = Path(__file__).parent / "speech"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`make run RUNTIMES=2 GATEWAYS=2` in a folder of its own."""
    with running_stack(tmp_path_factory.mktemp("stack"), runtimes=2, gateways=2) as running:
        yield running


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[httpx2.AsyncClient]:
    """The REST API as the demo tenant's owner."""
    async with stack.api() as client:
        yield client


def speech(name: str) -> bytes:
    """A committed phrase: PCM 16-bit mono, 8 kHz."""
    pcm, rate_hz = read_wav((SPEECH / f"{name}.wav").read_bytes())
    assert rate_hz == 8000
    return pcm
