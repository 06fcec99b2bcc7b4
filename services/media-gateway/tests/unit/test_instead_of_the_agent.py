"""Proves N5 X5: fallbacks always say or dial something, and never an emergency number."""

import pytest
from callstage_domain.call import EndedReason
from callstage_domain.ids import TenantId
from callstage_domain.route import Fallback, NumberRoute
from media_gateway.calls.instead import Instead, direct, fallback, transfer
from media_gateway.calls.numbers import dialable, to_e164

TENANT = TenantId("t")


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("+32470123456", "US", "+32470123456"),
        ("0470 12 34 56", "BE", "+32470123456"),
        ("0033 6 12 34 56 78", "BE", "+33612345678"),
        ("anonymous", "BE", "anonymous"),
        ("sip:anna@example.com", "BE", "sip:anna@example.com"),
        ("client:anna1", "BE", "client:anna1"),
        ("", "BE", ""),
    ],
)
def test_numbers_are_normalised_where_they_are_numbers(text: str, country: str, expected: str) -> None:
    assert to_e164(text, country) == expected


@pytest.mark.parametrize("target", ["112", "911", "+112", "+32112", "101", "+32 101", "9-1-1", "+1911", "999", None, "", "reception"])
def test_emergency_numbers_and_non_numbers_are_never_dialled(target: str | None) -> None:
    assert dialable(target, "BE") is None
    route = NumberRoute(tenant_id=TENANT, number="+3225550100", fallback=Fallback(type="external", target=target))
    assert fallback(route, "BE", EndedReason.OVERLOAD).action == "say"
    moved = NumberRoute(tenant_id=TENANT, number="+3225550100", ai_transfer_type="external", ai_transfer_target=target)
    assert transfer(moved, "BE").action == "say"


def test_fallbacks() -> None:
    route = NumberRoute(tenant_id=TENANT, number="+3225550100", fallback=Fallback(type="external", target="02 555 01 99"))
    assert fallback(route, "BE", EndedReason.OVERLOAD) == Instead("dial", "+3225550199")
    spoken = route.model_copy(update={"fallback": Fallback(type="message", target="We are closed.")})
    assert fallback(spoken, "BE", EndedReason.OVERLOAD) == Instead("say", "We are closed.")
    for empty in (None, route.model_copy(update={"fallback": Fallback(type="voicemail")})):
        assert fallback(empty, "BE", EndedReason.NOT_DEPLOYED).value
    outward = NumberRoute(tenant_id=TENANT, number="+3225550100", inbound_route="external", route_target="+3225550198")
    assert direct(outward, "BE") == Instead("dial", "+3225550198")


@pytest.mark.parametrize("instead", [Instead("dial", "+3225550199"), Instead("say", "At 5: closed."), Instead("hang_up")])
def test_text_form(instead: Instead) -> None:
    assert Instead.from_text(instead.as_text()) == instead
    assert Instead.from_text("running") is None
