"""Proves E1 E2: origins are kept as browsers write them, and the snippet is ready to paste."""

import pytest
from control_api.features.embed.schemas import EmbedTokenCreate
from control_api.features.embed.snippet import snippet
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://example.com", "https://example.com"),
        (" HTTPS://Shop.Example.com/ ", "https://shop.example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_origins_as_browsers_write_them(typed: str, kept: str) -> None:
    assert EmbedTokenCreate(label="x", agent_id="a", allowed_origins=[typed]).allowed_origins == [kept]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "example.com",
        "*",
        "https://*.example.com",
        "https://example.com/shop",
        "https://a b",
        "ftp://x",
        "https://u@x",
        "https://x:99999",
        "null",
        "https://x?y",
    ],
)
def test_what_is_no_origin(typed: str) -> None:
    with pytest.raises(ValidationError):
        EmbedTokenCreate(label="x", agent_id="a", allowed_origins=[typed])


def test_the_snippet_needs_one_host() -> None:
    plain = snippet("emb_x", "https://voice.example.com/", require_authentication=False)
    assert plain.splitlines() == [
        '<div id="callstage-embed-root"',
        '     data-embed-token="emb_x">',
        "</div>",
        '<script src="https://voice.example.com/callstage_embed.js" defer></script>',
    ]
    assert "data-identity-url=" in snippet("emb_x", "https://voice.example.com", require_authentication=True)
