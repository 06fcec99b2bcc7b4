"""Prints docs/asyncapi.json: every event on JetStream with its subject and schema, from the models that services publish and read (rule EV1)."""

import json
from typing import Any, get_args

from callstage_contracts import events
from callstage_contracts.subjects import STREAM, event_subject

_TITLE = "Callstage events"
_DESCRIPTION = (
    f"What happens in calls and conversations, stored in the JetStream stream {STREAM}. Subjects are `callstage.<tenant>.<entity>.<event>`. "
    "Each event has an `id` and comes at least once, in any order between processes: apply each id once. `schema_version` grows when a field "
    "changes its meaning; new optional fields need no new version, and unknown fields are to be ignored."
)


def document() -> dict[str, Any]:
    """AsyncAPI 3.0."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for kind in sorted(get_args(get_args(events.AnyEvent)[0]), key=lambda member: member.model_fields["type"].default):
        name = str(kind.model_fields["type"].default)
        entity, _, event = name.partition(".")
        schema = kind.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        schemas |= schema.pop("$defs", {})
        schemas[kind.__name__] = schema
        summary = (kind.__doc__ or "").partition("\n")[0]
        payload = {"$ref": f"#/components/schemas/{kind.__name__}"}
        messages[kind.__name__] = {"name": name, "summary": summary, "contentType": "application/json", "payload": payload}
        channels[name] = {
            "address": event_subject("{tenant}", entity, event),
            "parameters": {"tenant": {"description": "Id of the tenant that the event belongs to."}},
            "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}},
        }
        operations[f"receive.{name}"] = {"action": "receive", "summary": summary, "channel": {"$ref": f"#/channels/{name}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": _TITLE, "version": "1", "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def main() -> None:
    """To standard output."""
    print(json.dumps(document(), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
