"""Who may ask the paths for operators."""

import pytest

from edgekit.replay.admin import refuse_stranger
from edgekit.replay.request import Headers, Request

LOCAL = (b"host", b"localhost:1818")


def status(*headers: tuple[bytes, bytes], token: bytes | None = None, peer: str = "127.0.0.1") -> int | None:
    answer = refuse_stranger(Request(b"/_edgekit/tail", 0.0, headers=headers, peer=peer), token)
    return answer.status if answer else None


def test_without_a_token_somebody_at_this_machine_may() -> None:
    assert status(LOCAL) is None


@pytest.mark.parametrize(
    ("headers", "peer"),
    [
        ((LOCAL,), "192.0.2.1"),
        (((b"host", b"shop.example"),), "127.0.0.1"),
        ((LOCAL, (b"x-forwarded-for", b"192.0.2.1")), "127.0.0.1"),
        ((LOCAL, (b"sec-fetch-site", b"cross-site")), "127.0.0.1"),
        ((), "127.0.0.1"),
    ],
)
def test_without_a_token_nobody_else_finds_it(headers: Headers, peer: str) -> None:
    assert status(*headers, peer=peer) == 404


@pytest.mark.parametrize("value", [b"Bearer t0ken", b"bearer t0ken", b"Bearer  t0ken "])
def test_the_token_opens_from_anywhere(value: bytes) -> None:
    assert status((b"authorization", value), token=b"t0ken", peer="192.0.2.1") is None


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"authorization", b"Bearer t0keN"),),
        ((b"authorization", b"Bearer "),),
        ((b"authorization", b"t0ken"),),
        ((b"authorization", b"Basic t0ken"),),
        ((b"authorization", b"Bearer t0ken, Bearer t0ken"),),
        ((b"authorization", b"Bearer t0ken"), (b"authorization", b"Bearer t0ken")),
        ((b"authorization", b"Bearer \xff\xff"),),
        ((b"Authorization_", b"Bearer t0ken"),),
    ],
)
def test_with_a_token_nothing_else_opens_even_at_this_machine(headers: Headers) -> None:
    assert status(LOCAL, *headers, token=b"t0ken") == 401
