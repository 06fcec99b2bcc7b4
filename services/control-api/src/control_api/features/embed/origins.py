"""Origins as browsers write them (rule E6): what an editor types is brought into that form, so that comparing is exact."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

_PORTS = {"http": 80, "https": 443}


def _origin(value: str) -> str:
    text = value.strip()
    if "*" in text:
        raise ValueError("wildcards are not possible: name each origin, such as https://shop.example.com")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError) as err:
        raise ValueError("must be an origin such as https://shop.example.com") from err
    has_more = parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in _PORTS or not host or has_more or any(character.isspace() for character in text):
        raise ValueError("must be an origin such as https://shop.example.com: scheme, host and port, without a path")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None and port != _PORTS[parts.scheme] else "")


OriginText = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_origin)]
