"""`server` as tool code sees it (rule T3). Only the listed methods can be reached; the connection stays on this side (rule T5)."""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Final

from pydantic_monty import ClassInstance

from tool_sandbox.backends.port import READING_METHODS, Backend, BackendError
from tool_sandbox.execution.confirmation import Confirmation
from tool_sandbox.execution.host_calls import HostCalls, clean

Answer = Coroutine[Any, Any, Any]
SERVER_METHODS: Final = frozenset({"search_read", "read", "create", "write", "delete", "call"})


class Server:
    """Backend methods for tool code. Arguments are checked and copied before the call starts; wrong ones raise TypeError there."""

    def __init__(self, backend: Backend | None, calls: HostCalls, since: datetime) -> None:
        self._backend = backend
        self._calls = calls
        self._confirmation = None if backend is None else Confirmation(backend, since)

    def search_read(self, model: Any, domain: Any = None, fields: Any = None, limit: Any = None, **extra: Any) -> Answer:
        """Records that match."""
        model = _name(model, "model")
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
            raise TypeError("limit must be an int")
        conditions, names, more = _list(domain, "domain"), _list(fields, "fields"), clean(extra)
        return self._start(
            "search_read", [model, conditions, names, limit, more], lambda backend: backend.search_read(model, conditions, names, limit, more)
        )

    def read(self, model: Any, ids: Any = None, fields: Any = None, filters: Any = None, **extra: Any) -> Answer:
        """Records by id; or, with a dict of field values instead of ids, those whose fields equal them."""
        model = _name(model, "model")
        names, more = _list(fields, "fields"), clean(extra)
        wanted: Any = filters if filters is not None else ids if isinstance(ids, dict) else None
        if isinstance(wanted, dict):
            conditions = [[_name(key, "field"), "=", value] for key, value in clean(wanted).items()]
            return self._start("read", [model, conditions, names, more], lambda backend: backend.search_read(model, conditions, names, None, more))
        numbers = _ids(ids)
        return self._start("read", [model, numbers, names, more], lambda backend: backend.read(model, numbers, names, more))

    def create(self, model: Any, vals: Any = None, **extra: Any) -> Answer:
        """A new record's id."""
        model = _name(model, "model")
        if not isinstance(vals, (dict, list)):
            raise TypeError("vals must be a dict")
        values, more = clean(vals), clean(extra)
        return self._write(
            "create", [model, values, more], lambda backend: backend.create(model, values, more), lambda asked: asked.created(model, values)
        )

    def write(self, model: Any, ids: Any = None, vals: Any = None, **extra: Any) -> Answer:
        """Change records."""
        model = _name(model, "model")
        if not isinstance(vals, dict):
            raise TypeError("vals must be a dict")
        numbers, values, more = _ids(ids), clean(vals), clean(extra)
        return self._write(
            "write",
            [model, numbers, values, more],
            lambda backend: backend.write(model, numbers, values, more),
            lambda asked: asked.changed(model, numbers, values),
        )

    def delete(self, model: Any, ids: Any = None, **extra: Any) -> Answer:
        """Delete records."""
        model = _name(model, "model")
        numbers, more = _ids(ids), clean(extra)
        return self._write(
            "delete", [model, numbers, more], lambda backend: backend.delete(model, numbers, more), lambda asked: asked.gone(model, numbers)
        )

    def call(self, model: Any, method: Any, ids: Any = None, **extra: Any) -> Answer:
        """Any method of a model."""
        model, method = _name(model, "model"), _name(method, "method")
        numbers, more = None if ids is None else _ids(ids), clean(extra)
        return self._start(
            "call", [model, method, numbers, more], lambda backend: backend.call(model, method, numbers, more), is_write=method not in READING_METHODS
        )

    def _start(self, name: str, arguments: list[Any], work: Callable[[Backend], Awaitable[Any]], *, is_write: bool = False) -> Answer:
        target = f"{arguments[0]}.{arguments[1]}" if name == "call" else f"{arguments[0]}.{name}"
        return self._calls.perform(f"server.{name} {target}"[:200], arguments, lambda: self._on_backend(work), is_write=is_write)

    def _write(
        self,
        name: str,
        arguments: list[Any],
        work: Callable[[Backend], Awaitable[Any]],
        ask: Callable[[Confirmation], Awaitable[Any]],
    ) -> Answer:
        """A write of which the backend can be asked afterwards whether it happened; it is never sent a second time."""

        async def once(was_cut_off: bool) -> Any:
            error = BackendError("the answer to this change never came", kind="unavailable", vendor="none", is_ambiguous=True)
            if not was_cut_off:
                try:
                    return await self._on_backend(work)
                except BackendError as err:
                    if not err.is_ambiguous:
                        raise
                    error = err
            answer = await self._asked(ask)
            if not answer:
                raise error
            return answer

        def note(answer: Any) -> None:
            if name == "create" and self._confirmation is not None:
                self._confirmation.made(arguments[0], answer)

        return self._calls.perform_repeatable(f"server.{name} {arguments[0]}.{name}"[:200], arguments, once, on_answer=note)

    async def _asked(self, ask: Callable[[Confirmation], Awaitable[Any]]) -> Any:
        """None: it cannot be told."""
        if self._confirmation is None:
            return None
        try:
            return await ask(self._confirmation)
        except BackendError:
            return None

    async def _on_backend(self, work: Callable[[Backend], Awaitable[Any]]) -> Any:
        if self._backend is None:
            raise BackendError("this agent has no backend connected", kind="not_configured", vendor="none")
        return await work(self._backend)


def server_for_sandbox(backend: Backend | None, calls: HostCalls, since: datetime) -> ClassInstance:
    """What the worker gets: a reference and six method names. `since`: when the run began, at its first attempt."""
    return ClassInstance(Server(backend, calls, since), allowed_methods=SERVER_METHODS)


def _name(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value or len(value) > 200:
        raise TypeError(f"{what} must be a text")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{what} must be a list")
    return clean(list(value))


def _ids(value: Any) -> list[Any]:
    items: list[Any] = list(value) if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(item, (int, str)) and not isinstance(item, bool) for item in items):
        raise TypeError("ids must be a list of record ids")
    return items
