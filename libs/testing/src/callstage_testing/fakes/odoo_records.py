"""In-memory Odoo models: fields, records, domains and the ORM methods that clients call. No sockets here."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]
_OF_ALL = frozenset({"create_uid", "create_date"})
"""Fields that every model has, which nobody declares."""
Method = Callable[["OdooRecords", list[int], list[Any], dict[str, Any]], Any]


class OdooFault(Exception):
    """An error as Odoo names it, e.g. `odoo.exceptions.AccessError`."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True)
class Write:
    """One change that was applied."""

    at: float
    model: str
    method: str
    ids: tuple[int, ...]
    values: Any


def access_error(message: str) -> OdooFault:
    return OdooFault("odoo.exceptions.AccessError", message)


def validation_error(message: str) -> OdooFault:
    return OdooFault("odoo.exceptions.ValidationError", message)


class OdooRecords:
    """`tables[model][id]` holds the values; many2one values are plain ids and are read as `[id, name]`."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[int, Record]] = {}
        self.fields: dict[str, dict[str, dict[str, Any]]] = {}
        self.methods: dict[tuple[str, str], Method] = {}
        self.denied: set[tuple[str, str]] = set()
        self.writes: list[Write] = []
        self.created: dict[tuple[str, int], str] = {}
        """When a client created a record, UTC as Odoo writes it; it is the one user's."""
        self.uid = 2
        self._next_id: dict[str, int] = defaultdict(lambda: 1)

    def define(self, model: str, fields: Mapping[str, Mapping[str, Any]]) -> None:
        """Declare a model with its fields in the shape of `fields_get`."""
        self.tables.setdefault(model, {})
        declared = self.fields.setdefault(model, {"id": {"type": "integer", "string": "ID", "readonly": True}})
        for name, field in fields.items():
            declared[name] = {"type": "char", "string": name, "required": False, "readonly": False, **field}

    def seed(self, model: str, records: Iterable[Record]) -> list[int]:
        """Put records in, without counting them as writes; returns their ids. Undeclared fields are declared from the values."""
        rows = [dict(record) for record in records]
        unknown = {name: {"type": _type_of(value)} for row in rows for name, value in row.items() if name not in self.fields.get(model, {})}
        self.define(model, unknown)
        return [self._insert(model, row) for row in rows]

    def call(self, model: str, method: str, ids: list[int], args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run a method; `args` are those after the ids. Raises `OdooFault`."""
        if model not in self.tables:
            raise OdooFault("builtins.KeyError", f"'{model}'")
        if (model, method) in self.denied:
            raise access_error(f"You are not allowed to access '{model}' records ({method}).")
        custom = self.methods.get((model, method))
        if custom is not None:
            result = custom(self, ids, args, kwargs)
            self._wrote(model, method, ids, args or kwargs)
            return result
        built_in = getattr(self, f"_do_{method}", None)
        if built_in is None:
            raise OdooFault("builtins.AttributeError", f"type object '{model}' has no attribute '{method}'")
        return built_in(model, ids, args, kwargs)

    def search(self, model: str, domain: Sequence[Any]) -> list[int]:
        accepts = compile_domain(domain)
        return [record_id for record_id, record in self.tables[model].items() if accepts(lambda path, row=record: self._value(model, row, path))]

    def _value(self, model: str, row: Record, path: str) -> Any:
        name, _, rest = path.partition(".")
        if name in _OF_ALL:
            return self._about(model, row["id"])[name]
        if name not in self.fields[model]:
            raise OdooFault("builtins.ValueError", f"Invalid field {model}.{name} in leaf")
        value = row.get(name, False)
        if not rest:
            return value
        relation = self.fields[model][name].get("relation", "")
        target = self.tables.get(relation, {}).get(value)
        return self._value(relation, target, rest) if target is not None else False

    def _about(self, model: str, record_id: int) -> Record:
        at = self.created.get((model, record_id))
        return {"create_uid": self.uid if at else 1, "create_date": at or "2020-01-01 00:00:00"}

    def _insert(self, model: str, values: Record) -> int:
        record_id = int(values.get("id") or self._next_id[model])
        self._next_id[model] = max(self._next_id[model], record_id + 1)
        self.tables[model][record_id] = {**values, "id": record_id}
        return record_id

    def _wrote(self, model: str, method: str, ids: Sequence[int], values: Any) -> None:
        self.writes.append(Write(time.monotonic(), model, method, tuple(ids), values))

    def _rows(self, model: str, ids: Iterable[int]) -> list[Record]:
        missing = [record_id for record_id in ids if record_id not in self.tables[model]]
        if missing:
            raise OdooFault("odoo.exceptions.MissingError", f"Record does not exist or has been deleted.\n(Record: {model}({missing[0]},), User: 2)")
        return [self.tables[model][record_id] for record_id in ids]

    def _check(self, model: str, values: Record, *, creating: bool) -> None:
        declared = self.fields[model]
        for name in values:
            if name not in declared:
                raise OdooFault("builtins.ValueError", f"Invalid field '{name}' on model '{model}'")
        for name, field in declared.items():
            absent = name not in values if not creating else values.get(name) in (None, False, "")
            if field.get("required") and (absent if creating else values.get(name, 1) in (None, False, "")):
                raise validation_error(f"Missing required value for the field '{field['string']}' ({name}).")

    def _read(self, model: str, ids: Sequence[int], names: Sequence[str] | None) -> list[Record]:
        declared = self.fields[model]
        wanted = list(dict.fromkeys(["id", *(names or declared)]))
        for name in wanted:
            if name not in declared:
                raise OdooFault("builtins.ValueError", f"Invalid field '{name}' on model '{model}'")
        return [{name: self._shown(declared[name], row.get(name, False)) for name in wanted} for row in self._rows(model, ids)]

    def _shown(self, field: Mapping[str, Any], value: Any) -> Any:
        if field["type"] != "many2one" or not isinstance(value, int) or value is False:
            return value
        target = self.tables.get(str(field.get("relation", "")), {}).get(value, {})
        return [value, target.get("display_name") or target.get("name") or f"{field.get('relation')},{value}"]

    def _found(self, model: str, args: list[Any], kwargs: dict[str, Any]) -> list[int]:
        domain = kwargs.get("domain", args[0] if args else [])
        ids = self.search(model, domain)
        for part in reversed([part.strip() for part in str(kwargs.get("order") or "id").split(",")]):
            name, _, direction = part.partition(" ")
            ids.sort(key=lambda i: _sortable(self.tables[model][i].get(name)), reverse=direction.strip().lower() == "desc")
        offset = int(kwargs.get("offset") or 0)
        limit = kwargs.get("limit")
        return ids[offset : offset + int(limit)] if limit else ids[offset:]

    def _do_search(self, model: str, _: list[int], args: list[Any], kwargs: dict[str, Any]) -> list[int]:
        return self._found(model, args, kwargs)

    def _do_search_count(self, model: str, _: list[int], args: list[Any], kwargs: dict[str, Any]) -> int:
        return len(self._found(model, args, kwargs))

    def _do_search_read(self, model: str, _: list[int], args: list[Any], kwargs: dict[str, Any]) -> list[Record]:
        names = kwargs.get("fields", args[1] if len(args) > 1 else None)
        return self._read(model, self._found(model, args, kwargs), names)

    def _do_read(self, model: str, ids: list[int], args: list[Any], kwargs: dict[str, Any]) -> list[Record]:
        return self._read(model, ids, kwargs.get("fields", args[0] if args else None))

    def _do_create(self, model: str, _: list[int], args: list[Any], kwargs: dict[str, Any]) -> Any:
        given = kwargs.get("vals_list", args[0] if args else {})
        rows: list[Record] = [dict(row) for row in (given if isinstance(given, list) else [given])]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        for row in rows:
            self._check(model, row, creating=True)
        ids = [self._insert(model, row) for row in rows]
        self.created |= {(model, record_id): datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S") for record_id in ids}
        self._wrote(model, "create", ids, given)
        return ids if isinstance(given, list) else ids[0]

    def _do_write(self, model: str, ids: list[int], args: list[Any], kwargs: dict[str, Any]) -> bool:
        values: Record = kwargs.get("vals", args[0] if args else {})
        self._check(model, values, creating=False)
        for row in self._rows(model, ids):
            row.update(values)
        self._wrote(model, "write", ids, values)
        return True

    def _do_unlink(self, model: str, ids: list[int], _: list[Any], __: dict[str, Any]) -> bool:
        self._rows(model, ids)
        for record_id in ids:
            del self.tables[model][record_id]
        self._wrote(model, "unlink", ids, None)
        return True

    def _do_fields_get(self, model: str, _: list[int], args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = kwargs.get("allfields", args[0] if args else None) or list(self.fields[model])
        attributes = kwargs.get("attributes")
        chosen = {name: self.fields[model][name] for name in names if name in self.fields[model]}
        return {name: {key: value for key, value in field.items() if not attributes or key in attributes} for name, field in chosen.items()}

    def _do_check_access_rights(self, model: str, _: list[int], args: list[Any], kwargs: dict[str, Any]) -> bool:
        operation = str(kwargs.get("operation", args[0] if args else "read"))
        return (model, operation) not in self.denied

    def _do_context_get(self, *_: Any) -> dict[str, Any]:
        return {"lang": "en_US", "tz": "Europe/Brussels", "uid": self.uid}


def _type_of(value: Any) -> str:
    kinds: dict[type, str] = {bool: "boolean", int: "integer", float: "float", list: "one2many"}
    return kinds.get(type(value), "char")


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None or value is False:
        return (0, "")
    return (1, value) if isinstance(value, (int, float)) else (2, str(value))


Lookup = Callable[[str], Any]
Predicate = Callable[[Lookup], bool]


def compile_domain(domain: Sequence[Any]) -> Predicate:
    """A predicate from Odoo's prefix notation; terms that no operator binds are joined by `&`. Raises `OdooFault`."""
    stack: list[Predicate] = []
    try:
        for term in reversed(domain):
            if term in ("&", "|"):
                first, second = stack.pop(), stack.pop()
                stack.append(_both(first, second) if term == "&" else _either(first, second))
            elif term == "!":
                stack.append(_negated(stack.pop()))
            else:
                stack.append(_leaf(*term))
    except (IndexError, TypeError) as err:
        raise OdooFault("builtins.ValueError", f"Invalid domain {domain!r}") from err
    return lambda lookup: all(accepts(lookup) for accepts in stack)


def _both(first: Predicate, second: Predicate) -> Predicate:
    return lambda lookup: first(lookup) and second(lookup)


def _either(first: Predicate, second: Predicate) -> Predicate:
    return lambda lookup: first(lookup) or second(lookup)


def _negated(inner: Predicate) -> Predicate:
    return lambda lookup: not inner(lookup)


def _matches(value: Any, pattern: str, *, fold: bool, whole: bool) -> bool:
    text = "" if value in (None, False) else str(value)
    regex = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in pattern)
    flags = re.DOTALL | (re.IGNORECASE if fold else 0)
    return (re.fullmatch(regex, text, flags) if whole else re.search(regex, text, flags)) is not None


def _compare(value: Any, operator: str, operand: Any) -> bool:
    if value in (None, False) or operand in (None, False):
        return False
    return {"<": value < operand, ">": value > operand, "<=": value <= operand, ">=": value >= operand}[operator]


def _leaf(path: str, operator: str, operand: Any) -> Predicate:
    def same(value: Any) -> bool:
        return (not value and not operand) if operand in (None, False) else value == operand

    tests: dict[str, Callable[[Any], bool]] = {
        "=": same,
        "!=": lambda value: not same(value),
        "in": lambda value: value in operand,
        "not in": lambda value: value not in operand,
        "like": lambda value: _matches(value, operand, fold=False, whole=False),
        "ilike": lambda value: _matches(value, operand, fold=True, whole=False),
        "not like": lambda value: not _matches(value, operand, fold=False, whole=False),
        "not ilike": lambda value: not _matches(value, operand, fold=True, whole=False),
        "=like": lambda value: _matches(value, operand, fold=False, whole=True),
        "=ilike": lambda value: _matches(value, operand, fold=True, whole=True),
    }
    for sign in ("<", ">", "<=", ">="):
        tests[sign] = lambda value, sign=sign: _compare(value, sign, operand)
    if operator not in tests:
        raise OdooFault("builtins.ValueError", f"Invalid operator {operator!r} in domain term ({path!r}, {operator!r}, {operand!r})")
    return lambda lookup: tests[operator](lookup(path))
