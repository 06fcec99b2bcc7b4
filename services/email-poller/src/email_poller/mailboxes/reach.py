"""Mail servers are named by tenants: none of them may lead into the operator's own network (rule T7)."""

import asyncio
import ipaddress
import socket

from callstage_domain.errors import DependencyError
from callstage_kit.egress_policy import EgressPolicy, address_spelled


async def check_reach(policy: EgressPolicy, host: str, port: int, *, timeout_s: float) -> None:
    """Raises EgressRefused (a CallstageError) when any address of `host` is internal, DependencyError when it does not resolve.

    The libraries resolve the name once more when they connect; what a changed answer could reach then is bounded by the network policy.
    """
    literal = address_spelled(host)
    if literal is not None:
        policy.check_address(host, literal)
        return
    try:
        async with asyncio.timeout(timeout_s):
            answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise DependencyError(f"the mail server '{host}' does not resolve", vendor="dns") from err
    for answer in answers:
        policy.check_address(host, ipaddress.ip_address(str(answer[4][0]).partition("%")[0]))
