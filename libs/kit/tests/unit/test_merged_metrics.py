"""Rule MT1: the metrics of several processes of one container are those of one service."""

from callstage_kit.processes.metrics import merged
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families


def _process(calls: int, seconds: float) -> str:
    registry = CollectorRegistry()
    Gauge("callstage_active_calls", "Calls that run.", ["channel"], registry=registry).labels("twilio").set(calls)
    Counter("callstage_events_total", "Events.", ["outcome"], registry=registry).labels("published").inc(calls)
    Histogram("callstage_response_seconds", "Answers.", buckets=(0.5, 1.0), registry=registry).observe(seconds)
    return generate_latest(registry).decode()


def test_each_family_stands_once_and_samples_tell_their_process() -> None:
    text = merged({"1": _process(3, 0.4), "2": _process(4, 0.7)}).decode()
    assert text.count("# HELP callstage_active_calls Calls that run.") == 1
    families = {family.name: family for family in text_string_to_metric_families(text)}
    active = {sample.labels["process"]: sample.value for sample in families["callstage_active_calls"].samples}
    assert active == {"1": 3, "2": 4}
    assert all(sample.labels["channel"] == "twilio" for sample in families["callstage_active_calls"].samples)
    published = [sample for sample in families["callstage_events"].samples if sample.name == "callstage_events_total"]
    assert sum(sample.value for sample in published) == 7
    buckets = {(s.labels["process"], s.labels["le"]): s.value for s in families["callstage_response_seconds"].samples if s.name.endswith("_bucket")}
    assert buckets["1", "0.5"] == 1
    assert buckets["2", "0.5"] == 0


def test_a_process_that_does_not_answer_leaves_the_others() -> None:
    text = merged({"1": "", "2": _process(4, 0.7)}).decode()
    assert 'callstage_active_calls{channel="twilio",process="2"} 4.0' in text
    assert 'process="1"' not in text
