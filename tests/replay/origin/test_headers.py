"""Who the origin is told asks: never by a stranger's word."""

import re

import pytest
from msgspec.structs import replace

from edgekit.replay.core import respond_or_forward
from edgekit.replay.origin.forward import Forward
from edgekit.replay.origin.headers import is_loop, request_headers
from edgekit.replay.request import Headers, Request
from edgekit.replay.response import Response
from edgekit.replay.store import ReplayStore
from tests.replay.published import open_published

STORE = open_published(
    {
        "pages": {"/": "home"},
        "segments": {"free": {}, "premium": {}},
        "users": {"u1": {"tier": "premium"}, "u2": {"tier": "none"}, "u3": "damaged"},
        "identity": {"trusted_proxies": ["127.0.0.0/8"]},
        "origin": {"url": "http://app.example:8000", "paths": ["/api/*"]},
    }
)
PROXY, STRANGER = "127.0.0.1", "203.0.113.9"


def told(peer: str, *headers: tuple[bytes, bytes], store: ReplayStore = STORE) -> dict[str, list[str]]:
    """What the origin is told, by name."""
    request = Request(b"/api/x", 0, headers=(*headers,), peer=peer)
    forward = respond_or_forward(request, store)
    assert isinstance(forward, Forward)
    found: dict[str, list[str]] = {}
    for name, value in request_headers(request, forward, "http"):
        found.setdefault(name.decode(), []).append(value.decode())
    return found


@pytest.mark.parametrize(
    ("peer", "headers", "segment", "user"),
    [
        (PROXY, ((b"x-user-id", b"u1"),), "premium", ["u1"]),
        (STRANGER, ((b"x-user-id", b"u1"),), "free", None),
        (PROXY, ((b"x-user-id", b"u1"), (b"x-user-id", b"u2")), "free", None),
        (PROXY, ((b"x_user_id", b"u1"),), "free", None),
        (PROXY, ((b"x-user-id", b"u2"),), "free", ["u2"]),
        (PROXY, ((b"x-user-id", b"u3"),), "free", ["u3"]),
        (PROXY, (), "free", None),
        (PROXY, ((b"x-user-segment", b"premium"),), "premium", None),
        (PROXY, ((b"x-user-segment", b"free"), (b"x-user-id", b"u1")), "free", ["u1"]),
        (PROXY, ((b"x-user-segment", b"premium"), (b"x-user-segment", b"premium")), "free", None),
        (STRANGER, ((b"x-user-segment", b"premium"), (b"x_user_segment", b"premium")), "free", None),
        (PROXY, ((b"x-user-id", b"u1,u2"),), "free", None),
        (PROXY, ((b"x-user-id", b"u1\xff"),), "free", None),
        (PROXY, ((b"x.user.id", b"u1"), (b"x.user!segment", b"premium"), (b"x.forwarded.for", b"1")), "free", None),
        (PROXY, ((b"x-user-id", b"u1"), (b"connection", b"x-user-id, x-user-segment")), "premium", None),
    ],
)
def test_the_segment_is_a_proxys_word_or_that_of_who_is_known(
    peer: str, headers: Headers, segment: str, user: list[str] | None
) -> None:
    found = told(peer, *headers)
    assert ([segment], user) == (found["x-user-segment"], found.get("x-user-id"))
    assert [name for name in found if not re.fullmatch("[a-z-]+", name)] == []


@pytest.mark.parametrize(("ids", "user"), [([b"u1"], ["u1"]), ([b"u1", b"u2"], None), ([b"u1,u2"], None)])
def test_a_user_may_be_told_as_oauth2_proxy_does(ids: list[bytes], user: list[str] | None) -> None:
    store = open_published(
        {
            "identity": {"trusted_proxies": ["127.0.0.0/8"], "header": "X-Forwarded-User"},
            "origin": {"url": "http://app.example:8000", "paths": ["/api/*"]},
        }
    )
    found = told(PROXY, *((b"x-forwarded-user", id) for id in ids), store=store)
    assert user == found.get("x-forwarded-user")


def test_our_own_headers_never_go_on() -> None:
    found = told(PROXY, (b"x-edgekit-proxy-secret", b"s"), (b"x-edgekit-outcome", b"ok"))
    assert [name for name in found if name.startswith("x-edgekit")] == []


def test_a_strangers_word_on_the_way_is_dropped() -> None:
    found = told(
        STRANGER, (b"host", b"shop.example"), (b"x-forwarded-for", b"10.0.0.1"), (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"evil"), (b"x-forwarded-prefix", b"/evil"), (b"forwarded", b"for=10.0.0.1"),
        (b"x-real-ip", b"10.0.0.1"), (b"x_forwarded_for", b"10.0.0.1"),
    )  # fmt: skip
    assert {name: values for name, values in found.items() if name not in ("via", "x-user-segment", "connection")} == {
        "host": ["shop.example"],
        "x-forwarded-for": [STRANGER],
        "x-forwarded-host": ["shop.example"],
        "x-forwarded-proto": ["http"],
    }


def test_a_trusted_proxys_word_on_the_way_is_kept_and_longer() -> None:
    found = told(
        PROXY, (b"host", b"inner"), (b"x-forwarded-for", b"10.0.0.1"), (b"x-forwarded-for", b"10.0.0.2"),
        (b"x-forwarded-proto", b"https"), (b"x-real-ip", b"10.0.0.1"), (b"via", b"1.1 proxy"),
        (b"x-forwarded-prefix", b"/evil"), (b"x-forwarded-user", b"admin"),
    )  # fmt: skip
    assert found["x-forwarded-for"] == ["10.0.0.1, 10.0.0.2, 127.0.0.1"]
    assert (
        found["x-forwarded-proto"],
        found["x-forwarded-host"],
        found["x-real-ip"],
    ) == (["https"], ["inner"], ["10.0.0.1"])
    assert found.keys().isdisjoint({"x-forwarded-prefix", "x-forwarded-user"})
    assert found["via"][0].startswith("1.1 proxy, 1.1 edgekit-")


def test_without_a_host_the_origins_own_is_sent() -> None:
    assert told(STRANGER)["host"] == ["app.example:8000"]


def test_what_came_through_this_release_is_a_loop() -> None:
    request = Request(b"/api/x", 0, peer=PROXY)
    forward = respond_or_forward(request, STORE)
    assert isinstance(forward, Forward)
    via = dict(request_headers(request, forward, "http"))[b"via"]
    assert [
        is_loop(replace(request, headers=headers), forward)
        for headers in ((), ((b"via", b"1.0 x, " + via),), ((b"via", b"1.1 edgekit-another"),))
    ] == [False, True, False]


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/api/../x",
        b"/api/%2e./x",
        b"/api/..%5cx",
        b"/api/..;/x",
        b"/api/..;a=1/x",
        b"/api/%2e%2e%3b/x",
        b"/api/.;",
    ],
)
def test_a_page_and_a_path_with_dot_segments_are_never_the_origins(path: bytes) -> None:
    assert isinstance(respond_or_forward(Request(path, 0), STORE), Response)


@pytest.mark.parametrize("path", [b"/api/..a/x", b"/api/a..;/x", b"/api/;..", b"/api/...;/x"])
def test_dots_in_a_name_are_none(path: bytes) -> None:
    assert isinstance(respond_or_forward(Request(path, 0), STORE), Forward)
