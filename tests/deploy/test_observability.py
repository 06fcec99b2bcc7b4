"""Proves MT1: alerts and dashboard ask for metrics and labels that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from callstage_kit.telemetry import metrics
from prometheus_client.metrics import MetricWrapperBase

FOLDER = Path(__file__).parents[2] / "deploy" / "observability"
SCRAPED = {"job", "instance", "le", "namespace", "pod"}


def exported() -> dict[str, set[str]]:
    """Names as Prometheus has them → labels."""
    names: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(str(metric._type), [""])
            names |= {f"{metric._name}{suffix}": set(metric._labelnames) for suffix in suffixes}
    return names


def alerts() -> list[Any]:
    return [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]


def panels() -> list[Any]:
    return json.loads((FOLDER / "dashboard.json").read_text())["panels"]


EXPRESSIONS = [
    *((rule["alert"], rule["expr"]) for rule in alerts()),
    *((panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]),
]


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS)
def test_expression(name: str, expression: str) -> None:
    known = exported()
    used = re.findall(r"\bcallstage_\w+", expression)
    assert used or "up{" in expression, name
    labels: set[str] = set()
    for metric in used:
        assert metric in known, f"{name}: {metric} is not exported"
        labels |= known[metric]
    grouped = [label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")]
    matched = re.findall(r"[{,]\s*(\w+)\s*[=!]", expression)
    assert set(grouped) | set(matched) <= labels | SCRAPED, name
    assert all(expression.count(a) == expression.count(b) for a, b in ("()", "{}", "[]"))
    assert ("_bucket" in expression) == ("histogram_quantile" in expression)


def test_alerts_say_what_and_how_bad() -> None:
    rules = alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("warning", "critical")
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        kept = {label.strip() for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in group.split(",")}
        assert used <= kept | ({"job", "instance"} if rule["expr"].startswith("up{") else set()), rule["alert"]


def test_dashboard_shows_every_metric() -> None:
    shown = " ".join(expression for _, expression in EXPRESSIONS)
    assert [name for name in exported() if name.endswith(("_sum", "_count")) is False and name not in shown] == []
    assert len({panel["id"] for panel in panels()}) == len(panels())
