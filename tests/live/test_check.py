"""A real server, asked directly and through proxies that are deliberately wrong: each fault is found, and no other."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.live.probe import Prober
from tests.cli.command import Done, run, write_shop
from tests.cli.serving import serving
from tests.live.proxy import Asking, Given, Policy, Upstream, dripping, proxying

CONFIG: Final = """\
[site]
base_url = "https://shop.example"
default_tier = "free"
[slots.USER_NAME]
from = "user.name"
default = "there"
max_length = 40
[slots.HERO]
from = "segment.hero"
max_length = 80
"""
FILES: Final = {
    "edgekit.toml": CONFIG,
    "pages/product/[sku].html": None,
    "pages/search.html": None,
    "pages/index.html": "<p>Hello {{ user.name }}</p>",
    "pages/news.html": "<p>{{ segment.hero }}</p>",
    "pages/about.html": "<p>About us</p>{% island 'mine' client %}…{% endisland %}",
    "islands/mine.html": "<p>{{ user.name }}'s</p>",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder with the shop in `site/`, and the URL at which its store is served."""
    folder = tmp_path_factory.mktemp("live")
    write_shop(folder / "site", FILES)
    with serving("--port", "0", cwd=folder) as url:
        yield folder, url


def check(served: tuple[Path, str], policy: Policy, *arguments: str) -> Done:
    folder, url = served
    with proxying(url, policy) as outside:
        return run("check", "--live", outside, "--store", folder / "build/edge.lmdb", *arguments)


def codes(done: Done) -> set[str]:
    assert done.status == 1
    return {found["code"] for found in done.json["diagnostics"]}


def hand_on(asking: Asking, ask: Upstream) -> Given:
    return ask(asking)


def test_a_site_with_nothing_in_front_has_no_findings(served: tuple[Path, str]) -> None:
    folder, url = served
    done = run("check", "--live", url, "--store", folder / "build/edge.lmdb", "--strict")
    assert (done.status, done.err) == (0, "")
    asked = "`u1`, `u2`, a guest, a guest with a cookie"
    assert re.fullmatch(rf"nothing is cached wrongly: 5 pages, asked 9\d times as {asked}\n", done.text)


def test_a_proxy_that_hands_everything_on_is_fine(served: tuple[Path, str]) -> None:
    assert check(served, hand_on, "--strict").status == 0


def test_a_shared_cache_that_obeys_is_fine(served: tuple[Path, str]) -> None:
    kept: dict[str, Given] = {}

    def obey(asking: Asking, ask: Upstream) -> Given:
        if asking.url not in kept:
            given = ask(asking)
            if not given.headers.get("cache-control", "").startswith("public"):
                return given
            kept[asking.url] = given
            return given
        status, headers, body = kept[asking.url]
        return Given(status, {**headers, "age": "3", "x-cache": "HIT"}, body)

    assert check(served, obey, "--strict").status == 0
    assert kept


def test_a_cache_that_keeps_everything_answers_users_with_each_others_pages(served: tuple[Path, str]) -> None:
    kept: dict[str, Given] = {}

    def keep_all(asking: Asking, ask: Upstream) -> Given:
        given = kept.get(asking.url)
        if given is None:
            given = kept[asking.url] = ask(asking)
        elif asking.headers.get("if-none-match") == given.headers.get("etag", "none"):
            return Given(304, {}, b"")
        return given

    done = check(served, keep_all, "--json")
    assert codes(done) == {"EK610"}
    messages = {re.sub(r"`http://[^/]+", "`", found["message"]) for found in done.json["diagnostics"]}
    assert "`/` is answered to a guest as it is for `u1`" in messages
    assert "`/` is answered to `u1` as it is for a guest" in messages
    pages = {page for found in done.json["diagnostics"] for page in found["pages"]}
    assert pages == {"404", "/", "/_edgekit/island/mine", "/news"}


def test_a_cache_that_keeps_users_apart_but_their_pages_too(served: tuple[Path, str]) -> None:
    kept: dict[tuple[str, str | None], Given] = {}

    def keep_each(asking: Asking, ask: Upstream) -> Given:
        key = asking.url, asking.headers.get("x-user-id")
        if key not in kept:
            kept[key] = ask(asking)
            return kept[key]
        status, headers, body = kept[key]
        return Given(status, {**headers, "x-cache": "HIT"}, body)

    assert codes(check(served, keep_each, "--json")) == {"EK611"}


def change(headers: dict[str, str | None], when: str = "") -> Policy:
    """A proxy that sets headers of answers whose `cache-control` begins with `when`; None takes one away."""

    def set_headers(asking: Asking, ask: Upstream) -> Given:
        given = ask(asking)
        if not given.headers.get("cache-control", "").startswith(when):
            return given
        changed = {**given.headers, **headers}
        return given._replace(headers={name: value for name, value in changed.items() if value is not None})

    return set_headers


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (change({"cache-control": None}, "private"), {"EK612"}),
        (change({"cache-control": "public, max-age=60"}, "private"), {"EK612"}),
        (change({"cache-control": None}, "public"), {"EK612"}),
        (change({"cache-control": "public, max-age=600"}, "public"), {"EK612"}),
        (change({"cache-control": "private"}, "private, no-store"), {"EK612"}),
        (change({"set-cookie": "visit=1; Path=/"}, "public"), {"EK614"}),
        (change({"etag": '"one"'}, "private, no-store"), {"EK615"}),
        (change({"surrogate-control": "max-age=60"}, "private, max-age"), {"EK620"}),
        (change({"age": "7200"}, "public"), {"EK617"}),
        (change({"age": "1"}, "private"), {"EK611"}),
        (change({"age": "9" * 5_000, "set-cookie": "a" * 5_000}, "public"), {"EK614"}),
        (change({"cf-cache-status": "HIT"}, "private, max-age"), {"EK611"}),
    ],
)
def test_headers_that_are_weakened(served: tuple[Path, str], policy: Policy, expected: set[str]) -> None:
    assert codes(check(served, policy, "--json")) == expected


@pytest.mark.parametrize(
    "policy",
    [
        change({"cache-control": "no-store"}),
        change({"age": "0", "x-cache": "MISS", "vary": "accept-encoding"}),
        change({"set-cookie": "visit=1; Path=/"}, "private"),
        change({"cache-control": "public, max-age=0"}, "public"),
    ],
    ids=["stricter", "missed", "personal-cookie", "shorter"],
)
def test_headers_that_are_changed_and_harm_nobody(served: tuple[Path, str], policy: Policy) -> None:
    done = check(served, policy, "--strict")
    assert (done.status, done.text[:27]) == (0, "nothing is cached wrongly: ")


def test_an_etag_that_is_compared_without_a_look_at_the_user(served: tuple[Path, str]) -> None:
    def confirm(asking: Asking, ask: Upstream) -> Given:
        return Given(304, {}, b"") if "if-none-match" in asking.headers else ask(asking)

    assert codes(check(served, confirm, "--json")) == {"EK615"}


def test_a_public_page_that_is_changed_by_who_asks(served: tuple[Path, str]) -> None:
    def greet(asking: Asking, ask: Upstream) -> Given:
        given = ask(asking)
        who = asking.headers.get("x-user-id", "").encode()
        return given._replace(body=given.body + who) if asking.url.startswith("/about") else given

    done = check(served, greet, "--json")
    assert codes(done) == {"EK613", "EK618"}
    assert [found["pages"] for found in done.json["diagnostics"]] == [["/about"], ["/about"]]


@pytest.mark.parametrize(
    ("vary", "expected"), [("Origin", {"EK616"}), ("Origin, Accept-Encoding", set()), ("*", set())]
)
def test_compression_without_vary(served: tuple[Path, str], vary: str, expected: set[str]) -> None:
    def compress(asking: Asking, ask: Upstream) -> Given:
        given = ask(asking)
        if asking.headers["accept-encoding"] != "gzip":
            return given._replace(headers={**given.headers, "vary": vary})
        headers = {**given.headers, "content-encoding": "gzip", "vary": vary}
        return given._replace(headers=headers, body=gzip.compress(given.body))

    done = check(served, compress, "--json")
    assert {found["code"] for found in done.json["diagnostics"]} == expected


def test_compression_for_who_takes_none(served: tuple[Path, str]) -> None:
    def compress(asking: Asking, ask: Upstream) -> Given:
        given = ask(asking)
        headers = {**given.headers, "content-encoding": "gzip", "vary": "accept-encoding"}
        return given._replace(headers=headers, body=gzip.compress(given.body))

    assert codes(check(served, compress, "--json")) == {"EK616"}


SESSIONS: Final = {"session=a": "u1", "session=b": "u2"}
USERS: Final = ("--user", "u1=cookie: session=a", "--user", "u2=Cookie:session=b")


def sign_in(*dropped: str) -> Policy:
    """A proxy that knows sessions; it drops these headers of a request."""

    def know(asking: Asking, ask: Upstream) -> Given:
        headers = {name: value for name, value in asking.headers.items() if name not in dropped}
        if user := SESSIONS.get(asking.headers.get("cookie", "")):
            headers["x-user-id"] = user
        return ask(asking._replace(headers=headers))

    return know


def test_users_who_are_told_by_cookies_that_the_proxy_knows(served: tuple[Path, str]) -> None:
    careful = sign_in("x-user-id", "x-user-segment")
    assert check(served, careful, *USERS, "--strict").status == 0
    done = check(served, careful, "--user", "u1", "--user", "u2")
    assert done.status == 2
    assert "EK619 the site takes `u1` for a guest at " in done.err


@pytest.mark.parametrize(
    ("dropped", "passed", "pages"),
    [
        ("x-user-id", "x-user-segment: vip", {"/news"}),
        ("x-user-segment", "x-user-id: u1", {"404", "/", "/_edgekit/island/mine", "/news"}),
    ],
)
def test_a_proxy_that_hands_on_what_only_it_may_say(
    dropped: str, passed: str, pages: set[str], served: tuple[Path, str]
) -> None:
    done = check(served, sign_in(dropped), *USERS, "--json")
    assert codes(done) == {"EK621"}
    (found,) = done.json["diagnostics"]
    assert f"is answered to a guest with a cookie who says `{passed}` as if" in found["message"]
    assert set(found["pages"]) == pages


def test_users_who_are_mixed_up_behind_the_proxy(served: tuple[Path, str]) -> None:
    def mix(asking: Asking, ask: Upstream) -> Given:
        other = {"u1": "u2", "u2": "u1"}.get(asking.headers.get("x-user-id", ""))
        return ask(asking._replace(headers={**asking.headers, "x-user-id": other})) if other else ask(asking)

    assert codes(check(served, mix, "--json")) == {"EK610"}


def test_the_same_unknown_bytes_for_different_users(served: tuple[Path, str]) -> None:
    """As a cache does in front of a site that serves another release than the store has."""
    kept: dict[str, Given] = {}

    def keep_changed(asking: Asking, ask: Upstream) -> Given:
        if "edgekit-check=who" in asking.url:
            return ask(asking)
        if asking.url not in kept:
            given = ask(asking)
            kept[asking.url] = given._replace(body=given.body + b"<!-- proxy -->")
        return kept[asking.url]

    assert codes(check(served, keep_changed, "--json")) == {"EK610", "EK618"}


def test_another_release_is_a_warning(served: tuple[Path, str]) -> None:
    def add(asking: Asking, ask: Upstream) -> Given:
        given = ask(asking)
        return given._replace(body=given.body + b"<!-- proxy -->")

    done = check(served, add, "--json")
    assert done.status == 0
    (found,) = done.json["diagnostics"]
    assert (found["code"], found["severity"], len(found["pages"])) == ("EK618", "warning", 5)
    assert check(served, add, "--strict").status == 1


def test_another_status_is_told_with_where_it_leads(served: tuple[Path, str]) -> None:
    def upgrade(asking: Asking, ask: Upstream) -> Given:
        return Given(301, {"location": "https://shop.example/"}, b"")

    done = check(served, upgrade, "--pages", "1")
    assert done.status == 1
    assert re.match(
        r"EK618 `http://127.0.0.1:\d+/\S*` is answered to `u1` with 301 to `https://shop.example/`, not ", done.text
    )


def test_the_number_of_pages_is_bounded_and_one_of_each_kind_comes_first(served: tuple[Path, str]) -> None:
    asked: list[str] = []

    def note(asking: Asking, ask: Upstream) -> Given:
        asked.append(asking.url.partition("?")[0])
        return ask(asking)

    assert check(served, note, "--pages", "2").status == 0
    assert len(set(asked)) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--live", "shop.example"], "EK619 `shop.example` is no URL of a site"),
        (["--live", "http://shop.example/news"], "EK619 `http://shop.example/news` is no URL of a site"),
        (["--live", "http://127.0.0.1:1"], "cannot be asked: "),
        (["--live", "http://127.0.0.1:1", "--user", "u1"], "EK619 `--user` names 1 of the two users"),
        (
            ["--live", "http://127.0.0.1:1", "--user", "u1", "--user", "u9"],
            "EK619 the store has no record of user `u9`",
        ),
        (["--live", "http://127.0.0.1:1", "--user", "u1=cookie"], "EK619 `--user u1…` is neither an id nor"),
        (["--live", "http://127.0.0.1:1", "--user", "u1=a b: x"], "EK619 `--user u1…` is neither an id nor"),
        (["--live", "http://127.0.0.1:1", "--user", "u1=cookie: sécret"], "EK619 the header of `--user u1` has"),
        (["--live", "http://127.0.0.1:1", "--user", "u1=cookie: a\r\nb: c"], "EK619 the header of `--user u1` has"),
        (["--user", "u1"], "--user and --pages are for --live URL."),
        (["--pages", "3"], "--user and --pages are for --live URL."),
    ],
)
def test_what_cannot_be_asked_ends_with_2(arguments: list[str], said: str, served: tuple[Path, str]) -> None:
    done = run("check", *arguments, "--store", served[0] / "build/edge.lmdb")
    assert (done.status, done.out) == (2, b"")
    assert said in done.err
    assert "sécret" not in done.err


def test_a_store_without_two_users_cannot_tell(tmp_path: Path) -> None:
    write_shop(tmp_path / "site")
    store = tmp_path / "edge.lmdb"
    assert run("build", tmp_path / "site", "--store", store, "-q").status == 0
    assert run("users", "put", "u1", "{}", "--store", store, "-q").status == 0
    done = run("check", "--live", "http://127.0.0.1:1", "--store", store)
    assert done.status == 2
    assert done.err.startswith("EK619 the store has 1 of the two users that are needed")


def test_an_answer_without_an_end_is_given_up(served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgekit.live.probe._MAX_BYTES", 1_000)

    def swell(asking: Asking, ask: Upstream) -> Given:
        return ask(asking)._replace(body=bytes(2_000))

    done = check(served, swell)
    assert done.status == 2
    assert "the answer has more than 1,000 bytes" in done.err


def ask_once(encoding: str, body: bytes) -> bytes:
    """What a prober makes of a body that comes as `encoding`."""
    with (
        proxying("http://127.0.0.1:1", lambda asking, ask: Given(200, {"content-encoding": encoding}, body)) as url,
        Prober(url) as prober,
    ):
        return prober.send(prober.build("/", ())).body


def test_an_answer_is_unpacked_once() -> None:
    once, twice = gzip.compress(b"page"), gzip.compress(gzip.compress(b"page"))
    assert [ask_once("gzip", once), ask_once("gzip", twice), ask_once("gzip, gzip", twice)] == [b"page", once, twice]


def test_no_more_is_unpacked_than_an_answer_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgekit.live.probe._MAX_BYTES", 1_000)
    with pytest.raises(EdgekitError, match="the answer has more than 1,000 bytes"):
        ask_once("gzip", gzip.compress(bytes(100_000)))


def test_what_is_no_gzip_is_said_to_be_none() -> None:
    with pytest.raises(EdgekitError, match="its `content-encoding` is gzip, and its body is not"):
        ask_once("gzip", b"page")


@pytest.mark.parametrize(
    ("first", "again"), [(b"HTTP/1.1 200 OK\r\nx: ", b"x"), (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")]
)
def test_an_answer_that_never_begins_is_given_up(
    first: bytes, again: bytes, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgekit.live.probe._SECONDS", 0.2)
    with dripping(first, again) as url:
        done = run("check", "--live", url, "--store", served[0] / "build/edge.lmdb")
    assert done.status == 2
    assert "the answer takes more than 0.2 seconds" in done.err


def test_cookies_that_the_site_sets_are_not_sent_back(served: tuple[Path, str]) -> None:
    sent: set[str | None] = set()

    def note(asking: Asking, ask: Upstream) -> Given:
        sent.add(asking.headers.get("cookie"))
        given = ask(asking)
        return given._replace(headers={**given.headers, "set-cookie": "visit=1; Path=/"})

    check(served, note)
    assert sent == {None, "edgekit-check=1"}
