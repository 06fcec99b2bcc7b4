"""The metrics of several processes as those of one, told apart by the label `process`."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

LABEL = "process"


def merged(texts: Mapping[str, str]) -> bytes:
    """Text format of `/metrics`; `texts`: the same of each process, by its name. A family stands once, each sample tells its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(_families(texts)))
    return generate_latest(registry)


def _families(texts: Mapping[str, str]) -> Iterable[Metric]:
    families: dict[str, Metric] = {}
    for process, text in texts.items():
        for family in text_string_to_metric_families(text):
            known = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                known.add_sample(sample.name, {LABEL: process, **sample.labels}, sample.value, sample.timestamp, sample.exemplar)
    return families.values()


class _Fixed(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families
