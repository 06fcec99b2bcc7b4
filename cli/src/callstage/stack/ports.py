"""Ports of a stack: free ones, claimed for a stack before its services listen on them."""

import socket

_CLAIMS: list[socket.socket] = []


class PortTaken(Exception):
    """The developer asked for a port that another program has."""


def free_port(preferred: int = 0) -> int:
    """`preferred` when nobody listens there and no other stack that is starting has claimed it, else any free one."""
    candidates = [preferred] * bool(preferred) + [0] * 50
    for candidate in candidates:
        port = _bindable(candidate)
        if port and _claimed(port):
            return port
    raise OSError("no free port on 127.0.0.1")


def chosen_port(wanted: int, *, preferred: int, setting: str) -> int:
    """`wanted` when it is set (0 = not set), else `free_port(preferred)`. Raises PortTaken naming the setting."""
    if not wanted:
        return free_port(preferred)
    if not (_bindable(wanted) and _claimed(wanted)):
        raise PortTaken(f"port {wanted} ({setting}) is taken by another program, or you may not use it: choose another one or leave it out")
    return wanted


def is_listening(port: int) -> bool:
    """Somebody answers on that port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _bindable(port: int) -> int:
    """The port bound for a moment (0 takes any), or 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _claimed(port: int) -> bool:
    """Ours until this process ends: the service binds the port seconds from now.

    The claim is a name in Linux' abstract socket namespace: it is seen by stacks of other users and vanishes with this process.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0callstage-port-{port}")
    except OSError:
        claim.close()
        return False
    _CLAIMS.append(claim)
    return True
