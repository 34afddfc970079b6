"""What holds for every redirect, whatever the path that meets it."""

from hypothesis import given
from hypothesis import strategies as st

from edgekit.model.path import canonical_path, encode_path
from edgekit.replay.core import respond
from edgekit.replay.request import Request
from tests.replay.published import open_published

STORE = open_published(
    {
        "pages": {"404": "nothing"},
        "redirects": [
            ["/a/[x]/[y]", "/[y]/[x]?x=[x]&y=[y]#[x]"],
            ["/a/[x]", "/[x]"],
            ["/b/[x]", "https://other.example/[x]?[x]", 302],
        ],
    }
)
parts = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/"), min_size=1, max_size=8)


def location(path: str, query: bytes = b"") -> str:
    answer = respond(Request(encode_path(path).encode(), 1.0, query=query), STORE)
    found = dict(answer.headers).get(b"location", b"").decode("ascii")
    assert found.isascii()
    assert found.isprintable()
    assert " " not in found
    return found


@given(parts, st.sampled_from(["", "/evil.example", "/\\evil.example"]))
def test_no_location_leaves_the_site_but_for_its_fixed_host(part: str, more: str) -> None:
    assert not location(f"/a/{part}{more}").startswith(("//", "/\\"))
    found = location(f"/b/{part}")
    assert found == "" or found.startswith(("https://other.example/", "/"))


@given(parts)
def test_a_kept_part_arrives_as_it_was(part: str) -> None:
    if part not in {".", "..", "index"} and not part.endswith(".html"):
        assert canonical_path(location(f"/a/{part}")) == f"/{part}"


@given(parts, st.binary(max_size=6) | st.just(b"a#b"))
def test_a_part_and_a_query_stay_in_their_places(part: str, query: bytes) -> None:
    found = location(f"/a/{part}/z", query)
    if found.startswith("/z/"):
        path, _, rest = found.partition("?")
        asked, _, fragment = rest.partition("#")
        assert (path.count("/"), asked.split("&")[1], "#" in fragment) == (2, "y=z", False)
