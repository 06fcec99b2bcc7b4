"""Where the gateway looks for agent-runtime: one address, several, a name, a range of ports."""

import pytest
from media_gateway.settings import GatewaySettings
from pydantic import ValidationError

_KEYS = "k1:" + "A" * 43 + "="


def _addresses(targets: str) -> tuple[str, ...]:
    return GatewaySettings.model_validate({"runtime_targets": targets, "master_keys": _KEYS}).runtime_addresses


@pytest.mark.parametrize(
    ("targets", "addresses"),
    [
        ("127.0.0.1:50051", ("127.0.0.1:50051",)),
        ("a:1, b:2", ("a:1", "b:2")),
        ("dns:///agent-runtime:50051-50053", tuple(f"dns:///agent-runtime:{port}" for port in (50051, 50052, 50053))),
        ("[::1]:50051-50052", ("[::1]:50051", "[::1]:50052")),
    ],
)
def test_runtime_addresses(targets: str, addresses: tuple[str, ...]) -> None:
    assert _addresses(targets) == addresses


@pytest.mark.parametrize("targets", ["agent-runtime", "agent-runtime:http", "a:1,b", "a:5-", "a:9-3", "a:1-70000"])
def test_a_wrong_target_is_named(targets: str) -> None:
    with pytest.raises(ValidationError, match="is not host:port"):
        _addresses(targets)
