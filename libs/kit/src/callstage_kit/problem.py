"""Our errors as HTTP problems (RFC 9457), for every web edge."""

from typing import Any

from callstage_domain.errors import (
    CallerError,
    CallstageError,
    Conflict,
    DependencyError,
    Forbidden,
    LimitExceeded,
    ModelFacingError,
    NotFound,
    Unauthorized,
)

CONTENT_TYPE = "application/problem+json"

_TABLE: tuple[tuple[type[CallstageError], int], ...] = (
    (Unauthorized, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (LimitExceeded, 429),
    (CallerError, 422),
    (ModelFacingError, 422),
    (DependencyError, 503),
)


def http_status_of(error: CallstageError) -> int:
    """First match of the error's class; 500 for the rest."""
    return next((status for kind, status in _TABLE if isinstance(error, kind)), 500)


def problem(status: int, code: str, message: str, **extra: Any) -> dict[str, Any]:
    """The body: `type`, `title`, `status`, `code`, `detail`, and whatever helps to repair the request."""
    return {
        "type": f"https://callstage.dev/problems/{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": message,
        **extra,
    }


def problem_of(error: CallstageError) -> dict[str, Any]:
    """The body for one of our errors; internal ones tell nothing of the inside."""
    status = http_status_of(error)
    message = "Something went wrong on our side." if status == 500 else error.message
    return problem(status, error.code, message, **dict(error.details))
