"""The header of a trusted proxy, and the secret that it shares with the server."""

import pytest

from edgekit.replay.secrets import Secrets
from tests.replay.identity.site import GUEST, HEADER, ask, open_site

KNOWN = b"premium u1 Ada known"
SHARED = b"a secret that only the proxy knows"
USER = (b"x-user-id", b"u1")
SECRET = (b"x-edgekit-proxy-secret", SHARED)
SLOTS = {
    "WHO": {"from": "request.header.x-user-id", "default": "-", "max_length": 40},
    "KEY": {"from": "request.header.x-edgekit-proxy-secret", "default": "-", "max_length": 40},
}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([USER, SECRET], KNOWN),
        ([USER], GUEST),
        ([USER, (SECRET[0], b"")], GUEST),
        ([USER, (SECRET[0], SHARED[:-1])], GUEST),
        ([USER, (SECRET[0], SHARED + b" ")], GUEST),
        ([USER, SECRET, SECRET], GUEST),
        ([USER, (b"x_edgekit_proxy_secret", SHARED)], GUEST),
    ],
)
def test_with_a_secret_only_who_sends_it_is_believed(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    assert ask(open_site(HEADER, Secrets(proxy=SHARED)), *headers).body == body


def test_the_secret_does_not_make_a_stranger_a_proxy() -> None:
    assert ask(open_site(HEADER, Secrets(proxy=SHARED)), USER, SECRET, peer="192.0.2.1").body == GUEST


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_peers_of_this_machine_are_trusted_if_nothing_is_said(peer: str) -> None:
    assert ask(open_site(HEADER), USER, peer=peer).body == KNOWN


def test_what_a_stranger_says_of_who_they_are_is_not_shown_either() -> None:
    site = open_site(
        HEADER, Secrets(proxy=SHARED), slots=SLOTS, pages={"/": {"free": "{WHO} {KEY}"}}, segments={"free": {}}
    )
    assert [ask(site, USER, SECRET).body, ask(site, USER).body] == [b"u1 -", b"- -"]


def test_a_header_of_another_mode_is_one_like_any_other() -> None:
    site = open_site(
        {"mode": "cookie", "cookie": "session"},
        slots=SLOTS,
        pages={"/": {"free": "{WHO} {KEY}"}},
        segments={"free": {}},
    )
    assert ask(site, USER, SECRET, peer="192.0.2.1").body == b"u1 -"
