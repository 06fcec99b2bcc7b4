"""How endpoints get their services: by type, from what `wiring.py` built."""

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request

Service = TypeVar("Service")


def provided(kind: type[Service]) -> Callable[[Request], Service]:
    """A dependency that gives the one instance of `kind`."""

    def provide(request: Request) -> Service:
        services: dict[type[Any], Any] = request.app.state.services
        return services[kind]

    return provide
