"""Whether code stays within the access rights of an agent's resources (rule R1: they guide writing, they guard nothing at run time). Pure."""

from collections.abc import Sequence

from control_api.compile.draft import AccessRight, DraftResource
from control_api.compile.effects import Effects

_RIGHT_OF: dict[str, AccessRight] = {"create": "create", "write": "write", "delete": "delete"}


def beyond(effects: Effects, resources: Sequence[DraftResource]) -> list[str]:
    """What the code can do although no resource allows it, one sentence each; empty when it stays within."""
    rights = {resource.model: set(resource.access) for resource in resources}
    found = [
        f"it reads {model}, which is not listed with the right read or search_read"
        for model in effects.models_read
        if not rights.get(model, set()) & {"read", "search_read"}
    ]
    found += [
        f"it uses {effect.operation} on {effect.target}, which is not listed with the right {_RIGHT_OF[effect.operation]}"
        for effect in effects.writes
        if _RIGHT_OF[effect.operation] not in rights.get(effect.target, set())
    ]
    found += [
        f"it calls {effect.operation} of {effect.target}, which is not listed with the right write"
        for effect in effects.calls
        if "write" not in rights.get(effect.target, set())
    ]
    return found + [f"{unknown.what}{f' (line {unknown.line})' if unknown.line else ''}" for unknown in effects.unknown]
