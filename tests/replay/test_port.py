"""Finding a port that is free."""

import socket
from collections.abc import Iterator

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.replay.port import find_port
from tests.ports import reserved_port

HOST = "127.0.0.1"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody listens on as granian does, willing to share it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_the_one() -> None:
    with reserved_port() as port:
        assert port == find_port(HOST, port) == find_port(HOST, port, strict=True)
    assert find_port(HOST, 0) > 0


def test_a_taken_port_gives_the_next_free_one(taken: int) -> None:
    assert taken < find_port(HOST, taken) < taken + 10


def test_a_taken_port_is_an_error_if_it_must_be_that_one(taken: int) -> None:
    with pytest.raises(EdgekitError, match=f"EK450 port {taken} is in use on `127.0.0.1`") as error:
        find_port(HOST, taken, strict=True)
    assert error.value.status == 2
    assert error.value.diagnostics[0].help


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_an_error(host: str) -> None:
    with pytest.raises(EdgekitError, match="EK451 nothing can listen"):
        find_port(host, 0)


def test_an_ipv6_address() -> None:
    assert find_port("::1", 0) > 0
