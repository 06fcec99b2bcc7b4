"""Proves RE1 in part: errors become problem documents with the right status, and internal ones tell nothing of the inside."""

import grpc
import pytest
from callstage_domain.errors import (
    CallerError,
    CallstageError,
    Conflict,
    DependencyError,
    Forbidden,
    InvariantBroken,
    LimitExceeded,
    NotFound,
    Unauthorized,
)
from callstage_kit.grpc.status import status_of
from callstage_kit.problem import problem_of


@pytest.mark.parametrize(
    ("error", "http", "code"),
    [
        (Unauthorized("no"), 401, grpc.StatusCode.UNAUTHENTICATED),
        (Forbidden("no"), 403, grpc.StatusCode.PERMISSION_DENIED),
        (NotFound("no"), 404, grpc.StatusCode.NOT_FOUND),
        (Conflict("no"), 409, grpc.StatusCode.FAILED_PRECONDITION),
        (LimitExceeded("no"), 429, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (CallerError("no"), 422, grpc.StatusCode.INVALID_ARGUMENT),
        (DependencyError("no", vendor="x"), 503, grpc.StatusCode.UNAVAILABLE),
        (InvariantBroken("no"), 500, grpc.StatusCode.INTERNAL),
    ],
)
def test_statuses(error: CallstageError, http: int, code: grpc.StatusCode) -> None:
    body = problem_of(error)
    assert body["status"] == http
    assert body["code"] == error.code
    assert status_of(error) is code


def test_an_internal_error_keeps_its_text_to_itself() -> None:
    assert "password" not in str(problem_of(InvariantBroken("the password is x")))


def test_details_help_to_repair_the_request() -> None:
    assert problem_of(CallerError("bad", details={"field": "name"}))["field"] == "name"
