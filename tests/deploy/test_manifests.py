"""Proves K8 MT2: what the overlays render to is valid, restricted, drained, spread, scaled and closed by default."""

import importlib
import importlib.util
import ipaddress
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[2]
SERVICES = ("media-gateway", "agent-runtime", "tool-sandbox", "control-api", "email-poller")
CUSTOM = {"ServiceMonitor"}
SCHEMA_VERSION = "1.37"


def pod_specs(of_kind: Any) -> dict[str, Any]:
    return {name: document["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for name, document in of_kind(kind).items()}


def settings_names(service: str) -> set[str]:
    """Environment variables that a service reads."""
    package = service.replace("-", "_")
    modules = [f"{package}.settings", *(["agent_runtime.providers.settings"] if service == "agent-runtime" else [])]
    values = [value for module in modules for value in vars(importlib.import_module(module)).values()]
    classes = [value for value in values if isinstance(value, type) and issubclass(value, BaseSettings)]
    return {field.validation_alias or f"CALLSTAGE_{name.upper()}" for cls in classes for name, field in cls.model_fields.items()}  # type: ignore[misc]


def environment(pod: Any) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in pod["containers"][0]["env"]}


def test_every_document_is_valid(documents: list[Any]) -> None:
    assert len(documents) >= 39
    for document in documents:
        if document["kind"] not in CUSTOM:
            kubernetes_validate.validate(document, SCHEMA_VERSION, strict=True)


def test_names_are_unique(documents: list[Any]) -> None:
    names = [(document["kind"], document["metadata"]["name"]) for document in documents]
    assert len(names) == len(set(names))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="compares with the real kustomize where there is one")
def test_rendered_as_kustomize_does(overlay: str, documents: list[Any]) -> None:
    folder = ROOT / "deploy" / "k8s" / "overlays" / overlay
    real = subprocess.run(["kubectl", "kustomize", str(folder)], check=True, capture_output=True, text=True).stdout
    by_name = {(d["kind"], d["metadata"]["name"]): d for d in yaml.safe_load_all(real)}
    assert by_name == {(d["kind"], d["metadata"]["name"]): d for d in documents}


def test_every_service_has_all_its_parts(of_kind: Any) -> None:
    for kind in ("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "HorizontalPodAutoscaler"):
        assert set(of_kind(kind)) == set(SERVICES), kind
    assert set(of_kind("NetworkPolicy")) >= {*SERVICES, "migrations", "default-deny"}


def test_pods_are_restricted(of_kind: Any) -> None:
    assert of_kind("Namespace")["callstage"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, pod in pod_specs(of_kind).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod)
        [container] = pod["containers"]
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert all(set(volume) == {"name", "emptyDir"} and volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"])
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/tmp", "/var/lib/callstage"}
        assert environment(pod)["CALLSTAGE_SPOOL_DIR"].startswith("/var/lib/callstage/")


def test_resources_are_bounded(of_kind: Any) -> None:
    for name, pod in pod_specs(of_kind).items():
        resources = pod["containers"][0]["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}, name
        assert "memory" in resources["limits"], name


def test_probes(of_kind: Any) -> None:
    for name, deployment in of_kind("Deployment").items():
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert ports["admin"] == 9090
        assert environment({"containers": [container]})["CALLSTAGE_ADMIN_PORT"] == "9090"
        assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "admin"}
        assert container["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "admin"}
        wanted = {"grpc": {"port": ports["grpc"]}} if "grpc" in ports else {"httpGet": {"path": "/readyz", "port": "admin"}}
        assert wanted.items() <= container["readinessProbe"].items(), name


def test_drain_fits_into_the_grace_period(of_kind: Any) -> None:
    for name, deployment in of_kind("Deployment").items():
        pod = deployment["spec"]["template"]["spec"]
        drain_s = float(environment(pod)["CALLSTAGE_DRAIN_TIMEOUT_S"])
        pre_stop_s = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["terminationGracePeriodSeconds"] >= pre_stop_s + drain_s + 10, name
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert {rule["topologyKey"] for rule in pod["topologySpreadConstraints"]} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
        assert "replicas" not in deployment["spec"], "the autoscaler owns the number"


def test_selectors_meet_their_pods(of_kind: Any) -> None:
    for name, deployment in of_kind("Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"].items()
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels
        assert of_kind("Service")[name]["spec"]["selector"].items() <= labels
        assert of_kind("PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"].items() <= labels
        assert of_kind("NetworkPolicy")[name]["spec"]["podSelector"]["matchLabels"].items() <= labels
        assert of_kind("HorizontalPodAutoscaler")[name]["spec"]["scaleTargetRef"]["name"] == name
        assert deployment["spec"]["template"]["spec"]["serviceAccountName"] in of_kind("ServiceAccount")


def test_calls_scale_gateway_and_runtime(of_kind: Any) -> None:
    for name in ("media-gateway", "agent-runtime"):
        [metric] = of_kind("HorizontalPodAutoscaler")[name]["spec"]["metrics"]
        assert metric["pods"]["metric"]["name"] == "callstage_active_calls"


OF_LIBRARIES = {"GRPC_ENABLE_FORK_SUPPORT": "0", "GRPC_VERBOSITY": "ERROR"}


def test_environment_is_what_the_settings_read(of_kind: Any) -> None:
    for name, pod in pod_specs(of_kind).items():
        service = "control-api" if name == "migrations" else name
        values, known = environment(pod), settings_names(service)
        assert OF_LIBRARIES.items() <= values.items(), name
        given = set(values) - set(OF_LIBRARIES)
        assert given <= known, f"{name}: nobody reads {sorted(given - known)}"
        assert {"CALLSTAGE_NATS_URL", "CALLSTAGE_REDIS_URL", "CALLSTAGE_MASTER_KEYS", "CALLSTAGE_BIND_HOST", "CALLSTAGE_INSTANCE"} <= given
        targets = {field for field in known if field.endswith(("_TARGET", "_TARGETS"))}
        assert name == "migrations" or targets <= given, f"{name}: {sorted(targets - given)} would point at the pod itself"
        assert ("CALLSTAGE_DATABASE_URL" in given) == (service == "control-api")


def test_references_exist(of_kind: Any) -> None:
    keys = set(of_kind("ConfigMap")["callstage"]["data"])
    for pod in pod_specs(of_kind).values():
        for value in environment(pod).values():
            reference = value.get("configMapKeyRef") if isinstance(value, dict) else None
            assert reference is None or (reference["name"] == "callstage" and reference["key"] in keys)
            secret = value.get("secretKeyRef") if isinstance(value, dict) else None
            assert secret is None or secret["key"] in {"master-keys", "database-url", "nats-url", "redis-url"}


def allows(rules: list[Any], side: str, peer: str, port: int) -> bool:
    return any(
        any(entry.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name") == peer for entry in rule[side])
        and any(entry.get("port") == port for entry in rule["ports"])
        for rule in rules
    )


def test_grpc_targets_are_headless_and_open_on_both_sides(of_kind: Any) -> None:
    seen = 0
    for name, pod in pod_specs(of_kind).items():
        for variable, value in environment(pod).items():
            if not variable.endswith(("_TARGET", "_TARGETS")):
                continue
            match = re.fullmatch(r"dns:///([a-z-]+):(\d+)", value)
            assert match is not None, f"{name}: {variable}"
            target, port = match[1], int(match[2])
            service = of_kind("Service")[target]["spec"]
            assert service["clusterIP"] == "None"
            assert port in {entry["port"] for entry in service["ports"]}
            listens = {entry["name"]: entry["containerPort"] for entry in pod_specs(of_kind)[target]["containers"][0]["ports"]}
            assert listens["grpc"] == port == int(environment(pod_specs(of_kind)[target])["CALLSTAGE_GRPC_PORT"])
            assert allows(of_kind("NetworkPolicy")[name]["spec"]["egress"], "to", target, port), f"{name} → {target}"
            assert allows(of_kind("NetworkPolicy")[target]["spec"]["ingress"], "from", name, port), f"{target} ← {name}"
            seen += 1
    assert seen == 6


def test_default_deny(of_kind: Any) -> None:
    policy = of_kind("NetworkPolicy")["default-deny"]["spec"]
    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_nobody_reaches_private_networks(of_kind: Any) -> None:
    private = [
        ipaddress.ip_network(text)
        for text in ("10.1.2.0/24", "172.20.0.0/24", "192.168.1.0/24", "169.254.169.254/32", "127.0.0.1/32", "100.64.1.0/24")
    ]
    private += [ipaddress.ip_network(text) for text in ("fd00::/16", "fe80::1/128", "::1/128")]
    blocks = 0
    for name, policy in of_kind("NetworkPolicy").items():
        for rule in policy["spec"].get("egress", []):
            for block in (entry["ipBlock"] for entry in rule["to"] if "ipBlock" in entry):
                blocks += 1
                excepted = [ipaddress.ip_network(text) for text in block["except"]]
                version = ipaddress.ip_network(block["cidr"]).version
                for network in (network for network in private if network.version == version):
                    assert any(network.subnet_of(other) for other in excepted if other.version == version), f"{name}: {network}"  # type: ignore[arg-type]
    assert blocks == 10


def test_only_the_ingress_reaches_http(of_kind: Any) -> None:
    for ingress in of_kind("Ingress").values():
        annotations = ingress["metadata"]["annotations"]
        assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) >= 3600
        assert int(annotations["nginx.ingress.kubernetes.io/proxy-send-timeout"]) >= 3600
        for path in (path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]):
            backend = path["backend"]["service"]
            port = next(entry for entry in of_kind("Service")[backend["name"]]["spec"]["ports"] if entry["name"] == backend["port"]["name"])
            container = pod_specs(of_kind)[backend["name"]]["containers"][0]
            listens = {entry["name"]: entry["containerPort"] for entry in container["ports"]}
            assert str(listens[port["targetPort"]]) == environment({"containers": [container]})["CALLSTAGE_HTTP_PORT"]
            assert of_kind("NetworkPolicy")[backend["name"]]["spec"]["ingress"][0]["ports"] == [{"port": listens["http"], "protocol": "TCP"}]
    assert set(of_kind("Ingress")) == {"media-gateway", "control-api"}


def test_images(overlay: str, of_kind: Any) -> None:
    images = {name: pod["containers"][0]["image"] for name, pod in pod_specs(of_kind).items()}
    for image in images.values():
        assert re.fullmatch(r"[a-z0-9./-]+:[\w.-]+", image)
        assert overlay == "dev" or not image.endswith((":latest", ":dev"))
    assert images["migrations"] == images["control-api"]
    assert all(images[service].partition(":")[0].endswith(f"/{service}") for service in SERVICES)


def test_commands_are_modules_that_exist(of_kind: Any) -> None:
    for name, pod in pod_specs(of_kind).items():
        python, flag, module, *_ = pod["containers"][0]["args"]
        assert (python, flag) == ("python", "-m"), name
        assert importlib.util.find_spec(f"{module}.__main__") is not None, module


def test_production_has_gvisor_and_monitoring(overlay: str, of_kind: Any) -> None:
    sandbox = pod_specs(of_kind)["tool-sandbox"]
    if overlay == "dev":
        assert "runtimeClassName" not in sandbox
        return
    assert sandbox["runtimeClassName"] in of_kind("RuntimeClass")
    [monitor] = of_kind("ServiceMonitor").values()
    for service in of_kind("Service").values():
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert "admin" in {port["name"] for port in service["spec"]["ports"]}
