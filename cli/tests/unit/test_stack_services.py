"""Proves what the services of the embedded stack get from the developer's environment and what they do not."""

from pathlib import Path

import pytest
from callstage.stack.embedded import EmbeddedServers
from callstage.stack.services import StackPlan, agent_runtimes, media_gateways, shared_env


@pytest.fixture
def plan(tmp_path: Path) -> StackPlan:
    return StackPlan(
        home=tmp_path,
        servers=EmbeddedServers(5001, 5002, 5003),
        master_keys="dev:key",
        control_api_port=5004,
        gateway_port=5005,
        public_url="https://tunnel.example",
        runtime_ports=(5006, 5007),
        sandbox_port=5008,
        gateways=2,
    )


def test_vendor_keys_and_settings_pass_and_addresses_of_this_stack_win(plan: StackPlan) -> None:
    env = shared_env(plan, {"OPENAI_API_KEY": "sk", "CALLSTAGE_LOG_FORMAT": "json", "CALLSTAGE_NATS_URL": "nats://elsewhere"})
    assert env["OPENAI_API_KEY"] == "sk"
    assert env["CALLSTAGE_LOG_FORMAT"] == "json"
    assert env["CALLSTAGE_NATS_URL"] == "nats://127.0.0.1:5002"
    assert env["CALLSTAGE_RUNTIME_TARGETS"] == "127.0.0.1:5006,127.0.0.1:5007"


def test_compiled_code_is_kept_even_where_it_must_not_lie_beside_its_source(plan: StackPlan) -> None:
    assert "PYTHONPYCACHEPREFIX" not in shared_env(plan, {})
    env = shared_env(plan, {"PYTHONDONTWRITEBYTECODE": "1"})
    assert env["PYTHONDONTWRITEBYTECODE"] == ""
    assert Path(env["PYTHONPYCACHEPREFIX"]).parent == plan.home
    assert shared_env(plan, {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/elsewhere"})["PYTHONPYCACHEPREFIX"] == "/elsewhere"


def test_several_of_a_kind_have_names_and_admin_ports_of_their_own_and_gateways_share_one(plan: StackPlan) -> None:
    specs = [*agent_runtimes(plan), *media_gateways(plan)]
    assert [spec.instance for spec in specs] == ["agent-runtime-1", "agent-runtime-2", "media-gateway-1", "media-gateway-2"]
    assert len({spec.admin_port for spec in specs}) == 4
    assert [spec.env["CALLSTAGE_GRPC_PORT"] for spec in agent_runtimes(plan)] == ["5006", "5007"]
    assert {spec.env["CALLSTAGE_HTTP_PORT"] for spec in media_gateways(plan)} == {"5005"}
    assert {spec.env["CALLSTAGE_PUBLIC_URL"] for spec in media_gateways(plan)} == {"https://tunnel.example"}
