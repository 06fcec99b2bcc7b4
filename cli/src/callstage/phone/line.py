"""What a call needs from the way it is placed."""

from typing import Protocol

from callstage.phone.handset import Handset


class Line(Protocol):
    """A carrier's leg or a browser's socket. Int16 mono at fixed rates on this side, whatever the wire speaks."""

    @property
    def up_hz(self) -> int:
        """Rate of the caller's frames."""
        ...

    @property
    def down_hz(self) -> int:
        """Rate of what goes into the handset's playout."""
        ...

    @property
    def is_connected(self) -> bool:
        """Media flows."""
        ...

    @property
    def call_id(self) -> str:
        """The platform's id of the call, when this way of calling tells it."""
        ...

    @property
    def carrier_call_id(self) -> str:
        """The carrier's id, for finding the call in the API."""
        ...

    async def run(self, handset: Handset) -> str:
        """Place the call and live it; returns how it ended, for people. Raises CannotCall when it could not be placed."""
        ...

    async def send(self, frame: bytes, marks: list[str]) -> None:
        """20 ms of the caller, and the marks reached. Does nothing without a connection."""
        ...

    async def hang_up(self) -> None:
        """The caller hangs up; `run` returns soon."""
        ...
