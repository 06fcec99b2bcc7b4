"""Proves T7: a mail server's name is judged by where it leads."""

import pytest
from callstage_domain.errors import DependencyError
from callstage_kit.egress_policy import EgressPolicy, EgressRefused
from email_poller.mailboxes.reach import check_reach


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "192.168.1.1"])
async def test_internal(host: str) -> None:
    with pytest.raises(EgressRefused):
        await check_reach(EgressPolicy(), host, 993, timeout_s=3)


@pytest.mark.parametrize(("allowed", "host"), [("127.0.0.0/8,::1", "localhost"), ("localhost", "localhost"), ("", "1.1.1.1")])
async def test_allowed_and_public(allowed: str, host: str) -> None:
    policy = EgressPolicy.from_setting(allowed)
    assert await check_reach(policy, host, 993, timeout_s=3) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("host", ["", "no such host", "x" * 300])
async def test_names_that_lead_nowhere(host: str) -> None:
    with pytest.raises((DependencyError, EgressRefused)):
        await check_reach(EgressPolicy(), host, 993, timeout_s=3)
