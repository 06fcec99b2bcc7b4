"""Ready-made tools for a resource, one per access right: what there is without any language model (rules R1, T10). Pure."""

import json
import re
from typing import Any, Final, Literal

from control_api.compile.draft import AccessRight, DraftResource, DraftTool, ResourceField

Action = Literal["search", "create", "update", "delete", "call"]
_RIGHTS: Final[dict[Action, AccessRight]] = {"search": "search_read", "create": "create", "update": "write", "delete": "delete", "call": "write"}
_NUMBERS: Final = {"integer": "integer", "Int": "integer", "many2one": "integer", "float": "number", "monetary": "number", "Float": "number"}
_BOOLEANS: Final = frozenset({"boolean", "Check"})
_MAX_FIELDS: Final = 20


class MissingRight(ValueError):
    """The resource does not list the access right that the action needs."""


def tool_for(resource: DraftResource, action: Action, method: str = "") -> DraftTool:
    """A tool whose code has the resource's base domain and create-extra in it. Raises MissingRight."""
    right = _RIGHTS[action]
    if right not in resource.access:
        raise MissingRight(f"the resource '{resource.model}' does not have the access right '{right}'")
    noun = re.sub(r"\W+", "_", resource.model).strip("_").lower() or "record"
    makers = {"search": _search, "create": _create, "update": _update, "delete": _delete}
    parameters, code = _call(resource, method) if action == "call" else makers[action](resource)
    name = f"{method if action == 'call' else action}_{noun}"[:64]
    verb = method.replace("_", " ") if action == "call" else action
    return DraftTool(name=name, kind="code", description=f"{verb.capitalize()}: {_label(resource)}.", parameters=parameters, code=code)


def _search(resource: DraftResource) -> tuple[dict[str, Any], str]:
    shown = [field.name for field in resource.fields[:_MAX_FIELDS]]
    by = next((field for field in resource.fields if field.name in ("name", "customer_name", "phone", "email")), None)
    wanted = by.name if by is not None else (shown[0] if shown else "name")
    code = (
        f'domain = {_python(resource.base_domain)} + [[{_python(wanted)}, "ilike", args["query"]]]\n'
        f"found = await server.search_read({_python(resource.model)}, domain=domain, fields={_python(shown)}, limit=5)\n"
        'if not found:\n    return {"status": "not_found"}\n'
        'return {"status": "found", "records": found}\n'
    )
    return _object({"query": {"type": "string", "description": f"What to look for in {wanted}."}}, ["query"]), code


def _create(resource: DraftResource) -> tuple[dict[str, Any], str]:
    fields = _writable(resource)
    properties = {field.name: _property(field) for field in fields}
    code = (
        f"vals = {{name: args[name] for name in {_python([field.name for field in fields])} if name in args}}\n"
        f"{f'vals.update({_python(resource.create_extra)})' + chr(10) if resource.create_extra else ''}"
        f"made = await server.create({_python(resource.model)}, vals=vals)\n"
        'logger.info("created %s", made)\n'
        'return {"status": "created", "id": made}\n'
    )
    return _object(properties, [field.name for field in fields if field.required]), code


def _update(resource: DraftResource) -> tuple[dict[str, Any], str]:
    fields = _writable(resource)
    code = (
        f"vals = {{name: args[name] for name in {_python([field.name for field in fields])} if name in args}}\n"
        f"{_found(resource)}"
        f'await server.write({_python(resource.model)}, [args["id"]], vals)\n'
        'return {"status": "saved", "id": args["id"]}\n'
    )
    return _object({"id": _ID, **{field.name: _property(field) for field in fields}}, ["id"]), code


def _delete(resource: DraftResource) -> tuple[dict[str, Any], str]:
    code = f'{_found(resource)}await server.delete({_python(resource.model)}, [args["id"]])\nreturn {{"status": "deleted", "id": args["id"]}}\n'
    return _object({"id": _ID}, ["id"]), code


def _call(resource: DraftResource, method: str) -> tuple[dict[str, Any], str]:
    code = (
        f"{_found(resource)}"
        f'result = await server.call({_python(resource.model)}, {_python(method)}, ids=[args["id"]])\n'
        'return {"status": "done", "id": args["id"], "result": result}\n'
    )
    return _object({"id": _ID}, ["id"]), code


_ID: Final = {"type": ["integer", "string"], "description": "The record's id, from an earlier search."}


def _found(resource: DraftResource) -> str:
    """The base domain also guards records that are changed: an id that the caller made up must not reach beyond it."""
    domain = f'{_python(resource.base_domain)} + [["id", "=", args["id"]]]'
    return (
        f'found = await server.search_read({_python(resource.model)}, domain={domain}, fields=["id"], limit=1)\n'
        'if not found:\n    return {"status": "not_found"}\n'
    )


def _writable(resource: DraftResource) -> list[ResourceField]:
    fields = [field for field in resource.fields if not field.readonly]
    return sorted(fields, key=lambda field: not field.required)[:_MAX_FIELDS]


def _property(field: ResourceField) -> dict[str, Any]:
    kind = "boolean" if field.type in _BOOLEANS else _NUMBERS.get(field.type, "string")
    about = field.description or field.label or field.name
    return {"type": kind, "description": about, **({"enum": field.choices} if field.choices and kind == "string" else {})}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _label(resource: DraftResource) -> str:
    return resource.description.split("\n")[0].rstrip(".")[:200] or resource.model


def _python(value: Any) -> str:
    """A JSON value as Python source."""
    match value:
        case True | False | None:
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return "[" + ", ".join(_python(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{_python(str(key))}: {_python(item)}" for key, item in value.items()) + "}"
        case _:
            return repr(value)
