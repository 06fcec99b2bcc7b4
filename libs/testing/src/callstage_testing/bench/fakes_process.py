"""The vendors of the bench as one own process with fixed timings: `python -m callstage_testing.bench.fakes_process`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import urllib.request
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from callstage_testing.bench.attribution import VendorRecords
from callstage_testing.bench.child import running_module
from callstage_testing.bench.counters import claim_priority
from callstage_testing.bench.tags import TURNS_PER_CONNECTION, find_tags, tag_of
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.odoo import FakeOdoo
from callstage_testing.fakes.openai import FakeOpenAI, Reply
from callstage_testing.fakes.server import FakeServer

STT_FINAL_S = 0.05
LLM_TTFT_S = 0.15
LLM_TOKENS_PER_S = 100.0
TTS_FIRST_BYTE_S = 0.1
TTS_SPEED = 8.0
PRIORITY = -5

# The first sentence is five tokens (190 ms), all of it about 100 characters of 60 ms: an answer of 6 s.
_ANSWER = "Of course, {tag}. I have found the order and it was sent yesterday, so it should be with you by this Friday."


@dataclass(frozen=True, slots=True)
class FakeVendors:
    """The running process. `urls` as it printed them."""

    pid: int
    urls: dict[str, str]

    def environment(self) -> dict[str, str]:
        """What points the platform at the fakes."""
        return {
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": self.urls["openai"],
            "DEEPGRAM_API_KEY": "dg-test",
            "DEEPGRAM_BASE_URL": self.urls["deepgram"],
            "ELEVENLABS_API_KEY": "el-test",
            "ELEVENLABS_BASE_URL": self.urls["elevenlabs"],
        }

    def records(self) -> VendorRecords:
        """Everything since `forget`."""
        deepgram, openai, elevenlabs = (self._get(name) for name in ("deepgram", "openai", "elevenlabs"))
        return VendorRecords.read(deepgram=deepgram, openai=openai, elevenlabs=elevenlabs, ttft_s=LLM_TTFT_S, first_byte_s=TTS_FIRST_BYTE_S)

    def forget(self) -> None:
        """Empty the records, before a rung."""
        for name in ("deepgram", "openai", "elevenlabs", "odoo"):
            urllib.request.urlopen(urllib.request.Request(self.urls[f"{name}_records"], method="DELETE"), timeout=10).close()  # noqa: S310

    def _get(self, name: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self.urls[f"{name}_records"], timeout=60) as reply:  # noqa: S310
            return json.load(reply)


@contextmanager
def fake_vendors() -> Generator[FakeVendors]:
    """The fakes until the block ends. Raises RuntimeError when they do not start."""
    with running_module("callstage_testing.bench.fakes_process") as child:
        yield FakeVendors(child.pid, json.loads(child.first_line))


def answer(body: dict[str, Any]) -> Reply:
    """The same answer for everybody, with the tag of the newest user message in its first sentence."""
    users = [str(message.get("content")) for message in body["messages"] if message.get("role") == "user"]
    tags = find_tags(users[-1]) if users else []
    return Reply(text=_ANSWER.format(tag=tags[-1] if tags else "caller"))


def transcripts(connection: int) -> list[str]:
    """What Deepgram hears on its connection with that number."""
    return [f"I would like to check my order {tag_of(connection, turn)}." for turn in range(TURNS_PER_CONNECTION)]


def _fakes() -> dict[str, FakeServer]:
    # JSON-RPC, which the plain client of `tool_cost` speaks, too.
    odoo = FakeOdoo(version="17.0")
    odoo.seed("res.partner", [{"id": number, "name": f"Customer {number}"} for number in range(1, 6)])
    return {
        "openai": FakeOpenAI(answer, ttft_s=LLM_TTFT_S, tokens_per_s=LLM_TOKENS_PER_S, speech_first_byte_s=TTS_FIRST_BYTE_S, speech_speed=TTS_SPEED),
        "deepgram": FakeDeepgram(transcripts, final_delay_s=STT_FINAL_S),
        "elevenlabs": FakeElevenLabs(first_byte_s=TTS_FIRST_BYTE_S, speed=TTS_SPEED),
        "odoo": odoo,
    }


async def _serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    urls: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        for name, fake in _fakes().items():
            await stack.enter_async_context(fake)
            urls[name] = str(getattr(fake, "url", fake.base_url))
            urls[f"{name}_records"] = f"{fake.base_url}/_fake/requests"
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Serve until SIGTERM."""
    claim_priority(PRIORITY)
    uvloop.run(_serve())


if __name__ == "__main__":
    main()
