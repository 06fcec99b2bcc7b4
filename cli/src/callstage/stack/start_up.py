"""From nothing to ready: servers, schema, services, demo tenant, in an order that lets them start side by side."""

import urllib.error
import urllib.request
from collections.abc import Sequence

from callstage_kit.tasks import all_of, in_thread

from callstage.stack import embedded, services
from callstage.stack.demo import DemoTenant, seed_demo
from callstage.stack.first_tenant import FirstTenant
from callstage.stack.home import Home
from callstage.stack.ports import is_listening
from callstage.stack.process import ProcessSpec
from callstage.stack.supervisor import Supervisor
from callstage.stack.terminal import say

_SERVER_TIMEOUT_S = 30.0
_SERVICE_TIMEOUT_S = 90.0


class StartUp:
    """One start of one stack."""

    def __init__(self, plan: services.StackPlan, home: Home, supervisor: Supervisor, *, seed: bool) -> None:
        self._plan = plan
        self._home = home
        self._supervisor = supervisor
        self._seed = seed
        self._tenant = FirstTenant(home, plan)

    async def run(self) -> DemoTenant:
        """Returns when calls are taken. Raises RuntimeError saying what did not start, with its last lines."""
        await self._start_servers()
        say("callstage", "starting the services")
        plan = self._plan
        api = services.control_api(plan)
        others = [services.tool_sandbox(plan), *services.agent_runtimes(plan), *services.media_gateways(plan), services.email_poller(plan)]
        tenant = self._tenant.known()
        if tenant is None:
            # The others need no tables: they start while these are made.
            self._start_services(others)
            tenant = await self._tenant.make()
            self._supervisor.start(api)
            demo, *_ = await all_of(self._demo(api, tenant), *(self._is_up(spec) for spec in others))
        else:
            self._supervisor.start(api)
            self._start_services(others)
            demo, *_ = await all_of(self._demo(api, tenant), *(self._is_up(spec) for spec in others))
        assert demo is not None
        return demo

    async def _start_servers(self) -> None:
        ports, home = self._plan.servers, self._home.path
        say("callstage", "starting Postgres, NATS and Redis")
        self._supervisor.start(embedded.nats(home, ports.nats_port), embedded.redis(home, ports.redis_port))
        self._supervisor.start(await embedded.postgres(home, ports.postgres_port))
        for name, port in (("postgres", ports.postgres_port), ("nats", ports.nats_port), ("redis", ports.redis_port)):
            await self._supervisor.wait_until(name, lambda port=port: is_listening(port), timeout_s=_SERVER_TIMEOUT_S)

    def _start_services(self, specs: Sequence[ProcessSpec]) -> None:
        """In two waves, so that at the end gateways let go of their calls before the runtimes stop."""
        behind = [spec for spec in specs if spec.name in ("tool-sandbox", "agent-runtime")]
        self._supervisor.start(*behind)
        self._supervisor.start(*(spec for spec in specs if spec not in behind))

    async def _demo(self, api: ProcessSpec, tenant: dict[str, str]) -> DemoTenant | None:
        await self._is_up(api)
        if not self._seed:
            return DemoTenant.bare(tenant, self._home)
        try:
            return await in_thread(seed_demo, self._plan.control_api_url, self._home, tenant)
        except PermissionError:
            # The developer removed the owner's key: it is made again.
            return await in_thread(seed_demo, self._plan.control_api_url, self._home, await self._tenant.make())

    async def _is_up(self, spec: ProcessSpec) -> None:
        await self._supervisor.wait_until(spec.instance, lambda: _is_ready(spec.admin_port), timeout_s=_SERVICE_TIMEOUT_S)


def _is_ready(admin_port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/readyz", timeout=1) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False
