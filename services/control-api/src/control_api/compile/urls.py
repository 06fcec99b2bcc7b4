"""Addresses as tenants write them. What they lead to is checked where they are used; here only what can never be right (rule T7)."""

from typing import Annotated

import httpx2
from callstage_kit.egress_policy import EgressPolicy, EgressRefused, address_spelled
from pydantic import AfterValidator, StringConstraints

_ANYWHERE = EgressPolicy(("0.0.0.0/0", "::/0"))
"""Every network: internal addresses are the operator's decision. Instance metadata is refused even so."""


def _http_url(value: str) -> str:
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in value):
        raise ValueError("must not hold spaces, backslashes or control characters")
    try:
        _ANYWHERE.check_url(httpx2.URL(value))
    except EgressRefused as err:
        raise ValueError(f"must be an http or https URL such as https://crm.example.com/hook: {err.message}") from err
    except (httpx2.InvalidURL, ValueError) as err:
        raise ValueError("must be an http or https URL such as https://crm.example.com/hook") from err
    return value


def _host(value: str) -> str:
    if not value.isascii() or not value.replace("-", "a").replace(".", "a").replace("_", "a").replace(":", "a").isalnum():
        raise ValueError("must be a host name or an address, without scheme, user, port or path")
    if ":" in value and address_spelled(value) is None:
        raise ValueError("must be a host name or an address; the port has its own field")
    return value


HttpUrlText = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_http_url)]
HostText = Annotated[str, StringConstraints(min_length=1, max_length=253), AfterValidator(_host)]
OptionalHostText = Annotated[str, StringConstraints(max_length=253), AfterValidator(lambda value: value and _host(value))]
