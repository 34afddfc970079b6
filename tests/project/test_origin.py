"""`[origin]`: what is read of it, and what is refused, with its line."""

from pathlib import Path

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.model.origin import Origin
from edgekit.project.answered import AnsweredPaths
from edgekit.project.load import load_site
from tests.project.folder import CONFIG, write_site

URL = 'url = "http://127.0.0.1:8000"'
ABOUT = {"pages/about.html": "about", "pages/café.html": "coffee"}


def read(root: Path, tables: str) -> Origin | None:
    return load_site(write_site(root, {"edgekit.toml": CONFIG + tables, **ABOUT})).origin


def test_a_site_may_have_no_origin(tmp_path: Path) -> None:
    assert read(tmp_path, "") is None


def test_an_origin_is_read_as_it_is_written(tmp_path: Path) -> None:
    paths = ("/api/*", "/checkout/", "/log%20in", "/caf%c3%a9s", "/x*")
    assert read(tmp_path, f"[origin]\n{URL}\npaths = {[*paths, '/api/*']}\nfallback = true") == Origin(
        "http://127.0.0.1:8000", paths, fallback=True
    )


REFUSED = {
    'paths = ["/api/*"]': ("EK112", "`origin.url` is missing"),
    **{
        f'url = "{url}"\npaths = ["/api/*"]': ("EK113", f"`{url}` is not scheme and host alone")
        for url in (
            "http://a/", "http://a/b", "http://a?b", "http://a#b", "http://a:b@c", "ftp://a", "a:80", "//a", "unix:/a",
            "http://", "http://a:99999", "http://a b", "http://é",
        )
    },
    f"{URL}": ("EK168", "`[origin]` has neither `paths` nor `fallback = true`, so nothing goes to it"),
    f'{URL}\npaths = "/a"': ("EK111", "`origin.paths` is wrong: expected `array`"),
    f'{URL}\npath = ["/a"]': ("EK110", "unknown key `origin.path`; did you mean `paths`?"),
    f'{URL}\npaths = ["/a"]\nfallback = "yes"': ("EK111", "`origin.fallback` is wrong: expected `boolean`"),
    **{
        f'{URL}\npaths = ["{path}"]': ("EK168", f"`{path}` {why}")
        for path, why in {
            "api": "is not the path of any request",
            "/a b": "is not the path of any request",
            "/é": "is not the path of any request",
            "/a?b": "is not the path of any request",
            "/a#b": "is not the path of any request",
            "/%zz": "is not the path of any request",
            "/" + "a" * 2_048: "is not the path of any request",
            "/api/*/x": "has a `*` that is not at its end",
            "/api/**": "has a `*` that is not at its end",
            "/product/:path*": "names a part of the path",
            "/product/:sku": "names a part of the path",
            "/api/../*": "has a `.` or `..` segment",
            "/api/%2e%2E/*": "has a `.` or `..` segment",
            "/static/*": "lies below `/static/` or `/_edgekit/`",
            "/_edgekit/health": "lies below `/static/` or `/_edgekit/`",
        }.items()
    },
    f"{URL}\npaths = {[f'/{number}' for number in range(101)]}": ("EK168", "`origin.paths` has 101 paths, more than"),
    f'{URL}\npaths = ["/about"]': ("EK169", "the origin's `/about` hides the page `/about`"),
    f'{URL}\npaths = ["/a*"]': ("EK169", "the origin's `/a*` hides the page `/about`"),
    f'{URL}\npaths = ["/caf%c3%a9"]': ("EK169", "the origin's `/caf%c3%a9` hides the page `/café`"),
    f'{URL}\npaths = ["/*"]': ("EK169", "the origin's `/*` hides the page `/` and 2 other pages"),
    f'{URL}\npaths = ["/old/*"]\n[redirects]\n"/old/x" = "/about"': ("EK169", "hides the redirect of `/old/x`"),
    f'{URL}\npaths = ["/old/*"]\n[redirects]\n"/old/[x]/y" = "/about"': ("EK169", "hides the redirect of `/old/[x]/y`"),
}  # fmt: skip


@pytest.mark.parametrize("tables", REFUSED)
def test_what_cannot_work_is_refused(tmp_path: Path, tables: str) -> None:
    code, message = REFUSED[tables]
    with pytest.raises(EdgekitError) as caught:
        read(tmp_path, f"[origin]\n{tables}")
    (diagnostic,) = caught.value.diagnostics
    assert (code, 2) == (diagnostic.code, caught.value.status)
    assert message in diagnostic.message
    assert diagnostic.line is not None


def test_a_redirect_beside_a_path_of_the_origin_is_fine(tmp_path: Path) -> None:
    tables = f'[origin]\n{URL}\npaths = ["/old/x", "/ol/*"]\n[redirects]\n"/old/[x]" = "/about"\n"/older" = "/about"'
    assert read(tmp_path, tables) is not None


@pytest.mark.parametrize(
    ("origin", "path", "is_answered"),
    [
        (None, "/api/x", False),
        (Origin("http://a", ("/api/*",)), "/api/x", True),
        (Origin("http://a", ("/api/*",)), "/api/x/../y", True),
        (Origin("http://a", ("/api/*",)), "/api", False),
        (Origin("http://a", (), fallback=True), "/anything", True),
        (Origin("http://a", (), fallback=True), "/static/none.css", False),
        (Origin("http://a", (), fallback=True), "/../x", False),
    ],
)
def test_links_to_the_origin_are_not_dead(origin: Origin | None, path: str, is_answered: bool) -> None:
    assert AnsweredPaths((), (), (), origin).answers(path) == is_answered
