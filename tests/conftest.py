"""The whole platform, started once for all tests that cross processes."""

from collections.abc import AsyncIterator, Generator, Iterator
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed on the stack shows what the platform said last."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, Stack):
        report.sections.append(("the platform's last lines", (running.home / "up.log").read_text(errors="replace")[-12_000:]))
    return report


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
