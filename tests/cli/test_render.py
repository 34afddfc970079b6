from pathlib import Path

import pytest

from tests.cli.command import CONFIG, run, write_shop

ASKED = {
    "a guest": ["/"],
    "a user": ["/", "--user", "u1"],
    "a user with markup in the name": ["/", "--user", "u2"],
    "an unknown user": ["/", "--user", "nobody"],
    "a tier": ["/product/p-1", "--tier", "vip"],
    "a user in another tier": ["/", "--user", "u2", "--tier", "vip"],
    "another name": ["/", "--set", "user.name={USER_NAME} & Łukasz"],
    "another number": ["/", "--user", "u1", "--set", "user.points=-5"],
    "a number that is none": ["/", "--user", "u1", "--set", "user.points=many"],
    "a name that is too long": ["/", "--set", f"user.name={'x' * 41}"],
    "another live field": ["/", "--set", "segment.hero=Now <only>"],
    "a query": ["/search?q=a%26b&q=c"],
    "a query that is set": ["/search?q=a", "--set", "request.query.q=b & =ü"],
    "a cookie": ["/search", "--set", "request.cookie.theme=dark"],
    "a header": ["/search", "--set", "request.header.x-city=Ulm"],
    "a host": ["/search", "--set", "request.host=shop.example"],
    "a page that is not there": ["/nowhere", "--user", "u1"],
    "a static page": ["/about", "--user", "u1"],
    "a path that is not ASCII": ["/größe"],
}


@pytest.mark.parametrize("arguments", ASKED.values(), ids=ASKED)
def test_replay_and_oracle_print_the_same_bytes(built: Path, arguments: list[str]) -> None:
    replayed = run("render", *arguments)
    assert replayed.out
    assert replayed == run("render", *arguments, "--oracle")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/"], "<h1>Spring</h1>\n<p>Hello there, 0 points</p>"),
        (["/", "--user", "u1"], "<h1>Gold</h1>\n<p>Hello Ada, 7 points</p>"),
        (["/", "--user", "u1", "--tier", "free"], "<h1>Spring</h1>\n<p>Hello Ada, 7 points</p>"),
        (["/", "--set", "user.name=<i>"], "<h1>Spring</h1>\n<p>Hello &lt;i&gt;, 0 points</p>"),
        (["/", "--tier", "vip", "--set", "segment.hero=Now"], "<h1>Now</h1>\n<p>Hello there, 0 points</p>"),
        (["/product/p-2", "--tier", "vip"], "<p>Cup in vip</p>"),
        (["/search?q=x", "--set", "request.cookie.theme=dark"], "<p>x nowhere dark no host /search</p>"),
        (["/search?q=x", "--set", "request.query.q=y&"], "<p>y&amp; nowhere light no host /search</p>"),
    ],
)
def test_the_exact_bytes_of_the_answer_are_printed(built: Path, arguments: list[str], expected: str) -> None:
    done = run("render", *arguments)
    assert (done.status, done.text, done.err) == (0, expected, "")


CHOICES = """
[slots.STATE]
from = "user.state"
choices = ["guest", "member"]
default = "guest"
[slots.IS_KNOWN]
from = "user.known"
[slots.SEASON]
from = "segment.season"
choices = ["spring", "autumn"]
[slots.ARM]
from = "request.cookie.arm"
choices = ["a", "b"]
default = "a"
"""
BRANCHES = """{{ user.known }} {% if user.state == "member" %}Hi {{ user.name }}{% else %}Log in{% endif %} \
{{ segment.season|upper }} {{ {"a": 1, "b": 2}[request.cookie.arm] }}"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "False Log in SPRING 1"),
        (["--user", "u1"], "True Log in AUTUMN 1"),
        (["--user", "stranger"], "False Log in SPRING 1"),
        (["--set", "user.state=member"], "True Hi there SPRING 1"),
        (["--set", "user.state=root"], "True Log in SPRING 1"),
        (["--set", "segment.season=autumn", "--set", "request.cookie.arm=b"], "False Log in AUTUMN 2"),
        (["--set", "segment.season=winter", "--set", "request.cookie.arm=c"], "False Log in SPRING 1"),
    ],
)
def test_a_choice_is_one_of_its_values_or_the_default(built: Path, arguments: list[str], expected: str) -> None:
    files = {
        "edgekit.toml": CONFIG + CHOICES,
        "segments/free.toml": (built / "site/segments/free.toml").read_text() + 'season = "spring"\n',
        "segments/vip.toml": (built / "site/segments/vip.toml").read_text() + 'season = "autumn"\n',
        "pages/about.html": BRANCHES.replace("\\\n", ""),
    }
    write_shop(built / "site", files)
    assert run("build").status == 0
    assert run("render", "/about", *arguments).text == expected
    assert run("render", "/about", *arguments, "--oracle").text == expected


def test_who_is_known_is_not_set_but_has_a_record(built: Path) -> None:
    write_shop(built / "site", {"edgekit.toml": CONFIG + CHOICES.split("[slots.SEASON]")[0]})
    assert run("build").status == 0
    done = run("render", "/", "--set", "user.known=true")
    assert (done.status, done.out) == (2, b"")
    assert "EK485 `--set` does not set `user.known`" in done.err
    assert "`--user ID`" in done.err


def test_nothing_is_written(built: Path) -> None:
    run("render", "/", "--user", "u1", "--set", "user.name=Eve", "--set", "segment.hero=Now")
    assert run("render", "/", "--user", "u1").text == "<h1>Gold</h1>\n<p>Hello Ada, 7 points</p>"


def test_live_edits_are_shown_by_both(built: Path) -> None:
    run("segments", "put", "free", "hero=Live & well")
    done = run("render", "/")
    assert "<h1>Live &amp; well</h1>" in done.text
    assert done == run("render", "/", "--oracle")


def test_a_live_field_that_is_not_set_is_the_tiers(built: Path) -> None:
    files = {
        "edgekit.toml": CONFIG + '[slots.SEATS]\nfrom = "segment.seats"\ntype = "integer"\n',
        "pages/about.html": "{{ segment.hero }} {{ segment.seats }}",
    }
    write_shop(built / "site", files)
    assert run("build").status == 0
    assert run("render", "/about", "--set", "segment.hero=Now").text == "Now 3"
    assert run("render", "/about", "--tier", "vip", "--set", "segment.seats=5").text == "Gold 5"


def test_a_page_that_is_not_there_prints_the_404_page_and_ends_with_1(built: Path) -> None:
    done = run("render", "/abuot", "--user", "u1")
    assert (done.status, done.text) == (1, "<p>No such page, Ada</p>")
    assert "EK483 there is no page `/abuot`; did you mean `/about`?" in done.err


@pytest.mark.parametrize("oracle", [[], ["--oracle"]])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/about/", "write `/about`, where replay sends"),
        ("/about.html", "write `/about`"),
        ("about", "is no path that a page can have"),
        ("/../etc", "is no path that a page can have"),
    ],
)
def test_another_spelling_of_a_path_ends_with_1(built: Path, path: str, said: str, oracle: list[str]) -> None:
    done = run("render", path, *oracle)
    assert (done.status, done.out) == (1, b"")
    assert "EK483" in done.err
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--tier", "vpi"], 1, "EK438 there is no tier `vpi`; did you mean `vip`?"),
        (["--set", "user.nmae=x"], 2, "EK485 no slot reads `user.nmae`; did you mean `user.name`?"),
        (["--set", "user.id=x"], 2, "EK485 no slot reads `user.id`"),
        (["--set", "user.tier=x"], 2, "give it as `--tier T`"),
        (["--set", "request.path=/x"], 2, "give it as PATH"),
        (["--set", "user.name"], 2, "is not SOURCE=VALUE"),
    ],
)
def test_a_value_that_cannot_be_set_is_refused(built: Path, arguments: list[str], status: int, said: str) -> None:
    done = run("render", "/", *arguments)
    assert (done.status, done.out) == (status, b"")
    assert said in done.err


def test_without_a_store_the_way_out_is_a_build(shop: Path) -> None:
    done = run("render", "/")
    assert done.status == 2
    assert "EK423" in done.err
    assert "`edgekit build`" in done.err


def test_a_store_without_a_release_says_so(shop: Path) -> None:
    write_shop(shop / "site", {"pages/about.html": "{{ user.name|upper }}"})
    assert run("build").status == 1
    done = run("render", "/")
    assert done.status == 2
    assert "EK452 nothing is published" in done.err


def test_the_oracle_of_a_site_with_other_slots_is_refused(built: Path) -> None:
    write_shop(built / "site", {"edgekit.toml": CONFIG.replace("max_length = 40", "max_length = 41")})
    done = run("render", "/", "--oracle")
    assert done.status == 2
    assert "EK486" in done.err


def test_the_oracle_of_a_page_that_does_not_compile_is_a_finding(built: Path) -> None:
    write_shop(built / "site", {"pages/index.html": "{{ user.name|upper }}"})
    done = run("render", "/", "--oracle")
    assert (done.status, done.out) == (1, b"")
    assert "EK202" in done.err


def test_an_answer_that_is_an_error_says_why(built: Path) -> None:
    write_shop(built / "site", {"edgekit.toml": CONFIG + "[budget]\ncpu_ms = 1\n"})
    assert run("build").status == 0
    import lmdb

    with lmdb.open("build/edge.lmdb", subdir=False, max_dbs=9) as env:
        database = env.open_db(b"PAGE_TPL")
        with env.begin(write=True) as txn:
            assert txn.delete(b"/:free", db=database)
    done = run("render", "/")
    assert done.status == 1
    assert "EK488 replay answers `/` with 503: PAGE_TPL has no `/" in done.err


@pytest.mark.parametrize("oracle", [[], ["--oracle"]])
def test_a_redirect_is_named_and_ends_with_1(shop: Path, oracle: list[str]) -> None:
    write_shop(shop / "site", {"edgekit.toml": CONFIG + '[redirects]\n"/old/[x]" = "/product/[x]"\n'})
    assert run("build").status == 0
    done = run("render", "/old/p-1", *oracle)
    assert (done.status, done.out) == (1, b"")
    assert "EK483 `/old/p-1` is redirected to `/product/[x]`" in done.err
