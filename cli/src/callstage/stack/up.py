"""`callstage up`: plan, start, tell where to look, wait for Ctrl-C."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from callstage_kit.crypto import parse_master_keys
from callstage_kit.processes.orphans import die_with_parent
from callstage_kit.tasks import unless

from callstage.stack import services
from callstage.stack.demo import DemoTenant
from callstage.stack.embedded import EmbeddedServers
from callstage.stack.home import AlreadyRunning, Home, HomeUnusable
from callstage.stack.ports import PortTaken, chosen_port, free_port
from callstage.stack.process import ManagedProcess
from callstage.stack.ready import announce, write_dev_json
from callstage.stack.start_up import StartUp
from callstage.stack.supervisor import Supervisor
from callstage.stack.terminal import complain, say

_AGAIN_AFTER_S = 1.0
"""A signal that comes sooner after the first is the same one: make hands on what the terminal gave to both."""


@dataclass(frozen=True)
class StackOptions:
    """What the command line says."""

    home: Path
    runtimes: int = 1
    gateways: int = 1
    control_api_port: int = 0
    gateway_port: int = 0
    public_url: str = ""
    seed: bool = True


class WrongSetting(Exception):
    """A setting of the environment cannot be used."""


def run_stack(options: StackOptions) -> int:
    """Exit code: 0 after a clean stop, 1 when it could not start or runs already."""
    if os.environ.get("MAKELEVEL"):
        # Who kills `make run` means the stack, but a killed make cannot hand that on.
        die_with_parent(signal.SIGTERM)
    home = Home(options.home)
    try:
        home.claim()
    except AlreadyRunning as err:
        complain(f"{err}. Its addresses are in {home.dev_json}; stop it with `make down`.")
        return 1
    except HomeUnusable as err:
        complain(str(err))
        return 1
    try:
        return asyncio.run(_run(options, home))
    except (PortTaken, WrongSetting) as err:
        complain(str(err))
        return 1
    finally:
        home.release()


async def _run(options: StackOptions, home: Home) -> int:
    plan = _plan(options, home)
    demo: DemoTenant | None = None

    def changed(processes: list[ManagedProcess]) -> None:
        home.record([process.pid for process in processes if process.pid])
        if demo is not None:
            write_dev_json(home, plan, processes, demo)

    failure = ""
    async with Supervisor(home.logs, say, changed) as supervisor:
        stop = _stop_signal(supervisor)
        try:
            demo = await unless(stop, StartUp(plan, home, supervisor, seed=options.seed).run())
        except (RuntimeError, OSError) as err:
            # What fails while everything is being stopped is no news.
            failure = "" if stop.is_set() else str(err)
        if demo is not None:
            write_dev_json(home, plan, supervisor.processes, demo)
            announce(plan, demo)
            await stop.wait()
        # Nobody may find addresses of what is about to stop, not even through a restart on the way.
        demo = None
        home.dev_json.unlink(missing_ok=True)
        say("callstage", "stopping")
    if failure:
        complain(f"could not start: {failure}\nThe logs are in {home.logs}")
        return 1
    say("callstage", "stopped")
    return 0


def _stop_signal(supervisor: Supervisor) -> asyncio.Event:
    """Set by the first signal; a second one ends everything at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    first_at = 0.0

    def asked() -> None:
        nonlocal first_at
        if not stop.is_set():
            stop.set()
            first_at = loop.time()
        elif loop.time() - first_at > _AGAIN_AFTER_S:
            say("callstage", "stopping at once")
            supervisor.kill()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    # `nohup` says that the end of the terminal is none of our business.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, asked)
    return stop


def _plan(options: StackOptions, home: Home) -> services.StackPlan:
    if options.control_api_port and options.control_api_port == options.gateway_port:
        raise PortTaken(f"CONTROL_API_PORT and GATEWAY_PORT are both {options.gateway_port}: they need different ports")
    return services.StackPlan(
        home=home.path,
        master_keys=_master_keys(home),
        control_api_port=chosen_port(options.control_api_port, preferred=8080, setting="CONTROL_API_PORT"),
        gateway_port=chosen_port(options.gateway_port, preferred=8081, setting="GATEWAY_PORT"),
        servers=EmbeddedServers(free_port(), free_port(), free_port()),
        public_url=options.public_url,
        runtime_ports=tuple(free_port() for _ in range(options.runtimes)),
        sandbox_port=free_port(),
        gateways=options.gateways,
    )


def _master_keys(home: Home) -> str:
    keys = os.environ.get("CALLSTAGE_MASTER_KEYS")
    if not keys:
        return home.secrets()["master_keys"]
    try:
        parse_master_keys(keys)
    except ValueError as err:
        raise WrongSetting("CALLSTAGE_MASTER_KEYS must be `id:base64 of 32 bytes`, more of them separated by commas") from err
    return keys
