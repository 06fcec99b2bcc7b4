"""Services started by hand on one machine find each other: the default targets of clients are the default ports of their servers."""

import pytest
from agent_runtime.settings import RuntimeSettings
from control_api.settings import ControlApiSettings
from email_poller.settings import EmailPollerSettings
from media_gateway.settings import GatewaySettings
from pydantic_settings import BaseSettings
from tool_sandbox.settings import SandboxSettings

SANDBOX, RUNTIME = (f"127.0.0.1:{kind.model_fields['grpc_port'].default}" for kind in (SandboxSettings, RuntimeSettings))


@pytest.mark.parametrize(
    ("client", "setting", "server"),
    [
        (RuntimeSettings, "sandbox_target", SANDBOX),
        (GatewaySettings, "sandbox_target", SANDBOX),
        (ControlApiSettings, "sandbox_target", SANDBOX),
        (GatewaySettings, "runtime_targets", RUNTIME),
        (EmailPollerSettings, "runtime_target", RUNTIME),
        (ControlApiSettings, "runtime_target", RUNTIME),
    ],
)
def test_clients_default_to_where_servers_listen(client: type[BaseSettings], setting: str, server: str) -> None:
    assert client.model_fields[setting].default == server
