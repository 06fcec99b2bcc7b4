"""Proves K8 MT2 for several processes in a pod: the patches meet what they mean, and everything that names a port knows all of them."""

from typing import Any

import kubernetes_validate
import pytest
from media_gateway.settings import GatewaySettings

from tests.deploy.conftest import K8S, render
from tests.deploy.test_manifests import CUSTOM, SCHEMA_VERSION, environment


@pytest.fixture(scope="module")
def patched() -> dict[tuple[str, str], Any]:
    documents = render(K8S / "components" / "processes", render(K8S / "overlays" / "production"))
    for document in documents:
        if document["kind"] not in CUSTOM:
            kubernetes_validate.validate(document, SCHEMA_VERSION, strict=True)
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def _pod(patched: dict[tuple[str, str], Any], name: str) -> Any:
    return patched["Deployment", name]["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", ["media-gateway", "agent-runtime"])
def test_a_pod_asks_for_a_core_per_process(patched: dict[tuple[str, str], Any], name: str) -> None:
    pod = _pod(patched, name)
    count = environment(pod)["CALLSTAGE_PROCESSES"]
    assert pod["containers"][0]["resources"]["requests"]["cpu"] == count == "2"
    assert pod["containers"][0]["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}


def test_the_gateway_is_told_every_port_and_may_reach_it(patched: dict[tuple[str, str], Any]) -> None:
    targets = environment(_pod(patched, "media-gateway"))["CALLSTAGE_RUNTIME_TARGETS"]
    settings = GatewaySettings.model_construct(runtime_targets=targets)
    assert settings.runtime_addresses == ("dns:///agent-runtime:50051", "dns:///agent-runtime:50052")
    first, last = int(environment(_pod(patched, "agent-runtime"))["CALLSTAGE_GRPC_PORT"]), 50052
    opened = {"port": first, "endPort": last, "protocol": "TCP"}
    assert opened in patched["NetworkPolicy", "agent-runtime"]["spec"]["ingress"][0]["ports"]
    assert opened in patched["NetworkPolicy", "media-gateway"]["spec"]["egress"][0]["ports"]


def test_the_autoscaler_counts_the_calls_of_all_processes(patched: dict[tuple[str, str], Any]) -> None:
    base = {(document["kind"], document["metadata"]["name"]): document for document in render(K8S / "overlays" / "production")}
    for name in ("media-gateway", "agent-runtime"):
        targets = [int(found["HorizontalPodAutoscaler", name]["spec"]["metrics"][0]["pods"]["target"]["averageValue"]) for found in (base, patched)]
        assert targets[1] == 2 * targets[0]
