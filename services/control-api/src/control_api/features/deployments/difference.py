"""What differs between two snapshots, by path."""

from collections.abc import Iterator, Mapping
from typing import Any

from callstage_domain.agent import AgentSnapshot


def differences(before: AgentSnapshot, after: AgentSnapshot) -> list[tuple[str, Any, Any]]:
    """(path, before, after); stages are compared by name, so that moving one shows as an order change only."""
    return list(_walk("", _by_name(before), _by_name(after)))


def _by_name(snapshot: AgentSnapshot) -> dict[str, Any]:
    plain = snapshot.model_dump(mode="json", exclude={"deployment", "tenant_id", "agent_id"})
    stages: list[dict[str, Any]] = plain.pop("stages")
    return {**plain, "stage_order": [stage["name"] for stage in stages], "stages": {stage["name"]: stage for stage in stages}}


def _walk(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from _walk(f"{path}.{key}" if path else str(key), before.get(key), after.get(key))
    elif before != after:
        yield path, before, after
