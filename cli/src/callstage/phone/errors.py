"""What keeps a call from being placed."""

from callstage_domain.errors import CallerError


class CannotCall(CallerError):
    """The call could not be placed; the message says why and what to do."""

    code = "cannot_call"
