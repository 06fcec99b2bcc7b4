"""What a caller gets in place of the agent: always something, never silence (rules N5, X5)."""

from dataclasses import dataclass
from typing import Literal, Self

from callstage_domain.call import EndedReason
from callstage_domain.route import NumberRoute

from media_gateway.calls.numbers import dialable

SORRY = "We are sorry, we cannot take your call right now. Please try again later."
_NOT_SET_UP = "This number is not set up to take calls yet. Goodbye."
_NOBODY_THERE = "We are sorry, nobody is available to take your call at the moment. Please try again later."
LEAVE_A_MESSAGE = (
    "We are sorry, nobody can take your call right now. Please leave a message after the tone, and press the hash key when you are done."
)
INVALID_KEY = "This number is not configured correctly: the access key is not valid. Goodbye."
UNKNOWN_NUMBER = "The number you have called is not in service. Goodbye."


@dataclass(frozen=True, slots=True)
class Instead:
    """`dial` an E.164 number, `say` a sentence and hang up, say it and `record` a message, or just `hang_up`."""

    action: Literal["dial", "say", "record", "hang_up"]
    value: str = ""

    def as_text(self) -> str:
        """For Redis."""
        return f"{self.action}:{self.value}"

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """None when the text is something else."""
        action, separator, value = text.partition(":")
        if separator and action in ("dial", "say", "record", "hang_up"):
            return cls(action, value)
        return None


HANG_UP = Instead("hang_up")


def fallback(route: NumberRoute | None, country: str, reason: EndedReason) -> Instead:
    """The number's fallback route, or a polite sentence where there is none that can be taken here."""
    chosen = route.fallback if route else None
    if chosen is not None and chosen.type == "external" and (number := dialable(chosen.target, country)):
        return Instead("dial", number)
    if chosen is not None and chosen.type == "voicemail":
        return Instead("record", chosen.target or LEAVE_A_MESSAGE)
    if chosen is not None and chosen.type == "message" and chosen.target:
        return Instead("say", chosen.target)
    return Instead("say", _NOT_SET_UP if reason is EndedReason.NOT_DEPLOYED and chosen is None else SORRY)


def transfer(route: NumberRoute | None, country: str) -> Instead:
    """Where the agent hands a caller over to: the number's transfer target."""
    if route is not None and route.ai_transfer_type == "external" and (number := dialable(route.ai_transfer_target, country)):
        return Instead("dial", number)
    if route is not None and route.ai_transfer_type == "voicemail":
        return Instead("record", route.ai_transfer_target or LEAVE_A_MESSAGE)
    return Instead("say", _NOBODY_THERE)


def direct(route: NumberRoute, country: str) -> Instead:
    """A number whose inbound route is not an agent."""
    if route.inbound_route == "external" and (number := dialable(route.route_target, country)):
        return Instead("dial", number)
    if route.inbound_route == "voicemail":
        return Instead("record", route.route_target or LEAVE_A_MESSAGE)
    return fallback(route, country, EndedReason.PROVIDER_FAILED)
