"""docs/caches.md as it stands: what is kept where, and for whom. All is asked through another cache outside."""

import re
import time

import httpx
import pytest

from tests.caches.asking import ask, fresh
from tests.caches.chains import PROXY_SECRET, Chain
from tests.caches.shop import USERS, expect
from tests.replay.wire import exchange, statuses

FREE, PREMIUM, VIP = (0, 3, 6), (1, 4, 7), (2, 5, 8)
"""Users of each tier."""


def kept(chain: Chain, path: str, number: int | None = None, **headers: str) -> bool:
    """Does the recipe's own cache answer?"""
    return ask(chain, path, number, inner=True, **headers).headers["x-cache"] == "HIT"


def test_a_static_page_is_kept_for_everybody_by_both_caches(chain: Chain) -> None:
    page = fresh("/about")
    assert [kept(chain, page, number) for number in (None, None, *FREE)] == [False, True, True, True, True]
    assert kept(chain, page, authorization="Bearer x")
    answers = [ask(chain, page) for _ in range(3)]
    assert [answer.headers["x-outer"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert {answer.text for answer in answers} == {expect("/about", chain.site.release, None)}
    assert not kept(chain, page + "&more")


@pytest.mark.parametrize("path", ["/", "/long-user", "/_edgekit/island/mine"])
def test_a_users_page_is_kept_nowhere_and_never_compressed(chain: Chain, path: str) -> None:
    page = fresh(path)
    for number in (None, 3, 3, 4, None, 5, 3):
        answer = ask(chain, page, number, accept_encoding="gzip")
        assert answer.text == expect(path, chain.site.release, number)
        assert answer.headers["cache-control"] == "private, no-store"
        assert {"etag", "content-encoding", "vary", "surrogate-control"}.isdisjoint(answer.headers)
        assert (answer.headers["x-cache"], answer.headers["x-outer"]) == ("MISS", "MISS")
    for cache in (chain.inner, chain.outer):
        assert b"name of u" not in cache.stored()


@pytest.mark.parametrize("path", ["/tier", "/long-tier", "/nowhere", "/_edgekit/island/menu"])
def test_a_tiers_page_is_kept_for_the_tier_and_nowhere_else(chain: Chain, path: str) -> None:
    page = fresh(path)
    shown = []
    for number in (None, *FREE, *PREMIUM, *VIP, None, 0, 1, 2):
        answer = ask(chain, page, number, accept_encoding="gzip")
        assert answer.text == expect(path, chain.site.release, number)
        assert answer.headers["cache-control"] == "private, max-age=0"
        assert answer.headers.get("vary", "accept-encoding") == "accept-encoding"
        assert ("vary" in answer.headers) == (path == "/long-tier")
        assert "surrogate-control" not in answer.headers
        assert answer.headers["x-outer"] == "MISS"
        shown.append(answer.headers["x-cache"])
    shared = ["MISS", "HIT", "HIT", "HIT"] + ["MISS", "HIT", "HIT"] * 2 + ["HIT"] * 4
    assert shown == (shared if chain.site.recipe == "segments" else ["MISS"] * len(shared))


def test_what_a_cache_holds_of_the_tiers(chain: Chain) -> None:
    for number in (0, 1, 2, None):
        ask(chain, fresh("/tier"), number)
        ask(chain, fresh("/about"), number)
    assert (b"tier vip" in chain.inner.stored()) == (chain.site.recipe == "segments")
    assert b"tier " not in chain.outer.stored()
    assert b"about " in chain.inner.stored()
    assert b"about " in chain.outer.stored()


PROOF = f"x-edgekit-proxy-secret: {PROXY_SECRET}\r\n"
FORGED = {
    "tier": "x-user-segment: vip\r\n",
    "all": "x-user-id: u5\r\nx-user-segment: vip\r\n" + PROOF,
    "twice": "X-User-Id: u5\r\nX-User-Segment: vip\r\nx-user-segment: vip\r\nx-user-id: u5\r\n" + PROOF + PROOF,
    "underscores": f"x_user_id: u5\r\nx_user_segment: vip\r\nx_edgekit_proxy_secret: {PROXY_SECRET}\r\n",
    "caches": "x-session: s5\r\nx-asked: /tier\r\nsurrogate-control: max-age=60\r\nx-accel-expires: 60\r\n",
    "connection": "connection: close, x-user-id, x-user-segment, x-edgekit-proxy-secret, x-session\r\n",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_only_a_proxy_may_say_counts_for_nothing_from_outside(chain: Chain, forged: str) -> None:
    end = "\r\n" if forged.startswith("connection") else "connection: close\r\n\r\n"
    for path in ("/", "/tier"):
        page = fresh(path)
        for number in (None, 4):
            cookie = "" if number is None else f"cookie: {chain.site.cookie(number)}\r\n"
            for port in (chain.inner_port, chain.outer_port):
                answer = exchange(port, f"GET {page} HTTP/1.1\r\nhost: x\r\n{cookie}{forged}{end}".encode())
                assert answer.endswith(expect(path, chain.site.release, number).encode()), answer
            assert ask(chain, page, number).text == expect(path, chain.site.release, number)
        assert ask(chain, page, 5).text == expect(path, chain.site.release, 5)


def test_a_method_that_is_handed_on_unread_opens_no_way_past_the_rules(chain: Chain) -> None:
    """Behind a request that a cache pipes, the connection would be edgekit's own."""
    page = fresh("/tier")
    second = f"GET {page} HTTP/1.1\r\nhost: x\r\n{FORGED['all']}connection: close\r\n\r\n"
    answer = exchange(chain.inner_port, f"BREW / HTTP/1.1\r\nhost: x\r\n\r\n{second}".encode())
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"tier vip" not in answer


@pytest.mark.parametrize("path", ["/about", "/long-about", "/long-tier", "/tier"])
def test_head_range_and_etags_are_of_what_is_kept(chain: Chain, path: str) -> None:
    page, text = fresh(path), expect(path, chain.site.release, 5).encode()
    first = ask(chain, page, 5, inner=True)
    assert first.content == text
    head = ask(chain, page, 5, inner=True, method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    part = ask(chain, page, 5, inner=True, range="bytes=2-5")
    assert (part.status_code, part.content) in [(206, text[2:6]), (200, text)]
    if chain.site.recipe == "segments" or path.endswith("about"):  # what nginx does not keep it sends whole
        again = ask(chain, page, 5, inner=True, if_none_match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")
    assert ask(chain, page, 5, inner=True, if_none_match='"other"').content == text
    if path.endswith("tier"):
        other = ask(chain, page, 4, inner=True, if_none_match=first.headers["etag"])
        assert (other.status_code, other.text) == (200, expect(path, chain.site.release, 4))


@pytest.mark.parametrize("path", ["/long-about", "/long-tier"])
def test_compressed_and_plain_are_kept_apart(chain: Chain, path: str) -> None:
    page = fresh(path)
    for number in (None, 5):
        for coding in ("gzip", "identity", "gzip", "identity", "gzip;q=0", "br"):
            answer = ask(chain, page, number, accept_encoding=coding)
            assert answer.text == expect(path, chain.site.release, number)
            assert answer.headers.get("content-encoding", "identity") == (coding if coding == "gzip" else "identity")
            assert answer.headers["vary"].lower() == "accept-encoding"


@pytest.mark.parametrize("scheme", ["http", "https", "ws"])
def test_a_target_with_a_host_opens_no_way_past_the_rules(chain: Chain, scheme: str) -> None:
    target = f"{scheme}://shop.example/_edgekit/health"
    answer = exchange(chain.inner_port, f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in (b"400", b"404"), answer


def test_paths_reach_replay_as_they_came(chain: Chain) -> None:
    for _ in range(2):
        assert ask(chain, "/about/").headers["location"] == "/about"
        assert ask(chain, fresh("/old")).status_code == 308
        assert ask(chain, "/a%2Fb").status_code == 400
        asset = ask(chain, "/static/shop.1.css")
        assert (asset.text, asset.headers["cache-control"]) == ("/* 1 */", "public, max-age=31536000, immutable")
    session = ask(chain, "/session", 5)
    assert session.status_code in (404, 204)
    assert "x-user-id" not in session.headers
    for path in ("/_edgekit/metrics", "/%5fedgekit/metrics", "//_edgekit/metrics", "/_edgekit/health"):
        answer = ask(chain, path, 5)
        if answer.is_redirect:
            answer = ask(chain, answer.headers["location"], 5)
        assert (path, answer.status_code) == (path, 404)


def numbered(answer: httpx.Response) -> int:
    """Which of its answers the application gave."""
    assert answer.status_code == 200
    found = re.match(r"[A-Z]+ (\d+) ", answer.text)
    assert found
    return int(found[1])


@pytest.mark.parametrize(
    "kind", ["silent", "max-age", "expires", "accel", "private", "surrogate", "cookie", "tier-cookie"]
)
def test_an_application_is_asked_each_time_unless_it_says_public(chain: Chain, kind: str) -> None:
    page = fresh(f"/api/{kind}")
    for turn, number in enumerate((4, 4, 5, 4), 1):
        answer = ask(chain, page, number, inner=True)
        assert numbered(answer) == turn
        assert answer.text.endswith(chain.site.cookie(number))


def test_what_an_application_says_is_public_is_kept_as_the_document_says(chain: Chain) -> None:
    page = fresh("/api/public")
    turns = [numbered(ask(chain, page, inner=True)) for _ in range(3)]
    assert turns == ([1, 2, 3] if "nginx" in chain.name and chain.site.recipe == "segments" else [1, 1, 1])


def test_what_an_application_says_at_one_host_is_not_kept_for_another(chain: Chain) -> None:
    page = fresh("/api/public")
    hosts = ("a.example", "b.example", "A.EXAMPLE:80")
    turns = [numbered(ask(chain, page, inner=True, host=host)) for host in hosts]
    assert turns[:2] == [1, 2]
    told = chain.site.application.told[page]
    assert told["x-forwarded-host"] == told["host"]


def test_an_application_is_told_who_asks_by_nobody_but_the_proxy(chain: Chain) -> None:
    page = fresh("/api/silent")
    forged = {"x_forwarded_for": "6.6.6.6", "forwarded": "for=6.6.6.6", "x_real_ip": "6.6.6.6", "x_user_id": "u5"}
    forged |= {f"x_forwarded_{word}": "evil" for word in ("host", "port", "prefix", "proto", "scheme", "ssl", "user")}
    ask(chain, page, 4, inner=True, **forged, x_user_segment="vip")
    told = chain.site.application.told[page]
    assert (told["x-user-segment"], told["x-forwarded-for"].split(",")[0]) == ("premium", "127.0.0.1")
    assert told.get("x-user-id") == ("u4" if chain.site.recipe == "segments" else None)
    assert told["host"].startswith("127.0.0.1")
    assert "6.6.6.6" not in str(told)
    assert "evil" not in str(told)
    assert PROXY_SECRET not in str(told)
    head = f"POST {page} HTTP/1.1\r\nhost: x\r\ncookie: {chain.site.cookie(4)}\r\ncontent-length: 4\r\n"
    assert statuses(chain.inner_port, f"{head}connection: close\r\n\r\nbody".encode()) == [200]
    assert chain.site.application.body == b"body"
    assert numbered(ask(chain, page, 4)) == 3


def test_a_failure_is_not_kept(chain: Chain) -> None:
    page = fresh("/api/public")
    chain.site.application.works = False
    try:
        answers = [ask(chain, page) for _ in range(2)]
    finally:
        chain.site.application.works = True
    assert [(answer.status_code, answer.text, answer.headers["cache-control"]) for answer in answers] == [
        (502, "503", "no-store")
    ] * 2
    assert ask(chain, page).status_code == 200


def test_readers_go_on_with_an_older_page_while_a_newer_one_cannot_be_had(chains: dict[str, Chain]) -> None:
    showing = [chains[name] for name in ("public-varnish", "public-nginx", "segments-varnish")]
    page = fresh("/api/short")
    shown = [ask(chain, page, inner=True).text for chain in showing]
    for chain in showing:
        chain.site.application.works = False
    try:
        begun = time.monotonic()
        while time.monotonic() - begun < 2:  # one second it is new, then each reader makes the cache ask again
            assert shown == [ask(chain, page, inner=True).text for chain in showing]
            time.sleep(0.05)
    finally:
        for chain in showing:
            chain.site.application.works = True


def test_a_session_is_asked_for_once_in_a_while_and_nothing_else_is_told(sharing: Chain) -> None:
    application = sharing.site.application
    before = application.count["/session"]
    for path in ("/", "/tier", "/about", "/"):
        assert ask(sharing, fresh(path), USERS).text == expect(path, sharing.site.release, USERS)
    for other in ("theme=dark", "theme=light"):
        ask(sharing, "/", cookie=f"{other}; session=s{USERS + 1}; other=1", authorization="Basic x")
    ask(sharing, fresh("/"))
    assert application.count["/session"] - before == 2
    assert application.sessions.isdisjoint({"", "session="})
    told = application.told["/session"]
    assert (told["cookie"], told["host"]) == (f"session=s{USERS + 1}", "shop.example")
    assert {"authorization", "x-user-id", "x-user-segment", "x-edgekit-proxy-secret"}.isdisjoint(told)
    assert ask(sharing, "/").text == expect("/", sharing.site.release, None)
    assert ask(sharing, "/", cookie="session=unknown").text == expect("/", sharing.site.release, None)
    assert ask(sharing, "/", cookie="session=; other=1").text == expect("/", sharing.site.release, None)
    assert application.count["/session"] - before == 3


NAMED = {"x-user-id": "u5", "x-user-segment": "vip"}


@pytest.mark.parametrize("status", [302, 304, 401, 403, 404, 429, 500])
def test_whom_the_application_refuses_is_a_guest_whatever_else_it_says(sharing: Chain, status: int) -> None:
    sharing.site.application.session_answer = status, NAMED
    try:
        for path in ("/", "/tier"):
            answer = ask(sharing, fresh(path), cookie=f"session=refused-{status}")
            assert answer.text == expect(path, sharing.site.release, None)
    finally:
        sharing.site.application.session_answer = None


def test_a_tier_that_the_site_does_not_have_shares_nothing_and_hinders_nobody(sharing: Chain) -> None:
    page, number = fresh("/tier"), USERS + 4
    sharing.site.application.names_tier = False
    try:
        answers = [ask(sharing, page, number, inner=True) for _ in range(2)]
    finally:
        sharing.site.application.names_tier = True
    assert {(answer.headers["x-cache"], answer.text) for answer in answers} == {
        ("MISS", expect("/tier", sharing.site.release, number))
    }
    assert [kept(sharing, page, user) for user in (*FREE, *VIP)] == [False, True, True, False, True, True]


def test_while_the_application_is_down_whoever_is_not_known_yet_is_a_guest(sharing: Chain) -> None:
    application = sharing.site.application
    known, unknown = USERS + 2, USERS + 3
    ask(sharing, "/", known)
    application.works = False
    try:
        assert ask(sharing, "/", known).text == expect("/", sharing.site.release, known)
        assert ask(sharing, "/", unknown).text == expect("/", sharing.site.release, None)
    finally:
        application.works = True
    assert ask(sharing, "/", unknown).text == expect("/", sharing.site.release, unknown)


def test_a_new_release_is_seen_when_the_cache_is_emptied_and_old_pages_keep_their_assets(chain: Chain) -> None:
    page, old = fresh("/about"), chain.site.release
    assert ask(chain, page, inner=True).text == expect("/about", old, None)
    chain.site.publish()
    assert ask(chain, "/", 4).text == expect("/", old + 1, 4)
    seen = ask(chain, page, inner=True)
    assert (seen.headers["x-cache"], seen.text) == ("HIT", expect("/about", old, None))
    assert ask(chain, seen.text.split()[2]).text == f"/* {old} */"
    chain.inner.empty()
    assert ask(chain, page, inner=True).text == expect("/about", old + 1, None)
