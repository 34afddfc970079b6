import pytest

from edgekit.replay.local import is_local, is_same_origin
from edgekit.replay.request import Headers, Request


def ask(peer: str, *headers: tuple[bytes, bytes]) -> Request:
    return Request(path=b"/", now=0, peer=peer, headers=headers)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(
    "host", [b"localhost", b"localhost:1818", b"LOCALHOST:1", b"shop.localhost", b"127.0.0.1:1818", b"[::1]:1818"]
)
def test_a_browser_of_this_machine_is_local(peer: str, host: bytes) -> None:
    assert is_local(ask(peer, (b"host", host)))


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "fe80::1", "", "localhost"])
def test_another_machine_is_not(peer: str) -> None:
    assert not is_local(ask(peer, (b"host", b"localhost")))


@pytest.mark.parametrize(
    "host",
    [b"evil.example", b"localhost.evil.example", b"evillocalhost", b"127.0.0.1.evil.example", b"192.0.2.1", b"", b"["],
)
def test_another_name_is_not(host: bytes) -> None:
    assert not is_local(ask("127.0.0.1", (b"host", host)))


@pytest.mark.parametrize(
    "headers", [(), ((b"host", b"localhost"), (b"host", b"localhost"))], ids=["no host", "two hosts"]
)
def test_a_request_without_one_host_is_not(headers: Headers) -> None:
    assert not is_local(ask("127.0.0.1", *headers))


@pytest.mark.parametrize("name", [b"forwarded", b"via", b"x-real-ip", b"x-forwarded-for", b"x-forwarded-proto"])
def test_what_a_proxy_forwards_is_not(name: bytes) -> None:
    assert not is_local(ask("127.0.0.1", (b"host", b"localhost"), (name, b"")))


@pytest.mark.parametrize(
    ("sites", "same"),
    [
        ([], True),
        ([b"same-origin"], True),
        ([b"none"], True),
        ([b"same-site"], False),
        ([b"cross-site"], False),
        ([b"same-origin", b"cross-site"], False),
    ],
)
def test_a_page_of_another_origin_is_known_by_its_header(sites: list[bytes], same: bool) -> None:
    assert same == is_same_origin(ask("127.0.0.1", *((b"sec-fetch-site", site) for site in sites)))
