"""Proves that ports are free when they are given out, and that a taken one is named."""

import socket
from collections.abc import Iterator

import pytest
from callstage.stack.ports import PortTaken, chosen_port, free_port, is_listening


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_free_ports_differ() -> None:
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == 20


def test_a_preferred_port_is_given_once(listener: int) -> None:
    assert free_port(listener) != listener
    wanted = free_port()
    # It is claimed by this stack now, although nobody listens yet.
    assert free_port(wanted) != wanted
    assert not is_listening(wanted)


def test_a_set_port_that_is_taken_is_named_with_its_setting(listener: int) -> None:
    assert is_listening(listener)
    with pytest.raises(PortTaken, match=rf"port {listener} \(GATEWAY_PORT\) is taken"):
        chosen_port(listener, preferred=8081, setting="GATEWAY_PORT")


def test_a_port_that_is_not_set_is_chosen() -> None:
    assert chosen_port(0, preferred=0, setting="GATEWAY_PORT") > 0
