"""`callstage up`: plan, start in order, seed, tell where to look, wait for Ctrl-C."""

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from callstage_kit.tasks import unless

from callstage.stack import embedded, services
from callstage.stack.demo import ADMIN_EMAIL, DemoTenant, seed_demo
from callstage.stack.home import AlreadyRunning, Home
from callstage.stack.process import ManagedProcess, ProcessSpec
from callstage.stack.ready import announce, write_dev_json
from callstage.stack.supervisor import Supervisor, wait_until

_SERVER_TIMEOUT_S = 30.0
_SERVICE_TIMEOUT_S = 90.0


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


def run_stack(options: StackOptions) -> int:
    """Exit code: 0 after a clean stop, 1 when it could not start or runs already."""
    home = Home(options.home)
    try:
        home.claim()
    except AlreadyRunning as err:
        print(f"{err}. Its addresses are in {home.dev_json}; stop it with `make down`.", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_run(options, home))
    finally:
        home.release()


async def _run(options: StackOptions, home: Home) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    demo: DemoTenant | None = None
    plan = _plan(options, home)

    def changed(processes: list[ManagedProcess]) -> None:
        home.record([process.pid for process in processes if process.pid])
        if demo is not None:
            write_dev_json(home, plan, processes, demo)

    async with Supervisor(home.logs, _say, changed) as supervisor:
        try:
            demo = await unless(stop, _start(options, home, plan, supervisor))
        except (TimeoutError, RuntimeError, OSError) as err:
            _say("callstage", f"could not start: {err}. The logs are in {home.logs}")
            return 1
        if demo is None:
            return 0
        write_dev_json(home, plan, supervisor.processes, demo)
        announce(plan, demo)
        await stop.wait()
        _say("callstage", "stopping")
    return 0


def _plan(options: StackOptions, home: Home) -> services.StackPlan:
    servers = embedded.EmbeddedServers(embedded.free_port(), embedded.free_port(), embedded.free_port(), "")
    return services.StackPlan(
        home=home.path,
        servers=servers,
        master_keys=os.environ.get("CALLSTAGE_MASTER_KEYS") or home.secrets()["master_keys"],
        control_api_port=options.control_api_port or embedded.free_port(8080),
        gateway_port=options.gateway_port or embedded.free_port(8081),
        public_url=options.public_url,
        runtime_ports=tuple(embedded.free_port() for _ in range(options.runtimes)),
        sandbox_port=embedded.free_port(),
        gateways=options.gateways,
    )


async def _start(options: StackOptions, home: Home, plan: services.StackPlan, supervisor: Supervisor) -> DemoTenant:
    ports = plan.servers
    _say("callstage", "starting Postgres, NATS and Redis")
    postgres = await asyncio.to_thread(embedded.postgres, home.path, ports.postgres_port)
    supervisor.start(postgres, embedded.nats(home.path, ports.nats_port), embedded.redis(home.path, ports.redis_port))
    for name, port in (("Postgres", ports.postgres_port), ("NATS", ports.nats_port), ("Redis", ports.redis_port)):
        await wait_until(lambda port=port: embedded.is_listening(port), what=name, timeout_s=_SERVER_TIMEOUT_S)
    _say("callstage", "starting the services")
    sandbox, api = services.tool_sandbox(plan), services.control_api(plan)
    runtimes, gateways, poller = services.agent_runtimes(plan), services.media_gateways(plan), services.email_poller(plan)
    # These need no tables: they start while the migrations run.
    supervisor.start(sandbox, *runtimes)
    supervisor.start(*gateways, poller)
    await _command(plan, "migrate", timeout_s=60)
    bootstrap = await _bootstrap(home, plan)
    supervisor.start(api)
    await _wait_ready(api)
    demo = await asyncio.to_thread(seed_demo, plan.control_api_url, home, bootstrap) if options.seed else DemoTenant.bare(bootstrap, home)
    for spec in (sandbox, *runtimes, *gateways, poller):
        await _wait_ready(spec)
    return demo


async def _wait_ready(spec: ProcessSpec) -> None:
    await wait_until(lambda: _is_ready(spec.admin_port), what=spec.instance, timeout_s=_SERVICE_TIMEOUT_S)


def _is_ready(admin_port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/readyz", timeout=1) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


async def _bootstrap(home: Home, plan: services.StackPlan) -> dict[str, str]:
    secrets = home.secrets()
    arguments = ["--tenant", "Demo", "--email", ADMIN_EMAIL, "--password", secrets["admin_password"], "--key", secrets["api_key"]]
    return await _command(plan, "bootstrap", *arguments, timeout_s=60)


async def _command(plan: services.StackPlan, *arguments: str, timeout_s: float) -> dict[str, str]:
    env = dict(services.control_api(plan).env)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "control_api", *arguments, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(timeout_s):
        out, err = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"`control_api {arguments[0]}` failed: {err.decode(errors='replace').strip()[-2000:]}")
    lines = [line for line in out.decode().splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {}


def _say(who: str, line: str) -> None:
    print(f"{who:<16} {line}", file=sys.stderr, flush=True)
