"""What a call needs from the way it is placed."""

from typing import Protocol

from callstage_phone.room import Listener, Room


class Line(Protocol):
    """A carrier's leg or a browser's socket, over a simulated caller."""

    @property
    def room(self) -> Room | None:
        """The caller's end of the conversation, once it was dialled."""
        ...

    @property
    def recording_hz(self) -> int:
        """Rate of the stereo file."""
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

    async def run(self, listener: Listener) -> str:
        """Place the call and live it; returns how it ended, for people. Raises CannotCall when it could not be placed.

        `listener` hears the room from dialling on.
        """
        ...

    def hang_up(self) -> None:
        """The caller hangs up; `run` returns soon."""
        ...
