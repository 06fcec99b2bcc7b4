"""Our errors as gRPC status codes."""

import grpc
from callstage_domain.errors import (
    CallerError,
    CallstageError,
    Conflict,
    DependencyError,
    Forbidden,
    LimitExceeded,
    NotFound,
    Unauthorized,
)

_TABLE: tuple[tuple[type[CallstageError], grpc.StatusCode], ...] = (
    (Unauthorized, grpc.StatusCode.UNAUTHENTICATED),
    (Forbidden, grpc.StatusCode.PERMISSION_DENIED),
    (NotFound, grpc.StatusCode.NOT_FOUND),
    (Conflict, grpc.StatusCode.FAILED_PRECONDITION),
    (LimitExceeded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (CallerError, grpc.StatusCode.INVALID_ARGUMENT),
    (DependencyError, grpc.StatusCode.UNAVAILABLE),
)


def status_of(error: CallstageError) -> grpc.StatusCode:
    """First match of the error's class; INTERNAL for the rest."""
    return next((code for kind, code in _TABLE if isinstance(error, kind)), grpc.StatusCode.INTERNAL)
