"""Every error as problem+json (rule RE1)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from callstage_domain.errors import CallerError, CallstageError, Conflict, DependencyError
from callstage_kit.problem import CONTENT_TYPE, http_status_of, problem, problem_of
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

_log = structlog.get_logger(__name__)


_WORDS = {
    "model_attributes_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "extra_forbidden": "is no field of this request",
    "missing": "is needed",
}
"""Where Pydantic speaks of Python."""


class EditConflict(Conflict):
    """`If-Match` names an older version (412)."""

    code = "precondition_failed"


class FieldError(CallerError):
    """A field is wrong for a reason that the schema cannot know (422)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", code="invalid_field", details={"errors": [{"field": field, "message": message}]})


def problem_response(status: int, code: str, message: str, *, headers: dict[str, str] | None = None, **extra: Any) -> JSONResponse:
    """One problem as a reply."""
    return JSONResponse(problem(status, code, message, **extra), status_code=status, media_type=CONTENT_TYPE, headers=headers)


def field_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Pydantic's errors as `[{field, message}]`; the place in the request (`body`, `query`) is left out of the name."""
    found: list[dict[str, str]] = []
    for error in errors:
        place = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
        is_empty = error["type"] == "string_too_short" and error["ctx"]["min_length"] == 1
        message = "must not be empty" if is_empty else _WORDS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
        found.append({"field": ".".join(place) or "body", "message": message})
    return found


def validation_problem(errors: list[dict[str, str]]) -> JSONResponse:
    """422 that names the fields."""
    detail = "; ".join(f"{error['field']}: {error['message']}" for error in errors[:5])
    return problem_response(422, "invalid_request", detail, errors=errors)


def add_problem_handlers(app: FastAPI) -> None:
    """Errors of ours, of FastAPI and of nobody, as problems."""

    async def on_ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CallstageError)
        status = 412 if isinstance(error, EditConflict) else http_status_of(error)
        if status >= 500 and not isinstance(error, DependencyError):
            _log.error("request_failed", error=error.message, code=error.code)
        body = problem_of(error) | {"status": status}
        headers: dict[str, str] = {}
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        retry_after = error.details.get("retry_after_s")
        if retry_after is not None or status == 503:
            headers["Retry-After"] = str(retry_after or 1)
        return JSONResponse(body, status_code=status, media_type=CONTENT_TYPE, headers=headers)

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError | ValidationError)
        return validation_problem(field_errors(error.errors()))

    async def on_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = "body_too_large" if error.status_code == 413 else HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        return problem_response(error.status_code, code, str(error.detail), headers=dict(error.headers or {}))

    async def on_bug(_: Request, error: Exception) -> JSONResponse:
        return problem_response(500, "internal", "Something went wrong on our side.")

    app.add_exception_handler(CallstageError, on_ours)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_bug)
