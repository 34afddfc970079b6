"""Asking through caches, over one connection each."""

import itertools
from functools import cache
from typing import Final

import httpx

from tests.caches.chains import Chain

_fresh: Final = itertools.count()


@cache
def _client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)


def ask(chain: Chain, path: str, number: int | None = None, *, inner: bool = False, **headers: str) -> httpx.Response:
    """As a user's browser or a guest's; `inner` goes past the cache outside. `_` in a header's name is `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if number is not None:
        given["cookie"] = chain.site.cookie(number)
    client = _client(chain.inner_port if inner else chain.outer_port)
    try:
        return client.request(given.pop("method", "GET"), path, headers={"accept-encoding": "identity", **given})
    finally:
        client.cookies.clear()


def fresh(path: str) -> str:
    """The path with a query with which nobody has asked."""
    return f"{path}?fresh={next(_fresh)}"
