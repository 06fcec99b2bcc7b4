"""The five services as processes of the stack, and the settings they get."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from callstage.stack.embedded import EmbeddedServers
from callstage.stack.ports import free_port
from callstage.stack.process import ProcessSpec


@dataclass(frozen=True)
class StackPlan:
    """Everything that is decided before the first service starts."""

    home: Path
    servers: EmbeddedServers
    master_keys: str
    control_api_port: int
    gateway_port: int
    public_url: str
    runtime_ports: tuple[int, ...]
    sandbox_port: int
    gateways: int

    @property
    def control_api_url(self) -> str:
        return f"http://127.0.0.1:{self.control_api_port}"

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def runtime_targets(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self.runtime_ports)


def shared_env(plan: StackPlan, inherited: Mapping[str, str]) -> dict[str, str]:
    """The developer's environment (provider keys, overrides) over our defaults, under the addresses of this stack."""
    defaults = {
        "CALLSTAGE_LOG_FORMAT": "console",
        "CALLSTAGE_EGRESS_ALLOW": "127.0.0.0/8,::1/128",
        "CALLSTAGE_POLL_INTERVAL_S": "2",
        "CALLSTAGE_DRAIN_TIMEOUT_S": "5",
        "CALLSTAGE_RECORDINGS": f"folder:{plan.home / 'recordings'}",
        "CALLSTAGE_COOKIE_SECURE": "false",
        "OMP_NUM_THREADS": "1",
        # gRPC's own notes about forks and closed connections are for its authors.
        "GRPC_VERBOSITY": "ERROR",
        "GRPC_ENABLE_FORK_SUPPORT": "0",
    }
    fixed = {
        "CALLSTAGE_MASTER_KEYS": plan.master_keys,
        "CALLSTAGE_NATS_URL": plan.servers.nats_url,
        "CALLSTAGE_REDIS_URL": plan.servers.redis_url,
        "CALLSTAGE_DATABASE_URL": plan.servers.postgres_url,
        "CALLSTAGE_SANDBOX_TARGET": f"127.0.0.1:{plan.sandbox_port}",
        "CALLSTAGE_RUNTIME_TARGETS": plan.runtime_targets,
        "CALLSTAGE_RUNTIME_TARGET": f"ipv4:{plan.runtime_targets}",
        "CALLSTAGE_SPOOL_DIR": str(plan.home / "spool"),
        "CALLSTAGE_BIND_HOST": "127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }
    if inherited.get("PYTHONDONTWRITEBYTECODE"):
        # It keeps source folders clean; but to compile everything at each start costs seconds. So compiled code goes here.
        fixed["PYTHONDONTWRITEBYTECODE"] = ""
        defaults["PYTHONPYCACHEPREFIX"] = str(plan.home / "pycache")
    return {**defaults, **inherited, **fixed}


def built_manager() -> Path | None:
    """`web/manager/dist` of this checkout, when it was built (`make web`)."""
    built = Path(__file__).resolve().parents[4] / "web" / "manager" / "dist"
    return built if (built / "index.html").is_file() else None


def built_embed() -> Path | None:
    """The widget's script of this checkout, when it was built (`make web`)."""
    built = Path(__file__).resolve().parents[4] / "web" / "embed" / "dist" / "callstage_embed.js"
    return built if built.is_file() else None


def control_api(plan: StackPlan) -> ProcessSpec:
    """REST API and manager."""
    own = {
        "CALLSTAGE_HTTP_PORT": str(plan.control_api_port),
        "CALLSTAGE_PUBLIC_URL": plan.control_api_url,
        "CALLSTAGE_GATEWAY_PUBLIC_URL": plan.public_url or plan.gateway_url,
        "CALLSTAGE_WEB_ROOT": str(built_manager() or ""),
    }
    return _service(plan, "control-api", "control_api", own)


def tool_sandbox(plan: StackPlan) -> ProcessSpec:
    """Tools."""
    return _service(plan, "tool-sandbox", "tool_sandbox", {"CALLSTAGE_GRPC_PORT": str(plan.sandbox_port)})


def agent_runtimes(plan: StackPlan) -> list[ProcessSpec]:
    """One per port of the plan."""
    return [
        _service(plan, "agent-runtime", "agent_runtime", {"CALLSTAGE_GRPC_PORT": str(port)}, number=index + 1 if len(plan.runtime_ports) > 1 else 0)
        for index, port in enumerate(plan.runtime_ports)
    ]


def media_gateways(plan: StackPlan) -> list[ProcessSpec]:
    """All on one port."""
    own = {
        "CALLSTAGE_HTTP_PORT": str(plan.gateway_port),
        "CALLSTAGE_HTTP_SHARED_PORT": "true",
        "CALLSTAGE_PUBLIC_URL": plan.public_url or plan.gateway_url,
        "CALLSTAGE_EMBED_SCRIPT": str(built_embed() or ""),
    }
    return [_service(plan, "media-gateway", "media_gateway", own, number=index + 1 if plan.gateways > 1 else 0) for index in range(plan.gateways)]


def email_poller(plan: StackPlan) -> ProcessSpec:
    """Mailboxes."""
    return _service(plan, "email-poller", "email_poller", {})


def _service(plan: StackPlan, name: str, module: str, own: Mapping[str, str], *, number: int = 0) -> ProcessSpec:
    instance = f"{name}-{number}" if number else name
    admin_port = free_port()
    env = shared_env(plan, os.environ) | {"CALLSTAGE_INSTANCE": instance, "CALLSTAGE_ADMIN_PORT": str(admin_port)} | dict(own)
    # An orphan could only wait for servers that are dying too; services are made to be killed.
    return ProcessSpec(name, instance, [sys.executable, "-m", module], env, admin_port=admin_port, orphan_signal=signal.SIGKILL)
