"""Run fakes as their own process: `python -m callstage_testing.fakes --openai 9001 --deepgram 9002 --elevenlabs 9003`.

Prints one JSON line with the URLs when all are ready and stops on SIGTERM or SIGINT. Port 0 takes a free one.
Records are read by HTTP: `GET <url>/_fake/requests`, `DELETE` empties them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack

import uvloop

from callstage_testing.fakes.crm import FakeCrm
from callstage_testing.fakes.deepgram import FakeDeepgram
from callstage_testing.fakes.elevenlabs import FakeElevenLabs
from callstage_testing.fakes.mail import FakeMail
from callstage_testing.fakes.odoo import FakeOdoo
from callstage_testing.fakes.oidc import FakeOidc
from callstage_testing.fakes.openai import FakeOpenAI, fixed_brain
from callstage_testing.fakes.server import FakeServer

_DEMO_ANSWER = "Thank you, I have found your order. It was sent yesterday and should reach you before the end of this week."


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m callstage_testing.fakes", description="Fake vendors on loopback")
    for name in ("openai", "deepgram", "elevenlabs", "odoo", "crm", "oidc", "smtp", "imap"):
        parser.add_argument(f"--{name}", type=int, metavar="PORT", help="0: any free port")
    parser.add_argument("--llm-ttft-s", type=float, default=0.15)
    parser.add_argument("--llm-tokens-per-s", type=float, default=100.0)
    parser.add_argument("--llm-answer", default=_DEMO_ANSWER)
    parser.add_argument("--stt-final-delay-s", type=float, default=0.05)
    parser.add_argument("--stt-text", action="append", help="repeat for several utterances")
    parser.add_argument("--tts-first-byte-s", type=float, default=0.1)
    parser.add_argument("--tts-speed", type=float, default=8.0)
    return parser.parse_args()


def _chosen(options: argparse.Namespace) -> dict[str, FakeServer]:
    fakes: dict[str, FakeServer] = {}
    texts = options.stt_text or ["I would like to check my order."]
    if options.openai is not None:
        fakes["openai"] = FakeOpenAI(
            fixed_brain(options.llm_answer),
            ttft_s=options.llm_ttft_s,
            tokens_per_s=options.llm_tokens_per_s,
            speech_first_byte_s=options.tts_first_byte_s,
            speech_speed=options.tts_speed,
            transcripts=texts,
            final_delay_s=options.stt_final_delay_s,
            port=options.openai,
        )
    if options.deepgram is not None:
        fakes["deepgram"] = FakeDeepgram(texts, final_delay_s=options.stt_final_delay_s, port=options.deepgram)
    if options.elevenlabs is not None:
        fakes["elevenlabs"] = FakeElevenLabs(
            first_byte_s=options.tts_first_byte_s,
            speed=options.tts_speed,
            transcripts=texts,
            final_delay_s=options.stt_final_delay_s,
            port=options.elevenlabs,
        )
    if options.odoo is not None:
        fakes["odoo"] = FakeOdoo(port=options.odoo)
    if options.crm is not None:
        fakes["crm"] = FakeCrm(port=options.crm)
    if options.oidc is not None:
        fakes["oidc"] = FakeOidc(port=options.oidc)
    return fakes


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    urls: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        for name, fake in _chosen(options).items():
            await stack.enter_async_context(fake)
            urls[name] = str(getattr(fake, "url", fake.base_url))
            urls[f"{name}_records"] = f"{fake.base_url}/_fake/requests"
        if options.smtp is not None or options.imap is not None:
            mail = await stack.enter_async_context(FakeMail(smtp_port=options.smtp or 0, imap_port=options.imap or 0))
            urls |= {"smtp": f"smtp://127.0.0.1:{mail.smtp_port}", "imap": f"imap://127.0.0.1:{mail.imap_port}"}
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    uvloop.run(_serve(_arguments()))


if __name__ == "__main__":
    main()
