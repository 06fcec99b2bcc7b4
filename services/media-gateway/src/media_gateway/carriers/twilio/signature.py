"""X-Twilio-Signature: HMAC-SHA1 over the address and the sorted form (Twilio docs, usage/webhooks/webhooks-security)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

_DEFAULT_PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80}


def sign(auth_token: str, url: str, form: Sequence[tuple[str, str]]) -> str:
    """The header's value for a request to `url`; a repeated field counts once per distinct value, in sorted order."""
    values: dict[str, set[str]] = {}
    for name, value in form:
        values.setdefault(name, set()).add(value)
    signed = url + "".join(name + value for name in sorted(values) for value in sorted(values[name]))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def is_valid(auth_token: str, url: str, form: Sequence[tuple[str, str]], signature: str) -> bool:
    """Checks the address with and without its default port, as Twilio may have signed either."""
    given = signature.encode()
    matches = [hmac.compare_digest(sign(auth_token, candidate, form).encode(), given) for candidate in _with_and_without_port(url)]
    return any(matches)


def _with_and_without_port(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    default = _DEFAULT_PORTS.get(parts.scheme)
    host = parts.netloc.rsplit("@", 1)[-1]
    if default is None or not host:
        return (url,)
    if host.endswith(f":{default}"):
        return url, urlunsplit(parts._replace(netloc=parts.netloc.removesuffix(f":{default}")))
    if ":" in host.rsplit("]", 1)[-1]:
        return (url,)
    return url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{default}"))
