"""`[redirects]`: what is read of it, and what is refused, with its line."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.model.manifest import RedirectRule
from edgekit.model.redirect import Redirects, part_names, specificity
from edgekit.project.circles import find_circles
from edgekit.project.load import load_site
from tests.project.folder import CONFIG, write_site

PAGES = {"pages/about.html": "", "pages/new/p.html": "", "static/a.css": "a{}"}


def read(root: Path, table: str) -> tuple[RedirectRule, ...]:
    config = f"{CONFIG}[redirects]\n{table}"
    return load_site(write_site(root, {**PAGES, "edgekit.toml": config})).redirects


@pytest.mark.parametrize(
    ("written", "source", "to"),
    [
        ('"/shop" = "/"', "/shop", "/"),
        ('"/café" = "/about"', "/caf%C3%A9", "/about"),
        ('"/caf%C3%A9" = "/about"', "/caf%C3%A9", "/about"),
        ('"/a b" = "/about"', "/a%20b", "/about"),
        ('"/%5Bx%5D" = "/about"', "/%5Bx%5D", "/about"),
        ('"/index.php" = "/about"', "/index.php", "/about"),
        ('"/x" = "/about?tag=żółć&b[]=1#ü"', "/x", "/about?tag=%C5%BC%C3%B3%C5%82%C4%87&b%5B%5D=1#%C3%BC"),
        ('"/x" = "/about?a=%26&b=/?:@"', "/x", "/about?a=%26&b=/?:@"),
        ('"/x" = "https://other.example"', "/x", "https://other.example/"),
        ('"/x" = "http://other.example:8000//a/./%41 b?q#f"', "/x", "http://other.example:8000//a/./%41%20b?q#f"),
        ('"/x" = "https://shop.example/about"', "/x", "https://shop.example/about"),
        ('"/old/[x]" = "/new/[x]"', "/old/[x]", "/new/[x]"),
        ('"/[a]/x/[b_2]" = "/[b_2]/[a]/y?a=[a]&[b_2]#[a]"', "/[a]/x/[b_2]", "/[b_2]/[a]/y?a=[a]&[b_2]#[a]"),
        ('"/old/[x]" = "https://other.example/[x]"', "/old/[x]", "https://other.example/[x]"),
    ],
)
def test_source_and_target_are_kept_as_a_url_has_them(tmp_path: Path, written: str, source: str, to: str) -> None:
    assert read(tmp_path, written) == (RedirectRule(source, to, 308),)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_status_may_be_chosen(tmp_path: Path, status: int) -> None:
    assert read(tmp_path, f'"/shop" = {{ to = "/", status = {status} }}') == (RedirectRule("/shop", "/", status),)


def test_the_most_specific_comes_first_whatever_their_order(tmp_path: Path) -> None:
    sources = ["/a/b", "/a/b/c", "/a/b/[x]", "/a/[x]", "/a/[x]/c", "/a/[x]/[y]", "/b", "/[x]/b/c", "/[x]/b/[y]"]
    for seed in range(5):
        lines = [f'"{source}" = "/about"' for source in sources]
        random.Random(seed).shuffle(lines)
        rules = read(tmp_path, "\n".join(lines))
        assert [rule.source for rule in rules] == sources
    found = Redirects(rules)
    for path in ("/a/b", "/a/b/c"):
        met = found.find(path)
        assert met is not None
        assert met.rule.source == path


def test_a_site_without_redirects_has_none(tmp_path: Path) -> None:
    assert load_site(write_site(tmp_path, {})).redirects == ()


REFUSED = {
    # sources
    '"shop" = "/"': ("EK160", 5, "`shop` is a path that no request can have"),
    '"/shop/" = "/"': ("EK160", 5, "`/shop/` is another spelling of a path"),
    '"/shop.html" = "/"': ("EK160", 5, "another spelling"),
    '"/a//b" = "/"': ("EK160", 5, "another spelling"),
    '"//evil.example" = "/"': ("EK160", 5, "another spelling"),
    '"/%61" = "/"': ("EK160", 5, "another spelling"),
    '"/old/[x]/" = "/"': ("EK160", 5, "another spelling"),
    '"/100%" = "/"': ("EK160", 5, "no request can have"),
    '"/a/../b" = "/"': ("EK160", 5, "no request can have"),
    '"/a%2Fb" = "/"': ("EK160", 5, "no request can have"),
    '"/a\\u0007" = "/"': ("EK160", 5, "no request can have"),
    '"" = "/"': ("EK160", 5, "no request can have"),
    '"/a?b=1" = "/"': ("EK160", 5, "has a query or a fragment"),
    '"/a#b" = "/"': ("EK160", 5, "has a query or a fragment"),
    '"/p-[x]" = "/"': ("EK160", 5, "has a bracket in a segment"),
    '"/[1]" = "/"': ("EK160", 5, "has a bracket in a segment"),
    '"/[x]/[x]" = "/"': ("EK160", 5, "has two parts of one name"),
    '"/static/a.css" = "/"': ("EK160", 5, "is edgekit's own"),
    '"/_edgekit/x" = "/"': ("EK160", 5, "is edgekit's own"),
    # targets
    '"/x" = "about"': ("EK161", 5, "the target `about` of `/x` is neither a path nor a URL"),
    '"/x" = "//evil.example"': ("EK161", 5, "is neither a path nor a URL"),
    '"/x" = "/\\\\evil.example"': ("EK161", 5, "has a control character, a `\\`"),
    '"/x" = "/a\\tb"': ("EK161", 5, "has a control character"),
    '"/x" = "/100%"': ("EK161", 5, "a `%` without two"),
    '"/x" = "/about/"': ("EK161", 5, "is another spelling of a path"),
    '"/x" = "/a/../b"': ("EK161", 5, "is a path that no request can have"),
    '"/x" = "https://shop.example/about.html"': ("EK161", 5, "is another spelling of a path"),
    '"/x" = "javascript:alert(1)"': ("EK161", 5, "is neither a path nor a URL"),
    '"/x" = "ftp://other.example/"': ("EK161", 5, "is neither a path nor a URL"),
    '"/x" = "https:///a"': ("EK161", 5, "does not begin with scheme and host"),
    '"/x" = "https://user@other.example/"': ("EK161", 5, "does not begin with scheme and host"),
    '"/x" = "https://other.example:x/"': ("EK161", 5, "does not begin with scheme and host"),
    '"/[x]" = "https://[x].example/"': ("EK161", 5, "does not begin with scheme and host"),
    '"/[x]" = "https://[x]/"': ("EK161", 5, "does not begin with scheme and host"),
    '"/[x]" = "[x]"': ("EK161", 5, "is neither a path nor a URL"),
    '"/old/[x]" = "/new/p-[x]"': ("EK161", 5, "has a bracket in a segment"),
    '"/old/[name]" = "/new/[nmae]"': ("EK161", 5, "has not; did you mean `name`?"),
    '"/old" = "/about?x=[x]"': ("EK161", 5, "has a part `[x]` that the source has not"),
    '"/x" = { status = 302 }': ("EK161", 5, "is missing"),
    # the table
    '"/x" = 3': ("EK111", 5, "expected `string | table`, got `integer`"),
    '"/x" = ""': ("EK111", 5, "length >= 1"),
    '"/x" = { to = "/", status = 418 }': ("EK111", 5, '`redirects."/x".status` is wrong'),
    '"/x" = { to = "/", code = 302 }': ("EK110", 5, "unknown key"),
    # among each other
    '"/é" = "/"\n"/%C3%A9" = "/about"': ("EK162", 6, "`/é` and `/%C3%A9` are redirects of the same paths"),
    '"/o/[x]" = "/"\n"/o/[y]" = "/about"': ("EK162", 6, "`/o/[x]` and `/o/[y]` are redirects"),
    '"/about" = "/"': ("EK163", 5, "the redirect of `/about` hides the page `/about`"),
    '"/" = "/about"': ("EK163", 5, "hides the page `/`"),
    '"/new/[x]" = "/"': ("EK163", 5, "hides the page `/new/p`"),
    '"/[x]" = "/"': ("EK163", 5, "hides the page `/about`"),
    '"/a" = "/a"': ("EK164", 5, "redirects lead in a circle: `/a` → `/a`"),
    '"/a" = "/a?again=1#x"': ("EK164", 5, "circle"),
    '"/a" = "https://shop.example/a"': ("EK164", 5, "circle"),
    '"/a" = "/b"\n"/b" = "/c"\n"/c" = "/a"': ("EK164", 5, "`/a` → `/b` → `/c` → `/a`"),
    '"/o/[x]" = "/o/new"': ("EK164", 5, "circle"),
    '"/o/[x]" = "/n/[x]"\n"/n/[y]" = "/o/[y]"': ("EK164", 6, "circle"),
    '"/o/[x]" = "/n/[x]"\n"/n/a" = "/o/a"': ("EK164", 6, "circle"),
    '"/é" = "/%C3%A9"': ("EK164", 5, "circle"),
}


@pytest.mark.parametrize("table", REFUSED)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, table: str) -> None:
    code, line, message = REFUSED[table]
    with pytest.raises(EdgekitError) as caught:
        read(tmp_path, table)
    (found,) = caught.value.diagnostics
    assert (found.code, found.line) == (code, line)
    assert message in found.message
    assert str(found.file).endswith("edgekit.toml")
    assert found.help
    assert caught.value.status == 2


@pytest.mark.parametrize(
    "table",
    [
        '"/a" = "/b"\n"/b" = "/about"',
        '"/o/[x]" = "/n/[x]"\n"/n/a" = "/o/b"',
        '"/o/[x]" = "/o"',
        '"/o/[x]" = "/o/[x]/y"',
        '"/o/[x]" = "https://other.example/o/[x]"',
        '"/o/[x]" = "/n/[x]"\n"/n/[x]" = "/about"',
        '"/o/a" = "/o/b"\n"/o/[x]" = "/about"',
    ],
)
def test_a_chain_that_ends_is_allowed(tmp_path: Path, table: str) -> None:
    assert len(read(tmp_path, table)) == table.count("\n") + 1


def test_each_circle_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(EdgekitError) as caught:
        read(tmp_path, '"/[x]/o" = "/o/[x]"\n"/o/[x]" = "/[x]/o"')
    assert [d.message for d in caught.value.diagnostics] == [
        "redirects lead in a circle: `/o/[x]` → `/[x]/o` → `/o/[x]`",
        "redirects lead in a circle: `/o/[x]` → `/o/[x]`",
    ]


def test_every_fault_of_a_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(EdgekitError) as caught:
        read(tmp_path, '"/a/" = "/"\n"/b" = "c"\n"/about" = "/"\n"/d" = "/d"\n')
    assert [(d.code, d.line) for d in caught.value.diagnostics] == [
        ("EK160", 5),
        ("EK161", 6),
        ("EK163", 7),
        ("EK164", 8),
    ]


def test_more_redirects_with_parts_than_a_request_may_cost_are_refused(tmp_path: Path) -> None:
    lines = [f'"/o-{number:03}/[x]" = "/about"' for number in range(101)]
    with pytest.raises(EdgekitError, match="EK160 there are 101 redirects with parts, more than 100"):
        read(tmp_path, "\n".join(lines))
    assert len(read(tmp_path, "\n".join(lines[1:]))) == 100


def test_a_target_that_nothing_answers_is_a_warning(tmp_path: Path) -> None:
    table = '"/a" = "/abuot"\n"/b" = "/a"\n"/c" = "/about?x#y"\n"/d" = "https://other.example/x"\n"/e/[x]" = "/f/[x]"\n'
    site = load_site(write_site(tmp_path, {**PAGES, "edgekit.toml": f"{CONFIG}[redirects]\n{table}"}))
    (found,) = site.warnings
    assert (found.code, found.severity, found.line) == ("EK801", "warning", 5)
    assert found.message == "`/a` is redirected to `/abuot`, which nothing answers; did you mean `/about`?"


SEGMENTS = ("a", "b")
PARTS = ("[x]", "[y]")


@st.composite
def tables(draw: st.DrawFn) -> list[RedirectRule]:
    rules: dict[tuple[tuple[bool, str], ...], RedirectRule] = {}
    for _ in range(draw(st.integers(1, 6))):
        length = draw(st.integers(1, 2))
        source = [draw(st.sampled_from([*SEGMENTS, PARTS[at]])) for at in range(length)]
        kept = [segment for segment in source if segment in PARTS]
        target = draw(st.lists(st.sampled_from([*SEGMENTS, *kept]), min_size=1, max_size=2))
        rule = RedirectRule("/" + "/".join(source), "/" + "/".join(target), 308)
        rules.setdefault(specificity(rule), rule)
    return sorted(rules.values(), key=specificity)


def leads_in_a_circle(redirects: Redirects, path: str) -> bool:
    seen = set()
    while path not in seen:
        seen.add(path)
        met = redirects.find(path)
        if met is None:
            return False
        path = "/".join(met.parts.get(segment[1:-1], segment) for segment in met.rule.to.split("/"))
    return True


@given(tables())
def test_a_circle_is_found_if_following_finds_one(rules: list[RedirectRule]) -> None:
    redirects = Redirects(rules)
    words = (*SEGMENTS, "other", "another")
    paths = [f"/{one}" for one in words] + [f"/{one}/{two}" for one in words for two in words]
    circles = find_circles(rules, {rule.source: rule.to for rule in rules})
    assert any(leads_in_a_circle(redirects, path) for path in paths) == bool(circles)


def test_parts_are_named_from_the_left() -> None:
    assert part_names("/[b]/x/[a]") == ("b", "a")
