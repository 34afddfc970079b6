"""How long the caches go by what the application said of a session; the document's 10 seconds are shorter here."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx

from tests.caches.chains import Chain, nginx_recipe, varnish_recipe
from tests.caches.programs import nginx, varnish
from tests.caches.shop import expect
from tests.document import replaced
from tests.ports import reserved_port

_KEPT = {"cache-control": "max-age=3600", "etag": '"same"', "vary": "cookie"}
_NAMED = {"x-user-id": "u5", "x-user-segment": "vip", **_KEPT}
_PATIENCE = 10
"""Seconds; of what says nothing Varnish would go by for 120."""


@contextmanager
def quick(chain: Chain, folder: Path) -> Iterator[int]:
    """The chain's cache, but that it asks again soon; at this port."""
    started: AbstractContextManager[object]
    with reserved_port() as port:
        if "varnish" in chain.name:
            vcl = replaced(varnish_recipe(chain.site, folder), {"beresp.ttl = 10s": "beresp.ttl = 0.1s"})
            started = varnish(folder / "quick", vcl, port)
        else:
            conf = replaced(nginx_recipe(chain.site, folder / "quick", port), {"200 204 10s": "200 204 1s"})
            started = nginx(folder / "quick", conf, port)
        with started:
            yield port


def test_a_logout_counts_once_the_session_is_asked_for_again(sharing: Chain, tmp_path: Path) -> None:
    application, release = sharing.site.application, sharing.site.release
    with (
        quick(sharing, tmp_path) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client,
    ):

        def shown() -> str:
            return client.get("/tier", headers={"cookie": "session=ended"}).text

        application.session_answer = 200, _NAMED
        try:
            assert shown() == expect("/tier", release, 5)
            application.session_answer = 304, {"etag": '"same"'}  # no answer: who asked had nothing to compare
            end = time.monotonic() + _PATIENCE
            while (last := shown()) == expect("/tier", release, 5):
                assert time.monotonic() < end
                time.sleep(0.05)
            assert last == expect("/tier", release, None)
        finally:
            application.session_answer = None
