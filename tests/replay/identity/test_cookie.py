"""The signed cookie of the site's own application."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.replay.identity.identified import is_user_id
from edgekit.replay.secrets import Secrets
from tests.replay.identity.credentials import NOW, write_cookie
from tests.replay.identity.site import COOKIE, GUEST, ask, cookie, open_site

SITE = open_site(COOKIE)
KNOWN = b"premium u1 Ada known"


def shown(store: object, value: bytes) -> bytes:
    return ask(store, cookie(value)).body  # type: ignore[arg-type]


def test_an_id_until_its_expiry() -> None:
    value = write_cookie()
    assert [ask(SITE, cookie(value), now=NOW + after).body for after in (0, 599, 600)] == [KNOWN, KNOWN, GUEST]


@pytest.mark.parametrize("header", [b"session=%s", b"a=b; session=%s ;c=d", b"session = %s", b"a=1;session=%s"])
def test_a_cookie_among_others(header: bytes) -> None:
    assert ask(SITE, (b"cookie", header % write_cookie())).body == KNOWN


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_id_that_a_store_takes(user_id: str) -> None:
    written = quote(user_id, safe="").replace(".", "%2E")
    site = open_site(COOKIE, users={user_id: {"name": "Ada"}} if is_user_id(user_id) else {})
    name = b"Ada" if is_user_id(user_id) else b"nobody"
    assert shown(site, write_cookie(written)).rsplit(b" ", 2)[1] == name


@pytest.mark.parametrize("written", ["%751", "u%31", "%75%31"])
def test_needless_escapes_mean_the_same_id_where_they_are_signed(written: str) -> None:
    assert shown(SITE, write_cookie(written)) == KNOWN


@pytest.mark.parametrize("written", ["a+b", "a%2Bb", "a%2bb"])
def test_a_plus_is_a_plus(written: str) -> None:
    site = open_site(COOKIE, users={"a+b": {"name": "Ada"}})
    assert shown(site, write_cookie(written)) == b"free a+b Ada known"


def test_without_the_secret_everybody_is_a_guest() -> None:
    assert shown(open_site(COOKIE, Secrets()), write_cookie()) == GUEST


def test_an_insecure_cookie_is_the_id() -> None:
    site = open_site({**COOKIE, "insecure": True})
    assert [shown(site, value) for value in (b"u1", b"%751", write_cookie(), b"u1%0a", b"")] == [KNOWN, KNOWN] + [
        GUEST
    ] * 3
