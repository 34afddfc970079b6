"""A manifest from elsewhere: what goes into a head is what a site may have, and nothing else."""

from typing import Any

import pytest
from msgspec.structs import replace

from edgekit.model.manifest import Identity, Manifest, RedirectRule, Route, Ttl
from edgekit.model.origin import Origin
from edgekit.model.slot import Slot
from edgekit.model.soundness import manifest_fault

NAME = Slot(name="USER_NAME", source="user.name", default="there", max_length=40)
SOUND = Manifest(
    default_tier="free",
    routes={
        "/": Route("user", "PAGE_TPL"),
        "/about": Route("segment", "STATIC_PAGES"),
        "404": Route("static", "STATIC_PAGES"),
    },
    redirects=(
        RedirectRule("/old/[x]", "/new/[x]?from=[x]#[x]", 308),
        RedirectRule("/shop", "https://[::1]:8080//a%20b/", 302),
    ),
    headers={"/*": {"x-frame-options": "DENY", "content-security-policy": "default-src 'self'; img-src *"}},
    origin=Origin("http://127.0.0.1:8000", ("/api/*",)),
    slots={"USER_NAME": NAME},
    segments={"free": {}, "a_b-1": {}},
    ttl=Ttl(),
    cpu_ms=50,
    identity=Identity(header="x-user-id", cookie="__Host-session"),
)


def redirect_to(to: str, status: int = 308, source: str = "/old") -> dict[str, Any]:
    return {"redirects": (RedirectRule(source, to, status),)}


def test_what_a_site_has_is_sound() -> None:
    assert manifest_fault(SOUND) is None


def test_a_path_that_only_looks_mistaken_is_sound() -> None:
    """No site is built with it, but an earlier edgekit did so, and its releases are still served."""
    assert manifest_fault(replace(SOUND, origin=Origin("http://127.0.0.1:8000", ("/api/:id*",)))) is None


UNSOUND: list[dict[str, Any]] = [
    {"format": 2},
    {"default_tier": "gone"},
    {"segments": {"free": {}, "a\r\nx: y": {}}},
    {"segments": {"free": {}, "": {}}},
    {"ttl": Ttl(user=-1)},
    {"ttl": Ttl(segment=2**62)},
    {"cpu_ms": -1},
    {"slots": {"OTHER": NAME}},
    {"slots": {"x": replace(NAME, name="x")}},
    {"routes": {"/": Route("static", "PAGE_TPL")}},
    {"routes": {"/": Route("user", "USER_SEGMENTS")}},
    *(
        redirect_to(to)
        for to in (
            "", "shop", "//evil.example", "/\\evil.example", "/a b", "/a\r\nx: y", "/\0", "/é", "/[x]", "/a#b#c",
            "/\x7f", "https://shop.example", "https:///", "javascript:alert(1)", "ftp://a/", "https://a@b/",
            "https://a\r\n/", "/a\n",
        )
    ),
    redirect_to("/a", status=200),
    redirect_to("/a", status=304),
    redirect_to("/a", status=10**20),
    {"redirects": tuple(RedirectRule(f"/{number}/[x]", "/", 308) for number in range(101))},
    *(
        {"headers": {"/*": {name: value}}}
        for name, value in (
            ("x-a", "1\r\nx-b: 2"), ("x-a", "1\n"), ("x-a", ""), ("x-a", " 1"), ("x-a", "é"), ("x-a", "1\0"),
            ("x-a", "x" * 4_097), ("x a", "1"), ("x-a\r\nx-b", "1"), ("", "1"), ("X-A", "1"), ("x:", "1"),
            ("set-cookie", "a=b"), ("content-length", "0"), ("transfer-encoding", "chunked"), ("vary", "*"),
            ("cache-control", "public"), ("surrogate-control", "max-age=9"), ("x-edgekit-outcome", "ok"),
            ("location", "/"),
        )
    ),
    {"headers": {f"/{number}": {} for number in range(101)}},
    {"headers": {"/*": {f"x-{number}": "1" for number in range(51)}}},
    *(
        {"origin": Origin(url, ("/api/*",))}
        for url in ("", "127.0.0.1:8000", "file:///etc/passwd", "http://a/b", "http://a\r\nx: y", "http://u:p@a", "unix://a")
    ),
    *(
        {"origin": Origin("http://a", (path,))}
        for path in ("/_edgekit/*", "/static/a", "/a/../b", "/a*b", "api", "/\r\n")
    ),
    {"origin": Origin("http://a", ("/a",) * 101)},
    {"identity": Identity(header="x-user-id\r\nx")},
    {"identity": Identity(cookie="a=b; c")},
]  # fmt: skip


@pytest.mark.parametrize("changes", UNSOUND, ids=str)
def test_what_no_site_has_is_not(changes: dict[str, Any]) -> None:
    assert manifest_fault(replace(SOUND, **changes)) is not None
