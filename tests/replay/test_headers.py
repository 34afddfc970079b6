"""`[headers]` on answers that the cases cannot ask for: where the store fails, and where a page takes too long."""

from edgekit.kv.reader import MemoryStore
from edgekit.model.keys import STATIC_PAGES
from edgekit.replay.core import respond
from edgekit.replay.request import Request
from edgekit.replay.store import ReplayStore
from tests.replay.published import publish

SITE = {
    "pages": {"/": "home", "/about": "about", "503": "later"},
    "headers": {"/*": {"x-frame-options": "DENY"}, "/about": {"x-about": "1"}},
}


def test_an_answer_for_a_store_that_fails_has_them() -> None:
    namespaces = publish(SITE)
    del namespaces[STATIC_PAGES]["/about"]
    namespaces[STATIC_PAGES]["/about"] = b"damaged"
    answer = respond(Request(b"/about", 1.0), ReplayStore(MemoryStore(namespaces)))
    assert (answer.status, answer.body) == (503, b"later")
    assert {(b"x-frame-options", b"DENY"), (b"x-about", b"1"), (b"cache-control", b"no-store")} <= {*answer.headers}


def test_an_answer_for_a_page_that_took_too_long_has_them() -> None:
    ticks = iter(range(0, 1000, 10))
    store = ReplayStore(MemoryStore(publish(SITE)), cpu_clock=lambda: float(next(ticks)))
    answer = respond(Request(b"/about", 1.0), store)
    assert answer.status == 429
    assert {(b"x-frame-options", b"DENY"), (b"x-about", b"1"), (b"x-edgekit-outcome", b"exceededCpu")} <= {
        *answer.headers
    }
