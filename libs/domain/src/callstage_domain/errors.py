"""Every failure of the platform, sorted by who has to react to it.

CallstageError
├── CallerError        the request is wrong: tell the client what and where (HTTP 4xx)
│   ├── Unauthorized · Forbidden · NotFound · Conflict · LimitExceeded
├── ModelFacingError   goes back to the language model as a tool error
├── DependencyError    a vendor, database or bus failed: retry, fall back or apologise
└── InvariantBroken    our own bug
"""

from collections.abc import Mapping
from typing import Literal

Phase = Literal["connect", "first_byte", "stream", "commit"]


class CallstageError(Exception):
    """Root of the tree. `code` is stable and machine-readable, `message` is for people and never holds a secret."""

    code = "internal"
    retryable = False

    def __init__(self, message: str, *, code: str | None = None, retryable: bool | None = None, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.retryable = type(self).retryable if retryable is None else retryable
        self.details: Mapping[str, object] = details or {}


class CallerError(CallstageError):
    """The request cannot be served as it is; `details` may name the field."""

    code = "invalid"


class Unauthorized(CallerError):
    """No credential, or one that is not valid."""

    code = "unauthorized"


class Forbidden(CallerError):
    """A valid credential that does not allow this."""

    code = "forbidden"


class NotFound(CallerError):
    """No such thing in this tenant."""

    code = "not_found"


class Conflict(CallerError):
    """The thing exists already or was changed by somebody else."""

    code = "conflict"


class LimitExceeded(CallerError):
    """A rate, size, time or plan limit; `details['retry_after_s']` when waiting helps."""

    code = "limit_exceeded"
    retryable = True


class ModelFacingError(CallstageError):
    """A short text the language model can act on; the caller on the phone never hears it."""

    code = "tool_error"


class DependencyError(CallstageError):
    """Something outside this process failed. `vendor` and `phase` say which and how far it got."""

    code = "dependency_failed"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        vendor: str,
        phase: Phase = "connect",
        code: str | None = None,
        retryable: bool | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, code=code, retryable=retryable, details=details)
        self.vendor = vendor
        self.phase: Phase = phase


class InvariantBroken(CallstageError):
    """A state that cannot be; a defect of ours."""

    code = "internal"
