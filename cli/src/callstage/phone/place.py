"""From the options of `callstage call` to an exit code."""

import asyncio
import json
import signal
import sys
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlencode

from callstage_domain.errors import CallstageError
from callstage_kit.tasks import in_thread
from callstage_phone.carrier import SimulatedCarrier
from rich.console import Console

from callstage.phone import report
from callstage.phone.browser import BrowserLine
from callstage.phone.call import Outcome, PhoneCall
from callstage.phone.carrier_line import CarrierLine
from callstage.phone.carriers import Gateway, telnyx, twilio
from callstage.phone.errors import CannotCall
from callstage.phone.handset import Handset
from callstage.phone.line import Line
from callstage.phone.record import read_record
from callstage.phone.script import Script
from callstage.phone.timeline import Timeline
from callstage.phone.voice import demo_utterances, utterances
from callstage.target import Target

OK, NOT_ANSWERED, NOT_PLACED = 0, 1, 2


class CarrierName(StrEnum):
    """How to call."""

    TWILIO = "twilio"
    TELNYX = "telnyx"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What the command line says. `agent_id` addresses an agent by name instead of by number."""

    carrier: CarrierName
    home: Path
    target: Target
    say: tuple[str, ...] = ()
    wav: tuple[Path, ...] = ()
    caller: str = "+12025550142"
    called: str = ""
    agent_id: str = ""
    record: Path | None = None
    timeout_s: float = 20.0
    speaks_first: bool = False
    as_json: bool = False


def place_call(options: CallOptions) -> int:
    """Exit code: 0 the agent was heard, 1 it never answered, 2 the call could not be placed."""
    console = Console(stderr=options.as_json)
    try:
        return asyncio.run(_place(options, console))
    except CallstageError as err:
        print(f"callstage call: {err.message}", file=sys.stderr)
        return NOT_PLACED


async def _place(options: CallOptions, console: Console) -> int:
    loop = asyncio.get_running_loop()
    rate_hz = BrowserLine.up_hz if options.carrier is CarrierName.BROWSER else CarrierLine.up_hz
    if options.say or options.wav:
        lines = await in_thread(utterances, options.say, options.wav, rate_hz)
    else:
        lines = await in_thread(demo_utterances, rate_hz)
    timeline = Timeline(loop.time, lambda happening: report.live_line(console, happening))
    line = _line(options, timeline)
    script = Script(lines, timeout_s=options.timeout_s, speaks_first=options.speaks_first)
    call = PhoneCall(line, Handset(script, timeline), timeline)
    _watch_signals(call)
    outcome = await call.run()
    return await in_thread(_report, options, console, outcome, call, timeline)


def _watch_signals(call: PhoneCall) -> None:
    """Ctrl-C hangs up; the report follows all the same."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, call.hang_up)


def _report(options: CallOptions, console: Console, outcome: Outcome, call: PhoneCall, timeline: Timeline) -> int:
    recording: Path | None = options.record or options.home / "calls" / f"{datetime.now().strftime('%Y%m%d-%H%M%S')}.wav"
    try:
        call.save_recording(recording)
    except CannotCall as err:
        print(f"callstage call: {err.message}", file=sys.stderr)
        recording = None
    record, problem = read_record(options.target, outcome)
    if options.as_json:
        print(json.dumps(report.as_document(outcome, timeline.happenings, recording, record, problem), indent=2))
    else:
        report.print_report(console, outcome, recording, record, problem)
    if not outcome.was_answered:
        print("callstage call: the agent never answered.", file=sys.stderr)
    return OK if outcome.was_answered else NOT_ANSWERED


def _line(options: CallOptions, timeline: Timeline) -> Line:
    target = options.target.require("media_gateway")
    if options.carrier is CarrierName.BROWSER:
        return BrowserLine(target.media_gateway, target.require("api_key").api_key, options.agent_id or target.agent_id, timeline)
    carrier = _carrier(options, Gateway(target.public_url, target.media_gateway))
    called = options.called or target.require("number").number
    return CarrierLine(carrier, options.caller, called, timeline)


def _carrier(options: CallOptions, gateway: Gateway) -> SimulatedCarrier:
    target = options.target
    named = "twilio_auth_token" if options.carrier is CarrierName.TWILIO else "telnyx_private_key"
    secret: str = getattr(target.require(named), named)
    query = "?" + urlencode({"api_key": target.require("api_key").api_key, "agent_id": options.agent_id}) if options.agent_id else ""
    if options.carrier is CarrierName.TELNYX:
        return telnyx(gateway, secret, query=query)
    # The account's name is in no signature, so any will do.
    return twilio(gateway, target.twilio_account_sid or "AC" + "0" * 32, secret, query=query)
