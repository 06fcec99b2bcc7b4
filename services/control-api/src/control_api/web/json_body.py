"""JSON of strangers: what Postgres, NATS or the next reader could not take is refused here, with the field named (rule RE1)."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

from callstage_domain.errors import CallerError
from callstage_kit.tasks import in_thread
from fastapi import HTTPException
from starlette.requests import Request

from control_api.web.problems import FieldError

MAX_DEPTH = 64
_THREAD_FROM_BYTES = 16 << 10
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class InvalidJson(CallerError):
    """The body is no JSON that we take (422)."""

    code = "invalid_json"

    def __init__(self, message: str) -> None:
        super().__init__(f"body: {message}", details={"errors": [{"field": "body", "message": message}]})


class CheckedRequest(Request):
    """A request whose path and query hold plain text and whose JSON body was checked by `check`."""

    async def check(self, *, takes_json: bool) -> None:
        """Raises FieldError, InvalidJson, and HTTPException 415 for a body that is something else than JSON."""
        for name, value in (*self.path_params.items(), *self.query_params.multi_items()):
            check_text(str(name), str(value))
        if not takes_json or self.method not in _METHODS_WITH_BODY:
            return
        body = await self.body()
        if not body:
            return
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not (media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))):
            raise HTTPException(415, "Content-Type: send the body as application/json.")
        self._json = await in_thread(parse, body) if len(body) > _THREAD_FROM_BYTES else parse(body)


def parse(body: bytes) -> Any:
    """The value. Raises InvalidJson for what is no JSON, FieldError for a value inside that could not be kept."""
    try:
        value: Any = json.loads(body.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as err:
        raise InvalidJson(f"is not UTF-8 (byte {err.start})") from err
    except json.JSONDecodeError as err:
        raise InvalidJson(f"is not JSON: {err.msg} in line {err.lineno}, column {err.colno}") from err
    except ValueError as err:
        raise InvalidJson("holds a number with too many digits") from err
    except RecursionError as err:
        raise InvalidJson(_TOO_DEEP) from err
    _check_values(value)
    return value


_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"


def check_text(field: str, text: str) -> None:
    """Raises FieldError for a NUL, which Postgres cannot keep, and for half a surrogate pair, which is no character."""
    if "\0" in text:
        raise FieldError(field, "must not hold a NUL character")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as err:
            raise FieldError(field, "holds half of a surrogate pair, which is no character") from err


def _check_values(root: Any) -> None:
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(root, ())]
    while waiting:
        value, path = waiting.pop()
        if len(path) > MAX_DEPTH:
            raise InvalidJson(_TOO_DEEP)
        if isinstance(value, str):
            check_text(_name(path), value)
        elif isinstance(value, float):
            if not isfinite(value):
                raise FieldError(_name(path), "is too large a number")
        elif isinstance(value, dict):
            members: Mapping[str, Any] = value
            for key in members:
                check_text(_name(path), key)
            waiting += [(member, (*path, key)) for key, member in members.items()]
        elif isinstance(value, list):
            items: list[Any] = value
            waiting += [(item, (*path, index)) for index, item in enumerate(items)]


def _name(path: tuple[Any, ...]) -> str:
    return ".".join(str(part)[:100] for part in path) or "body"


def _no_constant(name: str) -> NoReturn:
    raise InvalidJson(f"holds {name}, which is no JSON number")
