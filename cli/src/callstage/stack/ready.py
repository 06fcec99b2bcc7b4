"""Where to look: the ready lines on stdout and `dev.json` for programs."""

import json
from typing import Any

from callstage.stack.demo import DemoTenant
from callstage.stack.home import Home, write_atomically
from callstage.stack.process import ManagedProcess
from callstage.stack.services import StackPlan
from callstage.stack.terminal import banner


def write_dev_json(home: Home, plan: StackPlan, processes: list[ManagedProcess], demo: DemoTenant) -> None:
    """Everything a test or a tool needs to use this stack; rewritten when a service gets a new process."""
    secrets = home.secrets()
    content = {
        "control_api": plan.control_api_url,
        "media_gateway": plan.gateway_url,
        "public_url": plan.public_url or plan.gateway_url,
        "api_key": secrets["api_key"],
        "admin_email": demo.admin_email,
        "admin_password": secrets["admin_password"],
        "tenant_id": demo.tenant_id,
        "agent_id": demo.agent_id,
        "number": demo.number,
        "twilio_account_sid": secrets["twilio_account_sid"],
        "twilio_auth_token": secrets["twilio_auth_token"],
        "telnyx_private_key": secrets["telnyx_private_key"],
        "webhook_key": secrets.get("webhook_key", ""),
        "postgres_url": plan.servers.postgres_url,
        "redis_url": plan.servers.redis_url,
        "nats_url": plan.servers.nats_url,
        "services": [_service(process) for process in processes if process.spec.admin_port],
        "servers": {process.spec.name: process.pid for process in processes if not process.spec.admin_port},
    }
    write_atomically(home.dev_json, json.dumps(content, indent=2))


def _service(process: ManagedProcess) -> dict[str, Any]:
    base = f"http://127.0.0.1:{process.spec.admin_port}"
    return {
        "name": process.spec.name,
        "instance": process.spec.instance,
        "pid": process.pid,
        "health_url": f"{base}/healthz",
        "ready_url": f"{base}/readyz",
        "metrics_url": f"{base}/metrics",
    }


def announce(plan: StackPlan, demo: DemoTenant) -> None:
    """On stdout, for people and for scripts that wait for the first line."""
    password = demo.admin_password
    lines = [
        f"  API and manager   {plan.control_api_url}",
        f"  media gateway     {plan.gateway_url}",
        f"  demo number       {demo.number}   (agent `{demo.agent_id}`)",
        f"  login             {demo.admin_email} / {password}",
        "  call it           make call",
        "  stop              Ctrl-C, or make down",
    ]
    banner("Callstage is ready", lines)
